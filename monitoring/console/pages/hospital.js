// Dead letters: groups of those that failed alike, single cases, batches, and who did what.

import {empty, every, h, put, say} from '../parts/dom.js';
import * as format from '../parts/format.js';
import {get, url} from '../parts/api.js';
import {dead} from '../parts/dead.js';
import {complain, trouble} from '../parts/notes.js';
import {parse, qualifier, search} from '../parts/search.js';
import {scroller, table} from '../parts/table.js';
import {batchLink, caseLink, countOpen, moreButton, Pages, startBatch, stateChip} from '../parts/ward.js';

const address = (ward, query) => url(`#/hospital${ward === 'groups' ? '' : `/${ward}`}`, {q: query});
const wards = {groups: 'Groups', cases: 'Cases', batches: 'Batches', trail: 'Trail'};
const fills = (show, same) => (row, cell) => {
  const now = same(row);
  if (cell.same === now) return;
  cell.same = now;
  put(cell, show(row));
};
const when = name => ({numeric: true, show: (row, cell) => {
  cell.title = row[name];
  return format.ago(row[name]);
}});

/** Reads a list now and every few seconds, and shows it. */
async function keep({place, signal, pages, draw, what}) {
  const again = async () => {
    try {
      await pages.again();
    } catch (problem) {
      if (signal.aborted) return;
      if (pages.rows.length === 0) trouble(place, `${what} could not be read`, problem, again);
      return;
    }
    if (!signal.aborted) draw();
  };
  await again();
  dead.addEventListener('count', () => (pages.isLong ? null : again()), {signal});
  every(3_000, signal, () => (pages.isLong ? null : again()));
}

// --- groups ---

function showGroups({place, signal, query}) {
  const filter = parse(query);
  const asked = {service: filter.service, type: filter.type, state: filter.state, text: filter.text};
  const pages = new Pages(async token => {
    const got = await get(url('/hospital/groups', {...asked, page_size: 50, page_token: token}), signal);
    return {rows: got.groups, next: got.next_page_token};
  });
  const casesOf = (group, state) => address('cases', [qualifier('group', group.group_id), state && `state:${state}`].filter(Boolean).join(' '));
  const list = table([
    {id: 'error', label: 'How they failed', head: true, wide: true, show: fills(group => [
      h('a', {class: 'error', href: casesOf(group)}, group.error || format.words(group.reason)),
      h('div', {class: 'quiet'}, `${group.service} · ${group.type} · ${format.words(group.reason)}`),
    ], group => group.error + group.reason)},
    {id: 'open', label: 'Open', numeric: true, show: (group, cell) => {
      cell.classList.toggle('zero', group.open === 0);
      return format.number(group.open);
    }},
    {id: 'busy', label: 'In treatment', numeric: true, show: (group, cell) => {
      cell.classList.toggle('zero', group.replaying + group.discarding === 0);
      return format.number(group.replaying + group.discarding);
    }},
    {id: 'healed', label: 'Healed', numeric: true, show: (group, cell) => {
      cell.classList.toggle('zero', group.healed === 0);
      return format.number(group.healed);
    }},
    {id: 'discarded', label: 'Discarded', numeric: true, show: (group, cell) => {
      cell.classList.toggle('zero', group.discarded === 0);
      return format.number(group.discarded);
    }},
    {id: 'first', label: 'First seen', ...when('first_seen_at')},
    {id: 'last', label: 'Last seen', ...when('last_seen_at')},
    {id: 'act', label: 'Actions', hidden: true, stays: true, show: fills(group => h('div', {class: 'actions'},
      group.open ? h('button', {type: 'button', class: 'primary', on: {click: () => act('replay', group)}}, `Replay ${format.number(group.open)}`) : null,
      group.open ? h('button', {type: 'button', on: {click: () => act('discard', group)}}, `Discard ${format.number(group.open)}`) : null),
      group => group.open)},
  ], {caption: 'Groups of cases', key: group => group.group_id});
  const act = (action, group) => startBatch({action, filter: {group: group.group_id}, count: group.open});
  const more = moreButton(pages, () => draw());
  const none = empty(query ? 'No group fits this search' : 'Nobody is ill',
                     query ? 'Try fewer words, or look into the single cases.'
                           : 'A message that could not be handled appears here, grouped with those that failed alike.');
  const home = h('div', {});
  put(place, home, more);
  const scrolling = scroller('Groups of cases', list);
  function draw() {
    list.show(pages.rows);
    const wanted = pages.rows.length ? scrolling : none;
    if (home.firstChild !== wanted) put(home, wanted);
    more.draw();
  }
  return keep({place: home, signal, pages, draw, what: 'The groups'});
}

