// The tree of supervisors as it lives: states, restarts, causes, budget, and buttons to act.

import {chip, empty, every, h, put} from '../parts/dom.js';
import * as format from '../parts/format.js';
import {get, part, post} from '../parts/api.js';
import {ask, nameField, reasonField} from '../parts/dialog.js';
import {note, trouble} from '../parts/notes.js';
import {scroller} from '../parts/table.js';
import {by} from '../parts/ward.js';

const tones = {up: 'good', starting: 'busy', restarting: 'warn', stopping: 'warn', stopped: 'quiet', finished: 'quiet', wedged: 'bad', none: 'quiet',
               running: 'good', ended: 'quiet'};

const actions = {
  restart: {title: 'Restart', text: 'It is stopped and started again, as its specification says. Its messages stay.', when: ['up', 'starting', 'restarting', 'wedged']},
  stop: {title: 'Stop', text: 'It is stopped and stays so until somebody starts it.', when: ['up', 'starting', 'restarting'], danger: true},
  start: {title: 'Start', text: '', when: ['stopped', 'finished', 'none']},
};

async function act(action, path, again) {
  const what = actions[action];
  const name = nameField(), reason = reasonField(true);
  const answer = await ask({title: `${what.title} ${path}?`, text: what.text, fields: {name, reason}, confirm: what.title, danger: what.danger,
                            act: () => post(`/supervision/${part(path)}/${action}`, {reason: reason.control.value, by: by()})});
  if (answer === undefined) return;
  note(`${what.title} asked for: ${path}`, {about: path});
  again();
}

/** Services that others do not ask now, because they do not answer. */
function away(dependencies) {
  const those = dependencies.filter(one => one.state !== 'closed');
  return those.length ? h('section', {class: 'trouble'}, h('h2', {}, format.plural(those.length, 'service is', 'services are'), ' not asked now'),
    h('ul', {class: 'plain-list'}, those.map(one => h('li', {}, h('span', {class: 'strong'}, one.service), ' waits for ',
      h('span', {class: 'strong'}, one.dependency), ` (${format.words(one.cause)}), ${format.words(one.state)} since ${format.clock(one.since)}`)))) : null;
}

/** What operators did since the node was started, newest first. */
const actionTable = actions => scroller('Actions', h('table', {}, h('caption', {class: 'unseen'}, 'Actions'),
  h('thead', {}, h('tr', {}, ['When', 'Who', 'Did', 'With', 'Why', 'Outcome'].map(name => h('th', {scope: 'col'}, name)))),
  h('tbody', {}, actions.map(one => h('tr', {}, h('td', {title: one.at}, format.date(one.at)), h('td', {}, one.by || '–'), h('td', {}, one.action),
    h('td', {class: 'mono'}, one.child), h('td', {class: 'wide'}, one.reason), h('td', {class: 'wide'}, one.outcome))))));

const causeLine = cause => h('li', {class: cause.kind === 'normal' ? '' : cause.in_place ? 'warn' : 'bad'}, h('span', {class: 'when', title: cause.at}, format.date(cause.at)), h('span', {class: 'dot'}),
  h('span', {class: 'what'}, h('span', {class: 'strong'}, format.words(cause.kind)), cause.in_place ? h('span', {class: 'quiet'}, ' survived, the core was rebuilt') : null,
    cause.text ? h('div', {class: 'error'}, cause.text) : null,
    cause.message ? h('div', {class: 'quiet'}, 'while handling ', h('span', {class: 'mono'}, cause.message)) : null,
    cause.backtrace ? h('details', {}, h('summary', {}, 'Backtrace'), h('pre', {class: 'code', tabindex: '0', role: 'region', 'aria-label': 'Backtrace'}, cause.backtrace)) : null));

