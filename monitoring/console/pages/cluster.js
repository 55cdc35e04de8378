// The cluster as this node sees it: its links to the others, who has which partition, and which streams are behind.

import {chip, empty, every, h, put, say} from '../parts/dom.js';
import * as format from '../parts/format.js';
import {get} from '../parts/api.js';
import {trouble} from '../parts/notes.js';
import {scroller, table} from '../parts/table.js';
import {tile} from '../parts/tile.js';

const linkTones = {up: 'good', down: 'bad', refused: 'bad', left: 'warn'};
const partitionTones = {running: 'good', reachable: 'good', starting: 'busy', draining: 'busy', drained: 'warn', closed: 'bad', stopped: 'warn',
                        unreachable: 'bad'};
const historyShown = 8;  // The rest is one step away.

const chipOf = tones => (state, cell) => {
  if (cell.textContent !== state) put(cell, chip(state, tones[state]));
};
const linkChip = chipOf(linkTones), partitionChip = chipOf(partitionTones);
const quietZero = (cell, value, show = format.number) => {
  cell.classList.toggle('zero', value === 0);
  return show(value);
};
const now = () => Date.now() / 1000;
const lagOf = stream => (stream.oldest_ready ? now() - format.seconds(stream.oldest_ready) : 0);

/** Of a link that is up; what was measured on an earlier one says nothing. */
const trip = (link, name) => (link.state === 'up' ? format.span(link[name] / 1_000) : '–');

const nodeColumns = [
  {id: 'node', label: 'Node', head: true, sort: row => row.node, show: (row, cell) => {
    if (!cell.firstChild) put(cell, row.node, row.isHere ? h('span', {class: 'quiet'}, ' this one') : null);
  }},
  {id: 'state', label: 'Link', sort: row => row.state, show: (row, cell) => {
    if (row.isHere) return '–';
    linkChip(row.state, cell);
  }},
  {id: 'condition', label: 'Node says', title: 'how the node is, by its own word', sort: row => row.condition ?? '', show: (row, cell) => {
    if (!row.isHere && row.state !== 'up') return '–';
    const said = row.condition || 'serving';
    cell.classList.toggle('warn-text', said !== 'serving');
    return said;
  }},
  {id: 'since', label: 'Since', numeric: true, sort: row => row.since ?? '', show: (row, cell) => {
    if (row.isHere) return '–';
    cell.title = row.since;
    return format.date(row.since);
  }},
  {id: 'why', label: 'Last reason', wide: true, show: row => row.why || '–'},
  {id: 'trip', label: 'Round trip', numeric: true, title: 'half of the last 64 took less; beside it the last one', sort: row => row.rtt_p50_ms ?? -1,
   show: row => (row.state === 'up' ? `${trip(row, 'rtt_p50_ms')} · ${trip(row, 'rtt_last_ms')}` : '–')},
  {id: 'suspicion', label: 'Suspicion', numeric: true, title: 'of the failure detector; 8 and more is worth a look',
   sort: row => row.suspicion ?? -1, show: (row, cell) => {
     cell.classList.toggle('warn-text', row.suspicion >= 8);
     return row.state === 'up' ? row.suspicion.toFixed(1) : '–';
   }},
  {id: 'outstanding', label: 'On the way', numeric: true, title: 'sent and not yet acknowledged', sort: row => row.outstanding_bytes ?? -1,
   show: (row, cell) => (row.isHere ? '–' : quietZero(cell, row.outstanding_bytes, format.bytes))},
  {id: 'parcels', label: 'Out / in', numeric: true, title: 'parcels since this process started',
   show: row => (row.isHere ? '–' : `${format.number(row.parcels_out)} / ${format.number(row.parcels_in)}`)},
  {id: 'refused', label: 'Refused', numeric: true, title: 'parcels that came and were not delivered', show: (row, cell) => {
    if (row.isHere) return '–';
    cell.title = Object.entries(row.refused_parcels).map(([reason, count]) => `${count} ${format.words(reason)}`).join(', ');
    return quietZero(cell, Object.values(row.refused_parcels).reduce((sum, count) => sum + count, 0));
  }},
  {id: 'ups', label: 'Times up', numeric: true, title: 'since this process started', sort: row => row.times_up ?? -1,
   show: row => (row.isHere ? '–' : format.number(row.times_up))},
  {id: 'version', label: 'Version', show: row => row.version || '–'},
];

