// What the hospital's pages share: the chips of states, the links to cases, and the questions before an action.

import {chip, h, put} from './dom.js';
import * as format from './format.js';
import {part, post} from './api.js';
import {ask, labelled, nameField, operator, reasonField} from './dialog.js';
import {note} from './notes.js';

const tones = {open: 'bad', replaying: 'busy', discarding: 'busy', healed: 'good', discarded: 'quiet',
               canary: 'busy', running: 'busy', finishing: 'busy', finished: 'good', stopped: 'bad', cancelled: 'warn',
               waiting: '', sent: 'busy', died_again: 'bad', refused: 'bad', skipped: 'warn'};
export const stateChip = state => chip(format.words(state), tones[state]);
export const caseLink = id => h('a', {class: 'mono', href: `#/hospital/cases/${part(id)}`}, id);
export const batchLink = id => h('a', {class: 'mono', href: `#/hospital/batches/${part(id)}`}, id);
export const by = () => operator() || 'operator';

export const whole = (value, min, max) => h('input', {type: 'number', value: String(value), min, max, step: 1, required: true});

/** So long nothing is sent, and a slip can be taken back. */
export const heldField = () => labelled('Hold it for', whole(10, 0, 600), 'seconds, in which it can be taken back. 0: not at all');

/** Asks how, and starts a batch over named cases or over all that a filter finds. */
export async function startBatch({action, filter, cases, count}) {
  const name = nameField(), reason = reasonField(true);
  const rate = labelled('Cases per second', whole(10, 1, 1000));
  const canary = labelled('Canary', whole(Math.min(3, count - 1), 0, 1000),
                          'so many first; the rest only when their outcomes are known. 0: none');
  const stop = labelled('Stop after', whole(1, 1, 1_000_000), 'failures, in the canary or later');
  const held = heldField();
  const followers = h('input', {type: 'checkbox', id: 'with-followers'});
  const withFollowers = h('p', {class: 'check'}, followers, h('label', {for: 'with-followers'}, 'also what is parked behind them'));
  const replay = action === 'replay';
  const what = format.plural(count, 'case');
  const started = await ask({
    title: `${replay ? 'Replay' : 'Discard'} ${what}?`,
    text: replay ? 'Oldest first. A case that has changed before its turn is skipped.'
                 : 'Their messages are buried: nobody handles them any more. Once it is sent it cannot be undone.',
    fields: replay ? {name, reason, rate, canary, stop} : {name, reason, rate, held, withFollowers},
    confirm: `${replay ? 'Replay' : 'Discard'} ${format.number(count)}`,
    danger: !replay,
    act: () => post('/hospital/batches', {
      action, filter, cases, by: by(), reason: reason.control.value, rate_per_second: Number(rate.control.value),
      ...(replay ? {canary: Number(canary.control.value), stop_after: Number(stop.control.value)}
                 : {with_followers: followers.checked, held_s: Number(held.control.value)})}),
  });
  if (!started) return null;
  note(`${replay ? 'Replaying' : 'Discarding'} ${what}:`, {link: {href: `#/hospital/batches/${part(started.batch_id)}`, text: 'progress'}});
  location.hash = `#/hospital/batches/${part(started.batch_id)}`;
  return started;
}

/** How many open cases a filter finds. */
export const countOpen = async filter =>
  (await post('/hospital/batches', {action: 'replay', filter, reason: 'only to count them', by: by(), dry_run: true})).total;

/** A list that is read page by page, and again from time to time as far as it was read. */
export class Pages {
  rows = [];
  next = '';
  #read;
  #pages = 1;
  constructor(read) { this.#read = read; }
  /** `read(token)` gives {rows, next}. */
  async again() {
    const all = [];
    let token = '';
    for (let page = 0, tries = 0; page < this.#pages && tries < 40; ++tries) {
      const got = await this.#read(token);
      all.push(...got.rows);
      token = got.next;
      if (!token) break;
      if (got.rows.length) ++page;  // A request looks through a limited number of cases: an empty page is not the end.
    }
    this.rows = all;
    this.next = token;
  }
  more() {
    ++this.#pages;
    return this.again();
  }
  /** Reading again costs as much as there was read. */
  get isLong() { return this.#pages > 5; }
}

export function moreButton(pages, draw) {
  const element = h('p', {class: 'more'});
  element.draw = () => put(element, pages.next
    ? h('button', {type: 'button', on: {click: async () => { await pages.more(); draw(); }}}, 'Show more') : null);
  return element;
}
