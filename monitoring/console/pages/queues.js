// Where messages wait: the mailbox and store of each service, and the queue of each subscription.

import {chip, empty, every, h, put, say} from '../parts/dom.js';
import * as format from '../parts/format.js';
import {live} from '../parts/live.js';
import {metrics} from '../parts/metrics.js';
import {spark} from '../parts/spark.js';
import {scroller, table} from '../parts/table.js';

const stateTone = {running: 'good', starting: 'busy', closed: 'bad', stopped: 'warn'};

function bar(cell, share) {
  if (!cell.meter) {
    cell.meter = h('span', {class: 'fill'});
    cell.label = h('span', {});
    put(cell, cell.label, h('span', {class: 'meter', 'aria-hidden': 'true'}, cell.meter));
  }
  cell.meter.style.inlineSize = `${Math.min(100, share * 100)}%`;
  cell.meter.classList.toggle('high', share > 0.8);
  return cell.label;
}

function sparkline(row, cell, points) {
  if (!cell.line) put(cell, cell.line = spark(110, 20));
  cell.line.draw(points);
}

const born = row => [row.now.oldest_ready, row.now.oldest_waiting, row.now.oldest_parked].filter(Boolean).sort()[0];
const waitingFor = row => { const at = born(row); return at ? live.at - format.seconds(at) : 0; };
const count = name => ({numeric: true, sort: row => row.now[name], show: (row, cell) => {
  cell.classList.toggle('zero', row.now[name] === 0);
  return format.number(row.now[name]);
}});

const flow = name => ({numeric: true, sort: row => row.rates[name], show: (row, cell) => {
  const text = format.rate(row.rates[name]);
  cell.classList.toggle('zero', text === '0');
  return text;
}});

const serviceColumns = [
  {id: 'service', label: 'Service', head: true, sort: row => row.now.service, show: row => row.now.service},
  {id: 'state', label: 'State', sort: row => row.now.state, show: (row, cell) => {
    if (cell.textContent !== row.now.state) put(cell, chip(row.now.state, stateTone[row.now.state]));
  }},
  {id: 'depth', label: 'Mailbox', numeric: true, title: 'requests that wait, of the limit; above it clients get 503',
   sort: row => row.now.depth, show: (row, cell) => {
     say(bar(cell, row.now.depth / Math.max(1, row.now.limit)), `${format.number(row.now.depth)} of ${format.number(row.now.limit)}`);
   }},
  {id: 'bytes', label: 'Bytes', numeric: true, title: 'in the mailbox', sort: row => row.now.bytes, show: (row, cell) => {
    cell.classList.toggle('zero', row.now.bytes === 0);
    return format.bytes(row.now.bytes);
  }},
  {id: 'in', label: 'Requests /s', title: 'taken into the mailbox', ...flow('accepted')},
  {id: 'refused', label: 'Refused', title: 'with 503, since the process started', ...count('refused')},
  {id: 'commits', label: 'Commits /s', title: 'of the store', ...flow('commits')},
  {id: 'store', label: 'Store', numeric: true, title: 'on disk', sort: row => row.now.store_bytes, show: row => (row.now.store_bytes ? format.bytes(row.now.store_bytes) : '–')},
  {id: 'spark', label: 'Requests, last 90 s', show: (row, cell) => sparkline(row, cell, row.flow.points)},
];

const retries = new Map();
const queueColumns = [
  {id: 'queue', label: 'Queue', head: true, sort: row => row.now.queue, show: (row, cell) => {
    if (!cell.firstChild) put(cell, row.now.upstream, h('span', {class: 'quiet'}, ' → '), row.now.subscriber);
  }},
  {id: 'in', label: 'In /s', title: 'published by the upstream', ...flow('published')},
  {id: 'out', label: 'Out /s', title: 'handled by the subscriber', ...flow('processed')},
  {id: 'ready', label: 'Ready', title: 'published and not yet received', ...count('ready')},
  {id: 'in_flight', label: 'In flight', title: 'the part of ready that is on its way', ...count('in_flight')},
  {id: 'retrying', label: 'Retrying', title: 'wait for their next attempt, or for something that is not yet there', ...count('retrying')},
  {id: 'parked', label: 'Parked', title: 'behind an earlier message of their key', ...count('parked')},
  {id: 'dead', label: 'Dead', numeric: true, title: 'open cases of the hospital', sort: row => row.now.dead, show: (row, cell) => {
    cell.classList.toggle('zero', row.now.dead === 0);
    if (cell.dataset.dead === String(row.now.dead)) return;
    cell.dataset.dead = row.now.dead;
    put(cell, row.now.dead === 0 ? '0' : h('a', {
      class: 'badge', href: `#/hospital/cases?q=${encodeURIComponent(`service:${row.now.subscriber} state:open`)}`,
      'aria-label': `${row.now.dead} dead at ${row.now.subscriber}, to the hospital`}, format.number(row.now.dead)));
  }},
  {id: 'oldest', label: 'Oldest', numeric: true, title: 'age of the oldest message that waits', sort: waitingFor,
   show: (row, cell) => {
     const seconds = waitingFor(row);
     cell.className = `number ${seconds > 60 ? 'bad-text' : seconds > 10 ? 'warn-text' : ''} ${born(row) ? '' : 'zero'}`;
     return born(row) ? format.age(seconds) : '–';
   }},
  {id: 'retries', label: 'Retries', numeric: true, title: 'failed attempts that were tried again, since the process started',
   sort: row => retries.get(row.now.queue) ?? 0, show: (row, cell) => {
     const tries = retries.get(row.now.queue) ?? 0;
     cell.classList.toggle('zero', tries === 0);
     return format.number(tries);
   }},
  {id: 'ledger', label: 'Ledger', title: 'published = processed + dead + discarded + waiting', sort: row => -Math.abs(row.now.imbalance),
   show: (row, cell) => {
     const text = row.now.imbalance === 0 ? 'balanced' : `${row.now.imbalance > 0 ? '+' : '−'}${format.number(Math.abs(row.now.imbalance))}`;
     cell.title = `${format.number(row.now.published)} published, ${format.number(row.now.processed)} processed, ` +
       `${format.number(row.now.dead)} dead, ${format.number(row.now.discarded)} discarded`;
     if (cell.textContent !== text) put(cell, row.now.imbalance === 0 ? h('span', {class: 'quiet'}, text) : chip(text, 'bad'));
   }},
  {id: 'spark', label: 'Waiting, last 90 s', show: (row, cell) => sparkline(row, cell, row.waiting.points)},
];

