// One conversation as a tree: each thing that was done stands below what caused it.

import {chip, empty, h, put} from '../parts/dom.js';
import * as format from '../parts/format.js';
import {find, part} from '../parts/api.js';
import {trouble} from '../parts/notes.js';
import {scroller} from '../parts/table.js';

const tones = {ok: 'good', rejected: 'warn', deferred: 'busy', failed: 'bad'};
const words = {request: 'asked at the door', hop: 'on its way to', attempt: 'tried by', turn: 'handled by', commit: 'on disk at'};
const deepest = 30;  // Deeper ones are not moved further to the right.
const room = 216;    // So many pixels may the deepest be moved.

/** When it happened, on the time line of the whole conversation. The numbers beside it say the same. */
function bar(span, first, whole) {
  const piece = h('span', {class: `piece ${tones[span.state] ?? ''}`});
  const share = seconds => `${Math.max(0, Math.min(100, 100 * seconds / whole))}%`;
  piece.style.insetInlineStart = share(format.seconds(span.began) - first);
  piece.style.inlineSize = share(span.took_us / 1e6);
  return h('span', {class: 'lane', 'aria-hidden': 'true'}, piece);
}

function row(span, first, whole) {
  const where = span.kind === 'request' ? '' : ` ${span.service}`;
  const which = span.attempt ? `, attempt ${span.attempt}` : '';
  const lost = span.is_orphan && span.kind !== 'request' ? ', its cause is not known any more' : '';
  const what = h('th', {scope: 'row'},
             h('strong', {}, span.type), ' ', h('span', {class: 'quiet'}, `${words[span.kind] ?? span.kind}${where}${which}${lost}`));
  what.style.setProperty('--depth', Math.min(span.depth ?? 0, deepest));
  return h('tr', {}, what,
           h('td', {}, chip(span.state, tones[span.state] ?? ''), ' ', h('span', {class: 'quiet'}, span.why ? format.words(span.why) : '')),
           h('td', {class: 'when'}, bar(span, first, whole)),
           h('td', {class: 'number', title: span.began}, `+ ${format.span(format.seconds(span.began) - first)}`),
           h('td', {class: 'number'}, format.span(span.took_us / 1e6)),
           h('td', {class: 'quiet'}, span.node));
}

export async function show({place, signal, parameters: {id}}) {
  const content = h('div', {});
  put(place, h('div', {class: 'title'}, h('h1', {}, 'Trace ', h('span', {class: 'mono'}, id))),
      h('p', {class: 'crumbs'}, h('a', {href: '#/shop'}, 'Shop')), content);
  const again = async () => {
    let page;
    try {
      page = await find(`/trace/${part(id)}`, signal);
    } catch (problem) {
      if (problem.name === 'AbortError') return;
      return trouble(content, 'This trace could not be read', problem, again);
    }
    const silent = (page?.nodes ?? []).filter(one => !one.answered);
    if (!page || !page.spans.length && !silent.length)
      return void put(content, empty('Nobody knows this trace any more',
        'Each node remembers its newest spans, and for longer those of conversations in which something failed.'));
    const first = Math.min(...page.spans.map(one => format.seconds(one.began)));
    const whole = Math.max(1e-6, ...page.spans.map(one => format.seconds(one.began) - first + one.took_us / 1e6));
    const failed = page.spans.filter(one => one.state === 'failed').length;
    const depth = Math.min(deepest, Math.max(...page.spans.map(one => one.depth ?? 0)));
    const spans = h('tbody', {}, page.spans.map(one => row(one, first, whole)));
    spans.style.setProperty('--step', `${Math.min(18, room / Math.max(1, depth))}px`);
    put(content,
        h('p', {class: 'facts'}, h('span', {}, format.plural(page.spans.length, 'span')),
          h('span', {}, `in ${format.span(whole)}`),
          h('span', {}, failed ? `${format.number(failed)} failed` : 'none failed'),
          h('span', {class: 'quiet'}, page.nodes.map(one => one.node).join(', '))),
        silent.length ? h('p', {class: 'trouble'}, 'What these nodes know is missing: ',
                          silent.map(one => `${one.node} (${one.trouble})`).join(', ')) : null,
        scroller('Spans of the trace', h('table', {class: 'spans'},
          h('caption', {class: 'unseen'}, 'Spans of the trace, each below its cause'),
          h('thead', {}, h('tr', {}, h('th', {scope: 'col'}, 'What'), h('th', {scope: 'col'}, 'How it ended'), h('th', {scope: 'col'}, 'When'),
                           h('th', {scope: 'col', class: 'number'}, 'Began'), h('th', {scope: 'col', class: 'number'}, 'Took'),
                           h('th', {scope: 'col'}, 'Node'))),
          spans)));
  };
  await again();
}
