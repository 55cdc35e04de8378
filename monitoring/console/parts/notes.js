// What happened, in the corner. Trouble stays until it is put away; what went well goes after a while, as it is in the
// trail, too. A newer note of the same subject takes the place of the older one.

import {h, put} from './dom.js';

const shown = new Map();
let count = 0;

export function note(text, {tone = 'good', link = null, about = null} = {}) {
  const name = about ?? `note ${++count}`;
  shown.get(name)?.remove();
  const element = h('div', {class: `note ${tone}`},
                    h('span', {}, text, ' ', link ? h('a', {href: link.href}, link.text) : null),
                    h('button', {type: 'button', class: 'plain', 'aria-label': 'Put away',
                                 on: {click: () => { element.remove(); shown.delete(name); }}}, '×'));
  shown.set(name, element);
  if (tone === 'good') setTimeout(() => element.remove(), 20_000);
  const home = document.getElementById('notes');
  home.append(element);
  while (home.children.length > 4) home.firstElementChild.remove();
}

export const complain = (trouble, what) => note(`${what}: ${trouble.message}`, {tone: 'bad'});

/** A line in the page itself: what went wrong and a way to try again. */
export function trouble(place, what, problem, again) {
  put(place, h('div', {class: 'trouble', role: 'alert'}, h('p', {class: 'strong'}, what), h('p', {}, problem.message),
               again ? h('button', {type: 'button', on: {click: again}}, 'Try again') : null));
}
