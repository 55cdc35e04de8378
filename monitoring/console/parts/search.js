// The hospital's search: words and qualifiers, `service:payment reason:crash coupon`, with completion.

import {h, put} from './dom.js';
import {get} from './api.js';
import {live} from './live.js';

export const states = ['open', 'replaying', 'discarding', 'healed', 'discarded'];
const reasons = ['attempts', 'deadline', 'expired', 'rejected', 'undecodable', 'schema', 'too_large', 'handler_crash'];
const short = {crash: 'handler_crash'};
const units = {s: 1, m: 60, h: 3_600, d: 86_400};

const qualifiers = {
  service: 'that could not handle it',
  type: 'of the message',
  reason: 'why it died',
  key: 'of the message, whole',
  state: 'of the case',
  group: 'how it failed',
  since: 'opened then or later: 2h, 3d, or a time',
  until: 'opened before',
};

const token = /(?:([a-z]+):)?(?:"([^"]*)"?|(\S+))/g;

/** "2h" as a time; a time as it is. */
function time(value) {
  const match = /^(\d+)([smhd])$/.exec(value);
  if (match) return new Date(Date.now() - match[1] * units[match[2]] * 1_000).toISOString();
  const at = new Date(value);
  return Number.isNaN(at.getTime()) ? value : at.toISOString();
}

/** What the server is asked for. Unknown qualifiers are ordinary words. */
export function parse(query) {
  const filter = {};
  const words = [];
  for (const [whole, name, quoted, plain] of query.matchAll(token)) {
    const value = quoted ?? plain;
    if (!name || !(name in qualifiers)) words.push(name ? whole : value);
    else if (name === 'since' || name === 'until') filter[name] = time(value);
    else filter[name] = name === 'reason' ? short[value] ?? value : value;
  }
  if (words.length) filter.text = words.join(' ');
  return filter;
}

const quote = value => (/\s/.test(value) ? `"${value}"` : value);
export const qualifier = (name, value) => `${name}:${quote(value)}`;

async function known(name) {
  if (name === 'service') return [...live.services.keys()].sort();
  if (name === 'state') return states;
  if (name === 'reason') return reasons;
  if (name === 'since' || name === 'until') return ['15m', '1h', '1d', '7d'];
  if (name !== 'type' && name !== 'group') return [];
  const {groups} = await get('/hospital/groups?page_size=200');
  return [...new Set(groups.map(one => (name === 'type' ? one.type : one.group_id)))].sort();
}

/** A search field with a list of proposals (ARIA combobox). `go(query)` is called on Enter. */
export function search(query, go) {
  const list = h('ul', {class: 'proposals', role: 'listbox', id: 'proposals', 'aria-label': 'Proposals', hidden: true});
  const field = h('input', {type: 'search', value: query, spellcheck: 'false', autocomplete: 'off', role: 'combobox',
                            placeholder: 'service:payment reason:crash …', 'aria-label': 'Search cases',
                            'aria-autocomplete': 'list', 'aria-expanded': 'false', 'aria-controls': 'proposals'});
  const form = h('form', {class: 'search', role: 'search', on: {submit: event => {
    event.preventDefault();
    hide();
    go(field.value.trim());
  }}}, field, list, h('button', {type: 'submit'}, 'Search'));
  let chosen = -1, asked = 0;

  function hide() {
    list.hidden = true;
    chosen = -1;
    field.setAttribute('aria-expanded', 'false');
    field.removeAttribute('aria-activedescendant');
  }
  /** The word that the caret is in. */
  function word() {
    const before = field.value.slice(0, field.selectionStart);
    const start = before.lastIndexOf(' ') + 1;
    return {start, text: before.slice(start), end: field.selectionStart};
  }
  function take(text, goesOn) {
    const {start, end} = word();
    const rest = field.value.slice(end);
    field.value = `${field.value.slice(0, start)}${text}${goesOn || rest.startsWith(' ') ? '' : ' '}${rest}`;
    const at = start + text.length + (goesOn ? 0 : 1);
    field.setSelectionRange(at, at);
    hide();
    if (goesOn) propose();
  }
  function choose(at) {
    chosen = at;
    [...list.children].forEach((one, index) => one.setAttribute('aria-selected', String(index === at)));
    list.children[at]?.scrollIntoView({block: 'nearest'});
    if (at >= 0) field.setAttribute('aria-activedescendant', `proposal-${at}`);
    else field.removeAttribute('aria-activedescendant');
  }
  async function propose() {
    const mine = ++asked;
    const {text} = word();
    const colon = text.indexOf(':');
    const name = text.slice(0, colon);
    let proposals = [];
    if (colon < 0) {
      proposals = Object.keys(qualifiers).filter(one => one.startsWith(text.toLowerCase()))
        .map(one => ({text: `${one}:`, hint: qualifiers[one], goesOn: true}));
    } else if (name in qualifiers) {
      const typed = text.slice(colon + 1).toLowerCase();
      const values = await known(name).catch(() => []);
      proposals = values.filter(one => one.toLowerCase().includes(typed) && one !== text.slice(colon + 1))
        .slice(0, 12).map(one => ({text: qualifier(name, one), hint: '', goesOn: false}));
    }
    if (mine !== asked || document.activeElement !== field) return;
    put(list, proposals.map((one, at) => h('li', {
      role: 'option', id: `proposal-${at}`, 'aria-selected': 'false',
      on: {mousedown: event => { event.preventDefault(); take(one.text, one.goesOn); }}},
      h('span', {}, one.text), h('span', {class: 'quiet'}, one.hint))));
    list.hidden = proposals.length === 0;
    field.setAttribute('aria-expanded', String(!list.hidden));
    list.proposals = proposals;
    chosen = -1;
  }
  field.addEventListener('input', propose);
  field.addEventListener('focus', propose);
  field.addEventListener('click', propose);
  field.addEventListener('blur', hide);
  field.addEventListener('keydown', event => {
    const count = list.hidden ? 0 : list.children.length;
    if (event.key === 'Escape' && count) { event.preventDefault(); hide(); }
    else if (event.key === 'ArrowDown' && count) { event.preventDefault(); choose((chosen + 1) % count); }
    else if (event.key === 'ArrowUp' && count) { event.preventDefault(); choose((chosen + count - 1) % count); }
    else if ((event.key === 'Enter' || event.key === 'Tab') && count && chosen >= 0) {
      event.preventDefault();
      take(list.proposals[chosen].text, list.proposals[chosen].goesOn);
    }
  });
  return form;
}
