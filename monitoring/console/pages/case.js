// One dead letter: its story, its message, and what can be done for it.

import {chip, empty, every, h, put} from '../parts/dom.js';
import * as format from '../parts/format.js';
import {get, part, post} from '../parts/api.js';
import {ask, labelled, nameField, operator, reasonField} from '../parts/dialog.js';
import {complain, note, trouble} from '../parts/notes.js';
import {batchLink, by, heldField, stateChip} from '../parts/ward.js';

const pretty = value => JSON.stringify(value, null, 2);
const code = (label, text) => h('pre', {class: 'code', tabindex: '0', role: 'region', 'aria-label': label}, text);

/** A payload as it may be shown: always text, whatever it holds. */
function payloadOf(view, label) {
  if (view.hidden) return h('p', {class: 'quiet'}, `Not shown: ${view.hidden}`);
  return code(label, view.payload !== undefined ? pretty(view.payload) : view.payload_text);
}

// --- the story: attempts and what people did, in the order of time ---

/** What an attempt has in common with the one before it is not said again. */
function attempt(one, index, all) {
  const before = all[index - 1];
  const took = format.seconds(one.ended) - format.seconds(one.started);
  const tone = {retried: 'warn', healed: 'good'}[one.outcome] ?? 'bad';
  return {at: one.started, element: h('li', {class: tone},
    h('span', {class: 'when', title: one.started}, format.date(one.started)), h('span', {class: 'dot'}),
    h('span', {class: 'what'},
      h('div', {}, h('span', {class: 'strong'}, `Attempt ${one.number}`), ' ', chip(one.outcome, tone),
        h('span', {class: 'quiet'}, ` ${format.words(one.kind)} after ${format.span(took)}`,
          one.replay ? `, in replay ${one.replay}` : '', one.version ? `, version ${one.version} on ${one.node}` : '')),
      one.text && one.text !== before?.text ? h('div', {class: 'error'}, one.text) : null,
      one.backtrace && one.backtrace !== before?.backtrace ? h('details', {}, h('summary', {}, 'Backtrace'), code(`Backtrace of attempt ${one.number}`, one.backtrace)) : null))};
}

const told = {died: ['Died', 'bad'], healed: ['Healed', 'good'], replay: ['Replay asked for', 'busy'], edit: ['Edited and replayed', 'busy'],
              discard: ['Discard asked for', 'busy'], keep: ['Discard taken back', ''], discarded: ['Discarded', ''], refused: ['Refused', 'bad']};
function happening(one) {
  const [what, tone] = told[one.what] ?? [format.words(one.what), ''];
  return {at: one.at, element: h('li', {class: tone},
    h('span', {class: 'when', title: one.at}, format.date(one.at)), h('span', {class: 'dot'}),
    h('span', {class: 'what'}, h('span', {class: 'strong'}, what), h('span', {class: 'quiet'}, one.by ? ` by ${one.by}` : ''),
      one.text && one.what !== 'died' ? h('div', {}, one.text) : null))};
}

const story = sick => h('ol', {class: 'timeline story'}, [...sick.attempt_records.map(attempt), ...sick.notes.map(happening)]
  .sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0)).map(line => line.element));

// --- what waits behind it ---

/** Undefined: its service did not say, so there may be some. */
const mayHaveFollowers = sick => sick.followers?.count !== 0;

function parkedBehind(sick) {
  if (!sick.followers)
    return [h('h2', {}, 'Parked behind it'), h('p', {}, chip('not known', 'warn'), ` ${sick.service} does not answer now.`)];
  const {count, first} = sick.followers;
  if (!count) return null;
  return [h('h2', {}, 'Parked behind it ', h('span', {class: 'quiet'}, format.plural(count, 'message'))),
    h('ul', {class: 'plain-list', 'aria-label': 'Parked behind it'}, first.map(one => h('li', {}, h('span', {class: 'mono'}, `${one.type} ${one.id}`)))),
    count > first.length ? h('p', {class: 'quiet'}, `and ${format.number(count - first.length)} more`) : null];
}

// --- what a replay would do ---