// --- cases ---

function showCases({place, signal, query}) {
  const filter = parse(query);
  const pages = new Pages(async token => {
    const got = await get(url('/hospital/cases', {...filter, page_size: 50, page_token: token}), signal);
    return {rows: got.cases, next: got.next_page_token, looked: got.looked_at};
  });
  const selected = new Map();
  let everything = 0;  // so many open ones match, and all of them are meant

  const all = h('input', {type: 'checkbox', 'aria-label': 'Select all that are shown', on: {change: () => {
    everything = 0;
    selected.clear();
    if (all.checked) for (const one of pages.rows) if (one.state === 'open') selected.set(one.case_id, one);
    draw();
  }}});
  const list = table([
    {id: 'select', label: 'Selected', hidden: true, show: (one, cell) => {
      if (!cell.box) put(cell, cell.box = h('input', {type: 'checkbox', 'aria-label': `Select ${one.case_id}`, on: {change: () => {
        everything = 0;
        if (cell.box.checked) selected.set(one.case_id, one);
        else selected.delete(one.case_id);
        draw();
      }}}));
      cell.box.disabled = one.state !== 'open';
      cell.box.checked = (everything > 0 && one.state === 'open') || selected.has(one.case_id);
    }},
    {id: 'case', label: 'Case', head: true, show: fills(one => caseLink(one.case_id), one => one.case_id)},
    {id: 'state', label: 'State', show: fills(one => stateChip(one.state), one => one.state)},
    {id: 'error', label: 'Error', wide: true, show: fills(one => [
      h('div', {class: 'error'}, one.error), h('div', {class: 'quiet'}, `${one.type} · ${format.words(one.reason)}`)], one => one.error)},
    {id: 'key', label: 'Key', show: (one, cell) => { cell.classList.add('mono'); return one.key || '–'; }},
    {id: 'attempts', label: 'Attempts', numeric: true, show: one => format.number(one.attempts)},
    {id: 'parked', label: 'Parked', numeric: true, title: 'messages of its key that waited behind it at its last death', show: (one, cell) => {
      cell.classList.toggle('zero', one.parked === 0);
      return format.number(one.parked);
    }},
    {id: 'last', label: 'Last failed', ...when('last_failed_at')},
  ], {caption: 'Cases', key: one => one.case_id});

  const replay = h('button', {type: 'button', class: 'primary', on: {click: () => act('replay')}});
  const discard = h('button', {type: 'button', on: {click: () => act('discard')}});
  const matching = h('button', {type: 'button', on: {click: async () => {
    matching.disabled = true;
    try {
      everything = await countOpen(filter);
      selected.clear();
    } catch (problem) { complain(problem, 'They could not be counted'); }
    matching.disabled = false;
    draw();
  }}}, 'Select all open ones that match');
  const sum = h('span', {class: 'quiet'});
  const bar = h('div', {class: 'toolbar'}, h('span', {class: 'check'}, all, sum), matching, h('span', {class: 'grow'}), replay, discard);

  const act = async action => {
    const started = await startBatch(everything
      ? {action, filter, count: everything} : {action, cases: [...selected.keys()], count: selected.size});
    if (started) { everything = 0; selected.clear(); }
  };
  const more = moreButton(pages, () => draw());
  const home = h('div', {});
  put(place, bar, home, more);
  const scrolling = scroller('Cases', list);
  const none = empty(query ? 'No case fits this search' : 'Nobody is ill',
                     query ? 'Try fewer words. Payloads are never searched.' : 'A message that could not be handled appears here.');
  const lookedAt = h('span', {});
  const noneYet = empty('None found yet', lookedAt, ' were looked through, newest first. A group, a state or a time makes a search short.');
  function draw() {
    for (const id of selected.keys())
      if (pages.rows.some(one => one.case_id === id && one.state !== 'open')) selected.delete(id);
    list.show(pages.rows);
    say(lookedAt, format.plural(pages.looked, 'case'));
    const wanted = pages.rows.length ? scrolling : pages.next ? noneYet : none;
    if (home.firstChild !== wanted) put(home, wanted);
    bar.hidden = pages.rows.length === 0;
    const count = everything || selected.size;
    say(replay, count ? `Replay ${format.number(count)}` : 'Replay');
    say(discard, count ? `Discard ${format.number(count)}` : 'Discard');
    replay.disabled = discard.disabled = count === 0;
    all.checked = count > 0 && (everything > 0 || selected.size === pages.rows.filter(one => one.state === 'open').length);
    say(sum, everything ? `all ${format.number(everything)} open ones that match are selected`
      : count ? `${format.number(count)} selected` : `${format.number(pages.rows.length)}${pages.next ? '+' : ''} shown, newest first`);
    more.draw();
  }
  return keep({place: home, signal, pages, draw, what: 'The cases'});
}

