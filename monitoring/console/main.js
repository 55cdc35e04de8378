// The frame around the pages: which one is open, whether the node is heard, and what the keyboard can do.

import {h, put, say} from './parts/dom.js';
import {number} from './parts/format.js';
import {dead} from './parts/dead.js';
import {live} from './parts/live.js';
import {tell} from './parts/dialog.js';
import {trouble} from './parts/notes.js';
import * as shop from './pages/shop.js';
import * as order from './pages/order.js';
import * as queues from './pages/queues.js';
import * as hospital from './pages/hospital.js';
import * as patient from './pages/case.js';
import * as batch from './pages/batch.js';
import * as supervision from './pages/supervision.js';
import * as cluster from './pages/cluster.js';
import * as trace from './pages/trace.js';

/** Every address is #/a/b/c?name=value. The first pattern that fits is the page; a part with a colon is a parameter. */
const routes = [
  ['shop', shop, 'Shop'],
  ['shop/orders/:id', order, 'Shop'],
  ['queues', queues, 'Queues'],
  ['hospital', hospital, 'Hospital'],
  ['hospital/:ward', hospital, 'Hospital'],
  ['hospital/cases/:id', patient, 'Hospital'],
  ['hospital/batches/:id', batch, 'Hospital'],
  ['supervision', supervision, 'Supervision'],
  ['cluster', cluster, 'Cluster'],
  ['traces/:id', trace, 'Shop'],
];
const pages = [
  {name: 'Shop', to: '#/shop', key: 's'},
  {name: 'Queues', to: '#/queues', key: 'q'},
  {name: 'Hospital', to: '#/hospital', key: 'h'},
  {name: 'Supervision', to: '#/supervision', key: 'v'},
  {name: 'Cluster', to: '#/cluster', key: 'c'},
];

const main = document.getElementById('main');
let leave = null;

function parse(hash) {
  const [path, query = ''] = hash.replace(/^#\/?/, '').split('?');
  const parts = path.split('/').filter(Boolean).map(decodeURIComponent);
  for (const [pattern, page, name] of routes) {
    const wanted = pattern.split('/');
    if (wanted.length !== parts.length) continue;
    if (!wanted.every((word, at) => word.startsWith(':') || word === parts[at])) continue;
    const parameters = Object.fromEntries(wanted.flatMap((word, at) => word.startsWith(':') ? [[word.slice(1), parts[at]]] : []));
    return {page, name, parameters, query: new URLSearchParams(query), path};
  }
  return null;
}

let shownPath = null;
async function open() {
  const found = parse(location.hash);
  if (!found) return location.replace('#/shop');
  const moved = found.path !== shownPath;
  if (!moved && found.page.stay?.(found)) return;
  shownPath = found.path;
  leave?.abort();
  leave = new AbortController();
  const {signal} = leave;
  for (const link of document.querySelectorAll('#nav a')) {
    if (link.dataset.name === found.name) link.setAttribute('aria-current', 'page');
    else link.removeAttribute('aria-current');
  }
  const place = h('div', {class: 'page'});
  put(main, place);
  try {
    await found.page.show({...found, place, signal});
  } catch (problem) {
    if (signal.aborted || problem.name === 'AbortError') return;
    trouble(place, 'This page could not be shown', problem, open);
  }
  if (signal.aborted) return;
  const heading = place.querySelector('h1');
  document.title = `${heading?.textContent ?? found.name} · MusicCorp`;
  if (moved && heading && opened) {
    heading.tabIndex = -1;
    heading.focus({preventScroll: true});
    scrollTo(0, 0);
  }
  opened = true;
}
let opened = false;

// --- the bar ---

const badge = h('span', {class: 'badge', hidden: true});
put(document.getElementById('nav'), pages.map(page =>
  h('a', {href: page.to, 'data-name': page.name}, page.name, page.name === 'Hospital' ? badge : null)));

const lost = document.getElementById('lost');
const retry = h('button', {type: 'button', on: {click: () => live.retry()}}, 'Try now');
const lostText = h('span', {});
put(lost, lostText, ' ', retry);

live.addEventListener('link', () => {
  const link = document.getElementById('link');
  link.className = `link ${live.state}`;
  say(link, live.state);
  lost.hidden = live.state !== 'lost';
  if (live.state === 'lost')
    say(lostText, `The node is not heard any more; what you see is old. Trying again in ${live.retryIn} s.`);
});
live.addEventListener('rows', () => {
  say(document.getElementById('node'), live.node);
});
dead.addEventListener('count', () => {
  badge.hidden = dead.open === 0;
  badge.classList.toggle('unknown', dead.open === null);
  badge.title = dead.open === null ? `The hospital cannot be asked: ${dead.trouble}` : 'dead letters that wait for somebody';
  say(badge, dead.open === null ? '?' : number(dead.open) + (dead.isWhole ? '' : '+'));
  badge.setAttribute('aria-label', dead.open === null ? 'nobody knows how many dead' : `${badge.textContent} dead`);
});

// --- light and dark ---

const themes = ['auto', 'light', 'dark'];
const themeButton = document.getElementById('theme');
function wear(theme) {
  document.documentElement.dataset.theme = theme;
  say(themeButton, {auto: 'Auto', light: 'Light', dark: 'Dark'}[theme]);
  themeButton.setAttribute('aria-label', `Colours: ${theme}`);
  localStorage.setItem('musiccorp.theme', theme);
}
wear(themes.includes(localStorage.getItem('musiccorp.theme')) ? localStorage.getItem('musiccorp.theme') : 'auto');
themeButton.addEventListener('click', () =>
  wear(themes[(themes.indexOf(document.documentElement.dataset.theme) + 1) % themes.length]));

// --- the keyboard ---

const help = () => tell('Keyboard', h('dl', {class: 'keys'}, [
  ['/', 'search on this page'],
  ...pages.map(page => [`g ${page.key}`, page.name]),
  ['Tab, Enter', 'everything else is links, buttons and fields'],
  ['Esc', 'leave a dialog'],
].map(([key, what]) => h('div', {}, h('dt', {}, h('kbd', {}, key)), h('dd', {}, what)))));
document.getElementById('help').addEventListener('click', help);

let going = 0;
addEventListener('keydown', event => {
  if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector('dialog[open]')) return;
  if (event.target.closest('input:not([type=checkbox]), textarea, select')) return;
  const page = pages.find(one => one.key === event.key);
  if (page && Date.now() - going < 1_500) {
    going = 0;
    location.hash = page.to;
  } else if (event.key === 'g') {
    going = Date.now();
  } else if (event.key === '?') {
    help();
  } else if (event.key === '/') {
    const search = main.querySelector('[type=search]');
    if (search) { event.preventDefault(); search.focus(); search.select(); }
  }
});

document.querySelector('.skip').addEventListener('click', event => { event.preventDefault(); main.focus(); });
addEventListener('hashchange', open);
live.start();
dead.start();
open();
