// Elements without markup: every text becomes a text node, so that nothing that a message holds can run.

const SVG = 'http://www.w3.org/2000/svg';

function fill(element, attributes, kids) {
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name === 'on') for (const [event, act] of Object.entries(value)) element.addEventListener(event, act);
    else if (name === 'value') element.value = value;
    else element.setAttribute(name, value === true ? '' : value);
  }
  element.append(...kids.flat(3).filter(kid => kid !== null && kid !== undefined && kid !== false));
  return element;
}

/** h('a', {href: '#/shop', on: {click: act}}, 'Shop', another element, ...). Empty kids are left out. */
export const h = (tag, attributes, ...kids) => fill(document.createElement(tag), attributes, kids);
export const svg = (tag, attributes, ...kids) => fill(document.createElementNS(SVG, tag), attributes, kids);

/** Puts these in place of what an element holds. */
export function put(element, ...kids) {
  element.replaceChildren(...kids.flat(3).filter(kid => kid !== null && kid !== undefined && kid !== false));
  return element;
}

/** Changes a text only when it differs: selections and screen readers are left alone. */
export function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

export const chip = (text, tone) => h('span', {class: `chip ${tone ?? ''}`}, text);

/** A page without data yet, or for good; says what would be here and what to do. */
export const empty = (title, ...more) => h('div', {class: 'empty'}, h('p', {class: 'strong'}, title), h('p', {}, more));

/** Runs `work` now and again `ms` after each end, until the signal; never while the tab is hidden. */
export async function every(ms, signal, work) {
  while (!signal.aborted) {
    if (!document.hidden) await work();
    await new Promise(done => {
      const timer = setTimeout(done, ms);
      signal.addEventListener('abort', () => { clearTimeout(timer); done(); }, {once: true});
    });
  }
}