const partitionColumns = [
  {id: 'partition', label: 'Partition', head: true, sort: row => row.partition, show: row => row.partition},
  {id: 'node', label: 'Owner', sort: row => row.node, show: row => row.node},
  {id: 'state', label: 'State', sort: row => row.state, show: (row, cell) => partitionChip(row.state, cell)},
  {id: 'epoch', label: 'Epoch', numeric: true, title: 'grows with each start of its owner', sort: row => row.epoch ?? -1,
   show: row => (row.epoch === undefined ? '–' : format.number(row.epoch))},
  {id: 'pending', label: 'Requests pending', numeric: true, title: 'asked here and not answered yet', sort: row => row.requests_pending,
   show: (row, cell) => quietZero(cell, row.requests_pending)},
];

const streamColumns = [
  {id: 'queue', label: 'Stream', head: true, sort: row => row.queue, show: row => row.queue.replace(':', ' → ')},
  {id: 'to', label: 'To node', sort: row => row.to, show: row => row.to},
  {id: 'ready', label: 'Lag', numeric: true, title: 'messages that the subscriber has not committed yet', sort: row => row.ready,
   show: (row, cell) => quietZero(cell, row.ready)},
  {id: 'flight', label: 'On the way', numeric: true, title: 'the part of the lag that was sent', sort: row => row.in_flight,
   show: (row, cell) => quietZero(cell, row.in_flight)},
  {id: 'oldest', label: 'Oldest', numeric: true, title: 'age of the oldest message that waits', sort: lagOf, show: (row, cell) => {
    const seconds = lagOf(row);
    cell.className = `number ${seconds > 60 ? 'bad-text' : seconds > 10 ? 'warn-text' : ''} ${row.oldest_ready ? '' : 'zero'}`;
    return row.oldest_ready ? format.age(seconds) : '–';
  }},
];

const isUp = link => link.state === 'up';
/** A node that was taken out, or is about to be: its link is up, and it takes nothing any more. */
const isOut = link => isUp(link) && Boolean(link.condition) && link.condition !== 'serving';

/** What it means that a node does not serve: for requests, and for messages. */
function missing(link, view) {
  const theirs = view.partitions.filter(one => one.node === link.node).map(one => one.partition);
  const waiting = view.streams.filter(one => one.to === link.node).reduce((sum, one) => sum + one.ready, 0);
  return h('li', {}, h('span', {class: 'strong'}, link.node),
    isOut(link) ? ` is ${link.condition}, by its own word; its next start serves again.`
      : ` is ${link.state} since ${format.date(link.since)}${link.why ? `: ${link.why}` : ''}.`,
    theirs.length ? ` Requests for ${theirs.join(', ')} get 503 here; ${format.plural(waiting, 'message')} to it ${waiting === 1 ? 'waits' : 'wait'} in the stores.` : '');
}

const changeLine = change => h('li', {class: linkTones[change.state] ?? ''},
  h('span', {class: 'when', title: change.at}, format.date(change.at)), h('span', {class: 'dot'}),
  h('span', {class: 'what'}, h('span', {class: 'strong'}, change.node), ' ', chip(change.state, linkTones[change.state]),
    change.refusal ? h('span', {class: 'quiet'}, ` ${change.refused_by_peer ? 'by it' : 'by this node'}: ${format.words(change.refusal)}`) : null,
    change.why ? h('span', {class: 'quiet'}, ` ${change.why}`) : null));

/** Newest first; what is older can be opened. */
function story(changes, open) {
  const lines = list => h('ol', {class: 'timeline story'}, list.map(changeLine));
  const older = changes.slice(historyShown);
  if (changes.length === 0) return h('p', {class: 'quiet'}, 'No link came up yet.');
  return [lines(changes.slice(0, historyShown)),
          older.length ? h('details', {open}, h('summary', {}, format.plural(older.length, 'older change')), lines(older)) : null];
}

const alone = view => h('section', {}, h('div', {class: 'empty'},
  h('p', {class: 'strong'}, 'This node is alone'),
  h('p', {}, `All ${format.plural(view.partitions.length, 'partition')} of the shop run in this process, so there are no links to show.`),
  h('p', {}, 'The same shop on three nodes: ', h('code', {}, './musiccorp up --cluster config/cluster/three.json')),
  h('p', {}, 'For other nodes or machines, write a cluster file of your own; the readme’s “Many nodes” says how.')));