const outcomes = {done: 'good', answer: 'good', rejected: 'warn', not_yet: 'warn'};
function rehearsal(view) {
  const good = outcomes[view.outcome] === 'good';
  return h('div', {class: 'rehearsal'},
    h('p', {}, chip(format.words(view.outcome), outcomes[view.outcome] ?? 'bad'), ' ',
      good ? 'A replay would succeed now.' : view.outcome === 'rejected' ? 'A replay would be refused by the service.'
        : view.outcome === 'not_yet' ? 'A replay would be put off.' : 'A replay would die again.'),
    view.text ? h('p', {class: 'error'}, view.text) : null,
    view.writes.length ? h('ul', {class: 'plain-list'}, view.writes.map(one => h('li', {}, h('span', {class: 'quiet'}, `${one.change} `),
      h('span', {class: 'mono'}, `${one.type} ${one.key}`), one.body !== undefined ? code('What is written', pretty(one.body)) : null))) : null,
    view.messages.length ? h('ul', {class: 'plain-list'}, view.messages.map(one => h('li', {}, h('span', {class: 'quiet'}, 'says '),
      h('span', {class: 'mono'}, one.type), one.to ? ` to ${one.to}` : '', h('details', {}, h('summary', {}, 'Payload'), payloadOf(one, one.type))))) : null,
    view.followers.length ? h('p', {}, `${format.plural(view.followers.length, 'message')} would go on behind it: `,
      h('span', {class: 'mono'}, view.followers.join(', '))) : null);
}

// --- actions ---

function replayCase(sick) {
  const name = nameField(), reason = reasonField(false);
  return ask({
    title: `Replay ${sick.case_id}?`,
    text: `Only ${sick.service} gets it, with its id and its place in the order of its key.` +
      (sick.followers?.count ? ` ${format.plural(sick.followers.count, 'message')} wait behind it.` : ''),
    fields: {name, reason}, confirm: 'Replay 1',
    act: () => post(`/hospital/cases/${part(sick.case_id)}/replay`, {version: sick.version, by: by(), reason: reason.control.value})});
}

function discardCase(sick) {
  const name = nameField(), reason = reasonField(true);
  const held = heldField();
  const followers = h('input', {type: 'checkbox', id: 'with-followers'});
  return ask({
    title: `Discard ${sick.case_id}?`,
    text: 'Its message is buried: nobody handles it any more. Once it is sent it cannot be undone, because what waits behind it goes on.',
    fields: {name, reason, held, followers: mayHaveFollowers(sick) ? h('p', {class: 'check'}, followers,
      h('label', {for: 'with-followers'}, sick.followers ? `also the ${format.plural(sick.followers.count, 'message')} parked behind it`
        : `also what is parked behind it; ${sick.service} does not say now how much`)) : null},
    confirm: 'Discard 1', danger: true,
    act: () => post(`/hospital/cases/${part(sick.case_id)}/discard`,
                    {version: sick.version, by: by(), reason: reason.control.value, with_followers: followers.checked,
                     held_s: Number(held.control.value)})});
}

/** One click: it does no harm, and there may be little time left. Only who has no name yet is asked for it. */
async function keepCase(sick) {
  const send = reason => post(`/hospital/cases/${part(sick.case_id)}/keep`, {version: sick.version, by: by(), reason});
  if (operator()) return send('taken back');
  const name = nameField();
  return ask({title: `Keep ${sick.case_id}?`, text: 'Its discard is taken back.', fields: {name}, confirm: 'Keep it', act: () => send('taken back')});
}

function revealCase(sick) {
  const name = nameField(), reason = reasonField(true);
  return ask({title: 'Show personal data?', text: 'Who looked, when and why is noted in the audit trail.', fields: {name, reason}, confirm: 'Show it',
              act: () => post(`/hospital/cases/${part(sick.case_id)}/reveal`, {by: by(), reason: reason.control.value})});
}

/**
 * A payload in a field, the present one or an earlier version; what is typed is tried by the server, of which nothing
 * is kept, while it is typed.
 */
