// One number that is to be seen at a glance, with a line below that says more.

import {h, say} from './dom.js';

/** set(text, more, tone): tone is '', 'warn' or 'bad'. */
export function tile(label, hint) {
  const value = h('div', {class: 'value'}, '–');
  const note = h('div', {class: 'quiet'});
  const element = h('div', {class: 'tile'}, h('h2', {title: hint}, label), value, note);
  element.set = (text, more = '', tone = '') => {
    say(value, text);
    say(note, more);
    element.className = `tile ${tone}`;
  };
  return element;
}