// --- batches and the trail ---

function showBatches({place, signal}) {
  const pages = new Pages(async token => {
    const got = await get(url('/hospital/batches', {page_size: 50, page_token: token}), signal);
    return {rows: got.batches, next: got.next_page_token};
  });
  const list = table([
    {id: 'batch', label: 'Batch', head: true, show: fills(one => batchLink(one.batch_id), one => one.batch_id)},
    {id: 'action', label: 'Action', show: one => one.action},
    {id: 'state', label: 'State', show: fills(one => stateChip(one.state), one => one.state)},
    {id: 'total', label: 'Cases', numeric: true, show: one => format.number(one.total)},
    {id: 'good', label: 'Healed or discarded', numeric: true, show: one => format.number(one.healed + one.discarded)},
    {id: 'bad', label: 'Died again or refused', numeric: true, show: one => format.number(one.died_again + one.refused)},
    {id: 'by', label: 'By', show: one => one.by},
    {id: 'reason', label: 'Reason', wide: true, show: one => one.reason},
    {id: 'started', label: 'Started', ...when('started_at')},
  ], {caption: 'Batches', key: one => one.batch_id});
  const more = moreButton(pages, () => draw());
  const home = h('div', {});
  put(place, home, more);
  const scrolling = scroller('Batches', list);
  const none = empty('No batch yet', 'Replay a group, or select cases, to act on many at once: with a canary, and at a rate.');
  function draw() {
    list.show(pages.rows);
    put(home, pages.rows.length ? scrolling : none);
    more.draw();
  }
  return keep({place: home, signal, pages, draw, what: 'The batches'});
}

function showTrail({place, signal}) {
  const pages = new Pages(async token => {
    const got = await get(url('/hospital/audit', {page_size: 100, page_token: token}), signal);
    return {rows: got.entries, next: got.next_page_token};
  });
  const list = table([
    {id: 'at', label: 'When', head: true, show: (one, cell) => { cell.title = one.at; return format.date(one.at); }},
    {id: 'by', label: 'Who', show: one => one.by},
    {id: 'action', label: 'Did', show: one => format.words(one.action)},
    {id: 'about', label: 'With', show: fills(one => [one.case_id ? caseLink(one.case_id) : null, one.case_id && one.batch_id ? ' in ' : null,
                                                    one.batch_id ? batchLink(one.batch_id) : null], one => one.entry_id)},
    {id: 'reason', label: 'Why', wide: true, show: one => one.reason || '–'},
  ], {caption: 'Audit trail', key: one => one.entry_id});
  const more = moreButton(pages, () => draw());
  const home = h('div', {});
  put(place, home, more);
  const scrolling = scroller('Audit trail', list);
  function draw() {
    list.show(pages.rows);
    put(home, pages.rows.length ? scrolling : empty('Nobody did anything yet', 'Every replay, edit, discard and reveal is noted here, with its reason.'));
    more.draw();
  }
  return keep({place: home, signal, pages, draw, what: 'The trail'});
}

const shows = {groups: showGroups, cases: showCases, batches: showBatches, trail: showTrail};

export async function show({place, signal, parameters, query}) {
  const ward = shows[parameters.ward] ? parameters.ward : 'groups';
  const wanted = query.get('q') ?? '';
  const go = text => {
    const filter = parse(text);
    const single = filter.key || filter.group || filter.reason || filter.since || filter.until;
    location.hash = address(ward === 'groups' && !single ? 'groups' : 'cases', text);
  };
  const content = h('div', {});
  put(place,
      h('div', {class: 'title'}, h('h1', {}, 'Hospital'), search(wanted, go)),
      h('nav', {class: 'tabs', 'aria-label': 'Hospital'}, Object.entries(wards).map(([name, label]) =>
        h('a', {href: address(name, name === 'groups' || name === 'cases' ? wanted : ''),
                'aria-current': name === ward ? 'page' : null}, label))),
      content);
  await shows[ward]({place: content, signal, query: wanted});
}