function editCase(sick, signal, version = sick.message) {
  const name = nameField(), reason = reasonField(true);
  const field = h('textarea', {rows: 14, spellcheck: 'false', class: 'mono', required: true});
  field.value = version.payload !== undefined ? pretty(version.payload) : version.payload_text;
  const verdict = h('div', {class: 'verdict', role: 'status', 'aria-live': 'polite'}, h('p', {class: 'quiet'}, 'Checking …'));
  let timer = 0, asked = 0, button = null;
  const check = async () => {
    const mine = ++asked;
    try {
      JSON.parse(field.value);
    } catch (problem) {
      button.disabled = true;
      return void put(verdict, h('p', {}, chip('no JSON', 'bad'), ' ', problem.message));
    }
    try {
      const view = await post(`/hospital/cases/${part(sick.case_id)}/rehearsal`, `{"payload":${field.value}}`, signal);
      if (mine !== asked) return;
      button.disabled = false;
      put(verdict, rehearsal(view));
    } catch (problem) {
      if (mine !== asked || problem.name === 'AbortError') return;
      const wrong = problem.status >= 400 && problem.status < 500 && problem.status !== 409;  // 409: it may not be tried, but it may be good.
      button.disabled = wrong;
      put(verdict, h('p', {}, chip(wrong ? 'not valid' : 'not checked', wrong ? 'bad' : 'warn'), ' ', problem.errors.length ? '' : problem.message),
          h('ul', {class: 'plain-list'}, problem.errors.map(one => h('li', {}, h('span', {class: 'mono'}, one.pointer || '/'),
            one.wanted ? [': wanted ', one.wanted] : null, one.found ? [one.wanted ? ', found ' : ': found ', h('span', {class: 'mono'}, one.found)] : null))));
    }
  };
  field.addEventListener('input', () => {
    clearTimeout(timer);
    timer = setTimeout(check, 300);
  });
  return ask({
    title: `Edit and replay ${sick.case_id}`, wide: true,
    text: sick.is_revealed || !pretty(version.payload ?? '').includes('***') ? 'The edited message has a new id; only the service that failed gets it.'
      : 'Stars stand for personal data and are no valid payload: show personal data first.',
    fields: {payload: labelled('Payload', field), verdict, name, reason}, confirm: 'Edit and replay 1',
    began: ({yes}) => { button = yes; check(); },
    act: () => post(`/hospital/cases/${part(sick.case_id)}/edit`,
                    `{"version":${sick.version},"by":${JSON.stringify(by())},"reason":${JSON.stringify(reason.control.value)},"payload":${field.value}}`)});
}

// --- the page ---

const headers = ['id', 'type', 'version', 'key', 'source', 'seq', 'to', 'correlation', 'causation', 'traceparent', 'occurred', 'expires',
                 'reply_to', 'answers', 'idempotency'];
const isMasked = sick => sick.message.hidden !== '' || JSON.stringify(sick).includes('***');
const final = state => state === 'healed' || state === 'discarded';

