// One batch: how far it is, and what became of each case.

import {empty, every, h, put, say} from '../parts/dom.js';
import * as format from '../parts/format.js';
import {get, part, post, url} from '../parts/api.js';
import {ask, nameField, reasonField} from '../parts/dialog.js';
import {trouble} from '../parts/notes.js';
import {scroller, table} from '../parts/table.js';
import {by, caseLink, moreButton, Pages, stateChip} from '../parts/ward.js';

const ended = state => state === 'finished' || state === 'stopped' || state === 'cancelled';
const parts = [['healed', 'good'], ['discarded', 'good'], ['died_again', 'bad'], ['refused', 'bad'], ['skipped', 'warn'], ['sent', 'busy'], ['waiting', '']];

const heldFor = one => (one.held_until ? Math.ceil(format.seconds(one.held_until) - Date.now() / 1000) : 0);

function explain(one) {
  const bad = one.died_again + one.refused;
  const left = ended(one.state) ? 0 : heldFor(one);
  if (left > 0) return `Held for ${format.plural(left, 'more second')}. Nothing was sent: cancelled now, it leaves everything as it was.`;
  switch (one.state) {
    case 'canary': return `The first ${format.number(one.canary)} go ahead; the rest waits for their outcomes.`;
    case 'running': return `${format.number(one.waiting)} are still to be sent, ${format.number(one.rate_per_second)} a second.`;
    case 'finishing': return 'All are sent; some outcomes are not known yet.';
    case 'finished': return bad ? `Done. ${format.plural(bad, 'case')} could not be helped.` : 'Done.';
    case 'stopped': return `Stopped after ${format.plural(bad, 'failure')}. What was not sent, ${format.plural(one.waiting, 'case')}, stays as it is.`;
    default: return `Cancelled. What was not sent, ${format.plural(one.waiting, 'case')}, stays as it is.`;
  }
}

export async function show({place, signal, parameters: {id}}) {
  const content = h('div', {});
  const state = h('span', {});
  put(place, h('div', {class: 'title'}, h('h1', {}, 'Batch ', h('span', {class: 'mono'}, id)), state),
      h('p', {class: 'crumbs'}, h('a', {href: '#/hospital'}, 'Hospital'), ' / ', h('a', {href: '#/hospital/batches'}, 'Batches')), content);

  let batch = null;
  const pages = new Pages(async token => {
    const got = await get(url(`/hospital/batches/${part(id)}`, {page_size: 100, page_token: token}), signal);
    if (!token) batch = got;
    return {rows: got.items, next: got.next_page_token};
  });
  const facts = h('p', {class: 'facts'}), words = h('p', {class: 'large', role: 'status'});
  const meter = h('div', {class: 'progress', role: 'img'}), legend = h('ul', {class: 'legend'});
  const cancel = h('button', {type: 'button', on: {click: async () => {
    const name = nameField(), reason = reasonField(false);
    await ask({title: 'Send no more of it?', text: heldFor(batch) > 0 ? 'Nothing was sent yet: everything stays as it is.'
                 : 'What was sent is followed to its outcome; the rest stays as it is.', fields: {name, reason}, confirm: 'Cancel the batch',
               act: () => post(`/hospital/batches/${part(id)}/cancel`, {by: by(), reason: reason.control.value})});
    read();
  }}}, 'Cancel the batch');
  const list = table([
    {id: 'case', label: 'Case', head: true, show: (one, cell) => { if (!cell.firstChild) put(cell, caseLink(one.case_id)); }},
    {id: 'outcome', label: 'Outcome', show: (one, cell) => {
      if (cell.dataset.outcome === one.outcome) return;
      cell.dataset.outcome = one.outcome;
      put(cell, stateChip(one.outcome));
    }},
    {id: 'text', label: 'What was said', wide: true, show: (one, cell) => { cell.classList.add('error'); return one.text ?? ''; }},
  ], {caption: 'Cases of the batch', key: one => one.case_id});
  const more = moreButton(pages, () => draw());
  let built = false;

  function draw() {
    if (!built) {
      built = true;
      put(content, facts, words, meter, legend, cancel, h('section', {}, h('h2', {}, 'Cases, in the order in which they are sent'), scroller('Cases of the batch', list), more));
    }
    put(state, stateChip(batch.state));
    put(facts, h('span', {}, `${batch.action} ${format.plural(batch.total, 'case')}`), h('span', {}, `by ${batch.by}`), h('span', {class: 'quiet'}, batch.reason),
        h('span', {class: 'quiet'}, `canary ${format.number(batch.canary)}, ${format.number(batch.rate_per_second)} a second, ` +
          (batch.stop_after ? `stops after ${format.plural(batch.stop_after, 'failure')}` : 'never stops')),
        h('span', {class: 'quiet'}, `started ${format.date(batch.started_at)}`));
    say(words, explain(batch));
    meter.setAttribute('aria-label', parts.map(([name]) => `${batch[name]} ${format.words(name)}`).join(', '));
    const there = parts.filter(([name]) => batch[name] > 0);
    put(meter, there.map(([name, tone]) => {
      const piece = h('span', {class: tone || 'rest'});
      piece.style.flexGrow = batch[name];
      return piece;
    }));
    put(legend, there.map(([name, tone]) => h('li', {}, h('span', {class: `swatch ${tone || 'rest'}`}), `${format.number(batch[name])} ${format.words(name)}`)));
    cancel.hidden = ended(batch.state) || batch.state === 'finishing';
    list.show(pages.rows);
    more.draw();
  }

  async function read() {
    try {
      await pages.again();
    } catch (problem) {
      if (signal.aborted || batch) return;
      if (problem.status === 404) return void put(content, empty('There is no such batch', 'It may have been forgotten, or the address is not whole.'));
      return trouble(content, 'This batch could not be read', problem, read);
    }
    if (!signal.aborted) draw();
  }
  await read();
  every(800, signal, () => (batch && ended(batch.state) && batch.sent === 0 ? null : read()));
}