let shownQuery = null;
/** The address changed because this page itself changed it: nothing to do. */
export const stay = ({query}) => query.toString() === shownQuery;

export async function show({place, signal, query}) {
  const remember = (name, value) => {
    if (value) query.set(name, value);
    else query.delete(name);
    shownQuery = query.toString();
    history.replaceState(null, '', `#/queues${shownQuery ? `?${shownQuery}` : ''}`);
  };
  const order = (name, fallback) => {
    const [by, way] = (query.get(name) ?? fallback).split('.');
    return {by, down: way === 'down'};
  };
  const sorted = name => (by, down) => remember(name, `${by}.${down ? 'down' : 'up'}`);

  const filter = h('input', {type: 'search', value: query.get('filter') ?? '', placeholder: 'Filter by service or queue', size: 25,
                             'aria-label': 'Filter by service or queue', spellcheck: 'false',
                             on: {input: () => { remember('filter', filter.value.trim()); draw(); }}});
  const busy = h('input', {type: 'checkbox', id: 'busy', on: {change: () => { remember('waiting', busy.checked ? 'yes' : ''); draw(); }}});
  busy.checked = query.get('waiting') === 'yes';

  const services = table(serviceColumns, {caption: 'Services and their mailboxes', key: row => row.now.service,
    sort: order('services', 'service.up'), sorted: sorted('services')});
  const queues = table(queueColumns, {caption: 'Queues', key: row => row.now.queue,
    sort: order('queues', 'queue.up'), sorted: sorted('queues'), mark: row => (row.now.held ? 'held' : '')});
  const none = h('div', {hidden: true}, empty('Nothing waits here', 'No queue fits the filter, or none has a message in it.'));
  const sums = {services: h('span', {class: 'quiet'}), queues: h('span', {class: 'quiet'})};

  put(place,
      h('div', {class: 'title'}, h('h1', {}, 'Queues and mailboxes'),
        h('div', {class: 'inline'}, filter, h('span', {class: 'check'}, busy, h('label', {for: 'busy'}, 'only where something waits')))),
      h('section', {}, h('h2', {}, 'Services ', sums.services), scroller('Services', services)),
      h('section', {}, h('h2', {}, 'Queues ', sums.queues), scroller('Queues', queues), none));

  function draw() {
    if (live.state === 'connecting') return;
    const wanted = filter.value.trim().toLowerCase().replace(' → ', ':');
    const ends = wanted.split(':');  // Of a queue: both services are meant.
    const waits = row => row.now.ready + row.now.retrying + row.now.parked + row.now.dead > 0;
    const all = [...live.queues.values()];
    const shown = all.filter(row => row.now.queue.toLowerCase().includes(wanted) && (!busy.checked || waits(row)));
    const cells = [...live.services.values()].filter(row => (row.now.service.toLowerCase().includes(wanted) || ends.includes(row.now.service)) &&
                                                            (!busy.checked || row.now.depth > 0));
    services.show(cells);
    queues.show(shown);
    none.hidden = shown.length > 0;
    queues.hidden = shown.length === 0;
    const sum = name => all.reduce((total, row) => total + row.now[name], 0);
    say(sums.services, `${format.number(cells.length)} of ${format.number(live.services.size)} on ${live.node}`);
    say(sums.queues, `${format.number(shown.length)} of ${format.number(all.length)} on ${live.node}; ` +
      `${format.number(sum('ready'))} ready, ${format.number(sum('retrying'))} retrying, ` +
      `${format.number(sum('parked'))} parked, ${format.number(sum('dead'))} dead`);
  }
  live.follow('rows', signal, draw);
  every(10_000, signal, async () => {
    try {
      const samples = await metrics(['runtime_retries_total{'], signal);
      retries.clear();
      for (const one of samples) retries.set(one.labels.queue, (retries.get(one.labels.queue) ?? 0) + one.value);
      draw();
    } catch { /* The line above the page says that the node is away. */ }
  });
}