export async function show({place, signal}) {
  const content = h('div', {class: 'tree'});
  put(place, h('div', {class: 'title'}, h('h1', {}, 'Supervision')), content);
  const opened = new Set();  // paths whose causes are shown
  let shown = '';

  const budget = view => {
    const spent = view.intensity > 0 ? 1 - view.budget_left / view.intensity : 0;
    const fill = h('span', {class: `fill ${spent >= 0.8 ? 'high' : ''}`});
    fill.style.inlineSize = `${Math.min(100, spent * 100)}%`;
    return h('span', {class: spent ? 'budget' : 'budget quiet', title: `at most ${view.intensity} restarts in ${format.span(view.period_ms / 1000)}; one more ends the supervisor`},
             `${format.number(view.budget_left)} of ${format.number(view.intensity)} restarts left`, spent ? h('span', {class: 'meter', 'aria-hidden': 'true'}, fill) : null);
  };
  const counts = one => h('span', {class: 'numbers'}, h('span', {class: one.restarts ? '' : 'zero'}, format.plural(one.restarts, 'restart')),
                          h('span', {class: one.rebuilds ? '' : 'zero'}, format.plural(one.rebuilds, 'rebuild')));
  const buttons = (path, state) => h('span', {class: 'actions'},
    Object.entries(actions).filter(([, what]) => what.when.includes(state)).map(([name, what]) =>
      h('button', {type: 'button', 'data-name': `${name} ${path}`, 'aria-label': `${what.title} ${path}`, on: {click: () => act(name, path, read)}}, what.title)));
  const causes = (path, list) => {
    const last = list.at(-1);
    return last && h('details', {open: opened.has(path), on: {toggle: event => {
      if (event.target.open) opened.add(path);
      else opened.delete(path);
    }}}, h('summary', {}, `Last causes: ${format.words(last.kind)} ${format.ago(last.at)}`),
      h('ol', {class: 'timeline story'}, [...list].reverse().map(causeLine)));
  };

  /** A healthy supervisor of a single worker is one line with it: most services have one partition. */
  function onlyWorker(one) {
    const view = one.supervises.length === 1 ? one.supervises[0] : null;
    const worker = view?.children.length === 1 ? view.children[0] : null;
    return worker && worker.supervises.length === 0 && one.state === 'up' && one.restarts === 0 && !one.causes.length ? {view, worker} : null;
  }
  function child(path, one) {
    const merged = onlyWorker(one);
    const shownOne = merged?.worker ?? one;
    const mine = merged ? `${merged.view.path}/${merged.worker.id}` : `${path}/${one.id}`;
    return h('li', {}, h('div', {class: 'child'},
      h('span', {class: 'name'}, one.id, merged ? h('span', {class: 'quiet'}, ` / ${merged.worker.id}`) : null),
      chip(shownOne.state, tones[shownOne.state]),
      h('span', {class: 'quiet'}, shownOne.restart, shownOne.significant ? ', significant' : '', `, since ${format.date(shownOne.since)}`),
      h('span', {class: 'grow'}), merged ? budget(merged.view) : null, h('span', {class: 'end'}, counts(shownOne), buttons(mine, shownOne.state))),
      shownOne.next_retry ? h('p', {class: 'warn-text'}, `next try ${format.date(shownOne.next_retry)}`) : null, causes(mine, shownOne.causes),
      merged ? null : one.supervises.map(supervisor));
  }
  function supervisor(view) {
    return h('div', {class: 'supervisor'},
      h('div', {class: 'child head'}, h('span', {class: 'name'}, view.path), chip(view.phase, tones[view.phase]),
        h('span', {class: 'quiet'}, format.words(view.strategy)), h('span', {class: 'grow'}), budget(view)),
      h('ul', {class: 'children'}, view.children.map(one => child(view.path, one))));
  }

  async function read() {
    let view;
    try {
      view = await get('/supervision', signal);
    } catch (problem) {
      if (signal.aborted) return;
      if (problem.status === 404)
        return void (shown === 'none' || (shown = 'none', put(content, empty('Not offered by this node',
          'It serves no ', h('code', {}, '/supervision'), '. Its cells still restart by themselves; their states are under ', h('a', {href: '#/queues'}, 'Queues'), '.'))));
      if (!shown) trouble(content, 'The tree could not be read', problem, read);
      return;
    }
    const text = JSON.stringify(view) + Math.floor(Date.now() / 10_000);  // Ages grow, too.
    if (text === shown) return;
    shown = text;
    const focused = document.activeElement?.dataset?.name;
    put(content,
      view.overdue.length ? h('section', {class: 'trouble'}, h('h2', {}, format.plural(view.overdue.length, 'handler is', 'handlers are'), ' over the deadline'),
        h('ul', {class: 'plain-list'}, view.overdue.map(one => h('li', {}, h('span', {class: 'strong'}, one.name), ' handles ',
          h('span', {class: 'mono'}, one.what), ` for ${format.span(one.running_ms / 1000)}; allowed are ${format.span(one.deadline_ms / 1000)}`)))) : null,
      away(view.dependencies ?? []),
      view.tree.length ? view.tree.map(supervisor) : empty('The tree is empty', 'No supervisor runs here.'),
      view.actions?.length ? h('section', {}, h('h2', {}, 'What people did'), actionTable(view.actions)) : null);
    if (focused) [...content.querySelectorAll('[data-name]')].find(one => one.dataset.name === focused)?.focus();
  }
  await read();
  every(2_000, signal, read);
}