export async function show({place, signal, parameters: {id}}) {
  const content = h('div', {});
  const state = h('span', {});
  put(place, h('div', {class: 'title'}, h('h1', {}, 'Case ', h('span', {class: 'mono'}, id)), state),
      h('p', {class: 'crumbs'}, h('a', {href: '#/hospital'}, 'Hospital'), ' / ', h('a', {href: '#/hospital/cases'}, 'Cases')), content);
  const trial = h('div', {});
  let sick = null, shown = '';

  async function read() {
    let now;
    try {
      now = await get(`/hospital/cases/${part(id)}`, signal);
    } catch (problem) {
      if (signal.aborted || sick) return;
      if (problem.status === 404)
        return void put(content, empty('There is no such case', 'It may be closed for so long that it was forgotten, or the address is not whole.'));
      return trouble(content, 'This case could not be read', problem, read);
    }
    if (sick?.is_revealed && sick.version === now.version) return;  // Shown on purpose: not masked again behind the reader's back.
    draw(now);
  }

  const done = (what, answer) => { if (answer) { note(`${what} ${id}`, {about: id}); put(trial); read(); } };
  const acts = {
    replay: async () => done('Replay asked for:', await replayCase(sick)),
    edit: async version => done('Edited and sent:', await editCase(sick, signal, version)),
    keep: async () => {
      try {
        done('Discard taken back:', await keepCase(sick));
      } catch (problem) { complain(problem, 'It could not be taken back'); }
    },
    discard: async () => done('Discard asked for:', await discardCase(sick)),
    reveal: async () => { const open = await revealCase(sick); if (open) draw(open); },
    rehearse: async () => {
      put(trial, h('p', {class: 'quiet'}, 'Rehearsing …'));
      try {
        put(trial, h('h2', {}, 'What a replay would do now'), rehearsal(await get(`/hospital/cases/${part(id)}/rehearsal`, signal)),
            h('p', {class: 'quiet'}, 'Nothing of this was kept.'));
      } catch (problem) {
        put(trial);
        complain(problem, 'The rehearsal failed');
      }
    },
  };
  const button = (label, act, kind, open) => h('button', {type: 'button', class: kind, disabled: !open, on: {click: () => acts[act]()}}, label);

  /** What is going on with a case that is not open, and the way back where there is one. */
  function condition(now) {
    if (now.held_until)
      return h('p', {class: 'inline'}, h('span', {class: 'quiet'}, `Held until ${format.clock(now.held_until)}: ${now.service} was not told yet. `),
               h('button', {type: 'button', 'data-name': 'keep', on: {click: acts.keep}}, 'Take the discard back'));
    return h('p', {class: 'quiet'}, {replaying: 'A replay is on its way; its outcome appears here.',
                                     discarding: 'It is being buried.', healed: 'A replay has succeeded.',
                                     discarded: `It was buried${now.followers_discarded ? ` with ${format.plural(now.followers_discarded, 'follower')}` : ''}. This cannot be undone: what waited behind it has gone on.`}[now.state]);
  }

  function draw(now) {
    const text = JSON.stringify(now);
    if (text === shown) return;
    shown = text;
    const before = sick;
    sick = now;
    if (before && before.state !== now.state && final(now.state)) note(`${id} is ${now.state}.`, {about: id});
    put(state, stateChip(now.state));
    const focused = document.activeElement?.dataset?.name;
    const open = now.state === 'open';
    put(content,
      h('p', {class: 'facts'}, h('span', {}, now.service), h('span', {class: 'mono'}, now.type), h('span', {}, format.words(now.reason)),
        now.key ? h('span', {}, 'key ', h('span', {class: 'mono'}, now.key)) : null,
        h('a', {href: `#/hospital/cases?q=${encodeURIComponent(`group:${now.group_id}`)}`}, 'others that failed alike'),
        now.batch_id ? h('span', {}, 'in ', batchLink(now.batch_id)) : null),
      h('p', {class: 'error large'}, now.error),
      h('div', {class: 'toolbar'}, button('Replay', 'replay', 'primary', open), button('Edit and replay', 'edit', '', open),
        button('Rehearse', 'rehearse', '', !final(now.state)), h('span', {class: 'grow'}), button('Discard', 'discard', 'danger', open)),
      open ? null : condition(now),
      trial,
      h('div', {class: 'columns'},
        h('section', {}, h('h2', {}, 'Story ', h('span', {class: 'quiet'}, format.plural(now.attempts, 'attempt'))), story(now)),
        h('section', {},
          h('h2', {}, 'Payload ', now.is_revealed ? chip('personal data shown', 'warn') : null),
          payloadOf(now.message, 'Payload'),
          now.is_revealed ? h('p', {}, h('button', {type: 'button', on: {click: () => { sick = null; shown = ''; read(); }}}, 'Mask personal data'))
            : isMasked(now) ? h('p', {}, h('button', {type: 'button', 'data-name': 'reveal', on: {click: acts.reveal}}, 'Show personal data'))
              : h('p', {class: 'quiet'}, 'Nothing in this case is masked.'),
          now.payloads.length > 1 ? [h('h2', {}, 'Versions of the payload'), now.payloads.map(one => h('details', {},
            h('summary', {}, one.number === 1 ? 'The original' : `Edit ${one.number - 1} by ${one.by}`, one.is_current ? ', which the service has' : ''),
            one.reason ? h('p', {class: 'quiet'}, one.reason) : null, payloadOf(one, `Payload ${one.number}`),
            open && !one.is_current && !one.hidden
              ? h('p', {}, h('button', {type: 'button', on: {click: () => acts.edit(one)}}, 'Go back to this one')) : null))] : null,
          parkedBehind(now),
          h('h2', {}, 'Headers'),
          /^00-[0-9a-f]{32}-/.test(now.message.traceparent) ? h('p', {}, h('a', {href: `#/traces/${part(now.message.traceparent.split('-')[1])}`}, 'The whole conversation, as a tree')) : null,
          h('dl', {class: 'headers'}, headers.filter(name => now.message[name] !== undefined && now.message[name] !== '').map(name =>
            h('div', {}, h('dt', {}, format.words(name)), h('dd', {class: 'mono'}, String(now.message[name]))))))));
    if (focused) content.querySelector(`[data-name=${focused}]`)?.focus();
  }

  await read();
  every(1_500, signal, read);
}