export async function show({place, signal}) {
  const heading = h('h1', {}, 'Cluster');
  const about = h('span', {class: 'quiet'});
  const content = h('div', {class: 'tree'});
  put(place, h('div', {class: 'title'}, heading, about), content);

  const boxes = {
    links: tile('Links up', 'of those that this node should have'), partitions: tile('Partitions in reach', 'here, or over a link that is up'),
    lag: tile('Stream lag', 'messages of this node that others have not committed yet'), trip: tile('Slowest round trip', 'half of the last 64 took less'),
  };
  const nodes = table(nodeColumns, {caption: 'Nodes and links', key: row => row.node, sort: {by: null}, mark: row => (row.isHere || (isUp(row) && !isOut(row)) ? '' : 'held')});
  const partitions = table(partitionColumns, {caption: 'Partitions', key: row => row.partition, sort: {by: 'partition', down: false}});
  const streams = table(streamColumns, {caption: 'Streams to other nodes', key: row => row.queue, sort: {by: 'ready', down: true}});
  const away = h('section', {class: 'trouble', role: 'status', hidden: true});
  const history = h('div', {});
  const partitionSection = h('section', {}, h('h2', {}, 'Partitions'), scroller('Partitions', partitions));
  const whole = [
    away,
    h('section', {class: 'tiles', 'aria-label': 'At a glance'}, Object.values(boxes)),
    h('section', {}, h('h2', {}, 'Nodes and links'), scroller('Nodes and links', nodes)),
    h('div', {class: 'columns'}, h('div', {}),
      h('div', {class: 'tree'}, h('section', {}, h('h2', {}, 'History of the links'), history),
        h('section', {}, h('h2', {}, 'Streams to other nodes'), scroller('Streams to other nodes', streams)))),
  ];
  let kind = '', told = '', changes = '';

  function drawAlone(view) {
    if (kind !== 'alone') {
      kind = 'alone';
      put(content, alone(view), partitionSection);
    }
    say(about, `${view.node}, version ${view.version}`);
    partitions.show(view.partitions);
  }

  function drawWhole(view) {
    if (kind !== 'whole') {
      kind = 'whole';
      put(content, whole);
      put(whole[3].firstChild, partitionSection);
    }
    say(heading, `Cluster ${view.cluster}`);
    say(about, `as ${view.node} sees it, version ${view.version}`);

    const up = view.links.filter(isUp);
    const lost = view.links.filter(one => !isUp(one));
    const out = view.links.filter(isOut);
    const reached = view.partitions.filter(one => one.state === 'running' || one.state === 'reachable');
    const lag = view.streams.reduce((sum, one) => sum + one.ready, 0);
    const oldest = Math.max(0, ...view.streams.map(lagOf));
    const slowest = [...up].sort((a, b) => b.rtt_p50_ms - a.rtt_p50_ms)[0];
    boxes.links.set(`${up.length} of ${view.links.length}`, lost.length ? `${lost.map(one => one.node).join(', ')} missing` : 'all nodes are linked', lost.length ? 'bad' : '');
    boxes.partitions.set(`${reached.length} of ${view.partitions.length}`, `${view.partitions.filter(one => one.node === view.node).length} of them here`,
                         reached.length < view.partitions.length ? 'bad' : '');
    boxes.lag.set(format.number(lag), lag ? `the oldest waits for ${format.age(oldest)}` : 'nothing waits', oldest > 60 ? 'bad' : oldest > 10 ? 'warn' : '');
    boxes.trip.set(slowest ? trip(slowest, 'rtt_p50_ms') : '–', slowest ? `to ${slowest.node}` : 'no link is up');

    const missed = [...lost, ...out].map(one => missing(one, view));
    const text = missed.map(one => one.textContent).join();
    if (text !== told) put(away, h('h2', {}, [
      lost.length ? `${format.plural(lost.length, 'node is', 'nodes are')} out of reach` : '',
      out.length ? `${format.plural(out.length, 'node was', 'nodes were')} taken out` : ''].filter(Boolean).join(', ')), h('ul', {class: 'plain-list'}, missed));
    told = text;
    away.hidden = missed.length === 0;

    nodes.show([{node: view.node, version: view.version, condition: view.condition, isHere: true}, ...view.links].sort((a, b) => (a.node < b.node ? -1 : 1)));
    partitions.show(view.partitions);
    streams.show(view.streams);
    const all = view.links.flatMap(one => one.history).sort((a, b) => (a.at < b.at ? 1 : a.at > b.at ? -1 : 0));
    const said = JSON.stringify(all);
    if (said !== changes) put(history, story(all, history.querySelector('details')?.open));
    changes = said;
  }

  async function read() {
    let view;
    try {
      view = await get('/cluster', signal);
    } catch (problem) {
      if (signal.aborted) return;
      if (!kind) trouble(content, 'The cluster could not be read', problem, read);
      return;  // The line above the page says that the node is away.
    }
    if (view.cluster) drawWhole(view);
    else drawAlone(view);
  }
  await read();
  every(1_000, signal, read);
}
