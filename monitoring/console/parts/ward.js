// What the hospital's pages share: the chips of states, the links to cases, and the questions before an action.

import {chip, h, put, say} from './dom.js';
import * as format from './format.js';
import {get, part, post, url} from './api.js';
import {ask, labelled, nameField, operator, reasonField} from './dialog.js';
import {complain, note} from './notes.js';

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
  const rate = labelled('Cases per second', whole(10, 1, 1000), ' ');
  const tellTime = () => say(rate.querySelector('small'), `sent within about ${format.span(count / Math.max(1, Number(rate.control.value)))}`);
  rate.control.addEventListener('input', tellTime);
  tellTime();
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

const patience_ms = 1_500;

/**
 * Reads on from a token until there are so many pages of rows, the list ends, or it took too long: a request looks
 * through a limited number of cases, so an empty page is not the end. `read(token)` gives {rows, next, looked}.
 */
async function readOn(read, token, pages) {
  const found = {rows: [], next: token, looked: 0, requests: 0};
  const end = performance.now() + patience_ms;
  for (let page = 0; page < pages;) {
    const got = await read(found.next);
    found.rows.push(...got.rows);
    found.next = got.next;
    found.looked += got.looked ?? got.rows.length;
    ++found.requests;
    if (!got.next || performance.now() > end) break;
    if (got.rows.length) ++page;
  }
  return found;
}

/** All that a filter finds, newest first; `isWhole` is false when looking for them took too long. */
export async function findCases(filter, signal) {
  const {rows, next} = await readOn(async token => {
    const got = await get(url('/hospital/cases', {...filter, page_size: 200, page_token: token}), signal);
    return {rows: got.cases, next: got.next_page_token};
  }, '', Infinity);
  return {cases: rows, isWhole: !next};
}

/** A list that is read page by page, and again from time to time as far as it was read. */
export class Pages {
  rows = [];
  next = '';
  looked = 0;  // entries that were compared with what is wanted
  #read;
  #pages = 1;
  #requests = 0;
  constructor(read) { this.#read = read; }
  async again() {
    const found = await readOn(this.#read, '', this.#pages);
    Object.assign(this, {rows: found.rows, next: found.next, looked: found.looked});
    this.#requests = found.requests;
  }
  /** Goes on where it ended. */
  async more() {
    const found = await readOn(this.#read, this.next, 1);
    ++this.#pages;
    Object.assign(this, {rows: [...this.rows, ...found.rows], next: found.next, looked: this.looked + found.looked});
    this.#requests += found.requests;
  }
  /** Reading again costs as much as there was read: not done without being asked. */
  get isLong() { return this.#requests > 5; }
}

export function moreButton(pages, draw) {
  const element = h('p', {class: 'more'});
  const act = (label, work) => h('button', {type: 'button', on: {click: async event => {
    event.target.disabled = true;
    try {
      await work();
    } catch (problem) { complain(problem, 'It could not be read'); }
    draw();
  }}}, label);
  element.draw = () => put(element,
    pages.next ? act(pages.rows.length ? 'Show more' : 'Look further', () => pages.more()) : null,
    pages.isLong ? [' ', act('Read again', () => pages.again()), ' ', h('span', {class: 'quiet'}, 'as long as this it does not change by itself')] : null);
  return element;
}
