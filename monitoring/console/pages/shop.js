// How the shop is doing: how many orders, how fast, which wait, and whether the promises hold.

import {chip, empty, every, h, put, say} from '../parts/dom.js';
import * as format from '../parts/format.js';
import {get, part, url} from '../parts/api.js';
import {dead} from '../parts/dead.js';
import {live} from '../parts/live.js';
import {buckets, metrics, quantile} from '../parts/metrics.js';
import {spark} from '../parts/spark.js';
import {scroller, table} from '../parts/table.js';
import {Auditor, countStock} from '../parts/auditor.js';
import {tile} from '../parts/tile.js';

const steps = [
  {state: 'pending', name: 'accepted', tone: '', what: 'answered with 201'},
  {state: 'placed', tone: '', what: 'goods put aside'},
  {state: 'paid', tone: '', what: 'the money is in'},
  {state: 'packaged', tone: '', what: 'the box is closed'},
  {state: 'shipped', tone: 'good', what: 'the carrier has it'},
  {state: 'rejected', tone: 'warn', what: 'not enough in stock'},
  {state: 'cancelled', tone: 'warn', what: 'declined, unfit, or unwanted'},
];
const window_s = 60;
const pace = 2_000;
const slots = 60;
const recentShown = 12;

const digits = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
/** The first id that an order of this time could have. */
function idAt(milliseconds) {
  let text = '';
  for (let rest = Math.max(0, Math.floor(milliseconds)), at = 0; at < 10; ++at, rest = Math.floor(rest / 32))
    text = digits[rest % 32] + text;
  return `${text}0000000000000000`;
}

/**
 * The newest orders, newest first. Orders are listed oldest first, so a moment is looked for after which there are at
 * least as many as are shown, and not more than one page: further back while there are too few, halfway on while there
 * are too many. It is kept for the next time.
 */
let since = null;
async function newest(signal) {
  const now = Date.now();
  since ??= now - 60_000;
  let few = now, many = null, found = [];
  for (let tries = 0; tries < 48; ++tries) {
    const got = await get(url('/orders', {page_size: 200, page_token: idAt(since)}), signal);
    if (got.next_page_token) {
      many = since;
    } else {
      found = got.orders;
      few = since;
      if (found.length >= recentShown || since <= 0) break;
    }
    if (many !== null && few - many < 2) break;  // More than a page in one moment.
    since = many === null ? now - 12 * (now - since) : Math.floor((few + many) / 2);
  }
  return found.reverse();
}

/** Orders are counted where they are kept: how much of that is on this node, and who has the rest. */
async function homeOfOrders(signal) {
  const {node, partitions} = await get('/cluster', signal);
  const all = partitions.filter(one => /^order(\/|$)/.test(one.partition));
  const others = [...new Set(all.filter(one => one.node !== node).map(one => one.node))].sort();
  return {all: all.length, here: all.filter(one => one.node === node).length, others: others.join(', ')};
}

/** Rates of the last minute from counters that only grow, a sample each `pace`. */
class Counted {
  #samples = [];
  series = [];
  add(at, value) {
    if (this.#samples.length && value < this.#samples.at(-1).value) this.#samples = [];  // The program was started again.
    this.#samples.push({at, value});
    while (this.#samples.length > 2 && at - this.#samples[1].at >= window_s) this.#samples.shift();
    const before = this.#samples.at(-2);
    if (before) this.series.push((value - before.value) / Math.max(0.1, at - before.at));
    if (this.series.length > slots) this.series.shift();
    this.total = value;
  }
  get perMinute() {
    const first = this.#samples[0], last = this.#samples.at(-1);
    const grown = (last?.value ?? 0) - (first?.value ?? 0);
    const seconds = (last?.at ?? 0) - (first?.at ?? 0);
    return seconds <= 0 ? 0 : grown * 60 / Math.max(seconds, seconds < window_s ? 10 : seconds);
  }
}

const tiles = {
  rate: ['Orders per minute', 'accepted, over the last minute'],
  open: ['Open orders', 'not yet shipped, rejected or cancelled'],
  oldest: ['Oldest open order', 'since it was accepted'],
  done: ['Accepted to final', 'half of the newest orders took less'],
  answer: ['POST /orders', 'half of the answers took less; of the last minute where there are some, else of all'],
  dead: ['Dead letters', 'open cases of the hospital'],
};

function percentile(list, share) {
  const sorted = [...list].sort((a, b) => a - b);
  return sorted.length ? sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] : NaN;
}

const isFinal = order => ['shipped', 'rejected', 'cancelled'].includes(order.status);
const tone = state => ({shipped: 'good', rejected: 'warn', cancelled: 'warn'})[state] ?? 'busy';

export async function show({place, signal}) {
  const boxes = Object.fromEntries(Object.entries(tiles).map(([name, [label, hint]]) => [name, tile(label, hint)]));

  const search = h('input', {type: 'search', placeholder: 'Order or trace id', 'aria-label': 'Follow an order by its id, or a trace',
                             spellcheck: 'false', autocomplete: 'off'});
  const follow = h('form', {class: 'inline', on: {submit: event => {
    event.preventDefault();
    const id = search.value.trim();
    if (id) location.hash = /^[0-9a-f]{32}$/.test(id) ? `#/traces/${id}` : `#/shop/orders/${part(id)}`;
  }}}, search, h('button', {type: 'submit'}, 'Follow'));

  const counted = new Map(steps.map(step => [step.state, new Counted()]));
  const sparks = new Map(steps.map(step => [step.state, spark(280, 24, slots)]));
  const flow = table([
    {id: 'state', label: 'State', head: true,
     show: (step, cell) => {
       if (cell.firstChild) return;
       cell.title = step.what;
       put(cell, chip(step.name ?? step.state, step.tone));
     }},
    {id: 'minute', label: 'Per minute', numeric: true, show: step => format.rate(counted.get(step.state).perMinute)},
    {id: 'total', label: 'Since start', numeric: true, title: 'since this process started',
     show: step => format.number(counted.get(step.state).total ?? 0)},
    {id: 'spark', label: 'Last two minutes', show: (step, cell) => {
      if (!cell.firstChild) put(cell, sparks.get(step.state));
      sparks.get(step.state).draw(counted.get(step.state).series);
    }},
  ], {caption: 'Orders by state', key: step => step.state});

  const recent = h('div', {}, empty('Reading the newest orders …'));
  const recentTable = table([
    {id: 'order', label: 'Order', head: true, show: (order, cell) => {
      if (!cell.firstChild) put(cell, h('a', {class: 'mono', href: `#/shop/orders/${part(order.order_id)}`}, order.order_id));
    }},
    {id: 'status', label: 'Status', show: (order, cell) => {
      if (cell.textContent !== order.status) put(cell, chip(order.status, tone(order.status)));
    }},
    {id: 'pieces', label: 'Pieces', numeric: true, show: order => order.lines.reduce((sum, line) => sum + line.quantity, 0)},
    {id: 'total', label: 'Total', numeric: true, show: order => format.money(order.total.amount_minor, order.total.currency)},
    {id: 'took', label: 'Took', numeric: true, title: 'from its acceptance to its last step', show: order =>
      (order.history.length < 2 ? '–' : format.span(format.seconds(order.history.at(-1).at) - format.seconds(order.history[0].at)))},
    {id: 'at', label: 'Accepted', numeric: true, show: order => format.date(order.history[0].at)},
  ], {caption: 'The newest orders', key: order => order.order_id});

  const flowScroller = scroller('Orders by state', flow);
  const flowElsewhere = h('div', {});
  const flowPart = h('span', {class: 'quiet'});
  const verdicts = h('ul', {class: 'promises'});
  const progress = h('span', {class: 'quiet'});

  put(place,
      h('div', {class: 'title'}, h('h1', {}, 'Shop'), follow),
      h('section', {class: 'tiles', 'aria-label': 'At a glance'}, Object.values(boxes)),
      h('div', {class: 'columns'},
        h('section', {}, h('h2', {}, 'Orders by state ', flowPart), flowScroller, flowElsewhere),
        h('section', {}, h('h2', {}, 'Promises ', progress), verdicts)),
      h('section', {}, h('h2', {}, 'Newest orders'), recent));
  flow.show(steps);

  const auditor = new Auditor();
  let stock = null, stockAt = 0, auditTrouble = null, home = null;

  function judge() {
    const queues = [...live.queues.values()].map(one => one.now);
    const lost = queues.filter(one => one.imbalance !== 0);
    const published = queues.reduce((sum, one) => sum + one.published, 0);
    const money = minor => format.money(minor, auditor.currency);
    const first = list => `${format.plural(list.length, 'order')}, the first is ${list[0]}`;
    const now = Date.now() / 1000;
    const stuck = [...auditor.open.values()].filter(one => now - format.seconds(one.history[0].at) > 300);
    const read = auditor.settled > 0 || auditor.caughtUp;
    return [
      {name: 'No message vanishes', known: queues.length > 0, holds: lost.length === 0,
       text: lost.length ? `${lost[0].queue}: ${lost[0].imbalance} not accounted for`
                         : `${format.number(published)} messages in ${format.plural(queues.length, 'queue')} of ${live.node} are all accounted for`},
      {name: 'At most one charge per order', known: read, holds: auditor.broken.charges.length === 0,
       text: auditor.broken.charges.length ? first(auditor.broken.charges)
                                           : `${format.number(auditor.charges)} charges for ${format.plural(auditor.settled, 'settled order')}`},
      {name: 'Charged − refunded = price if shipped, else nothing', known: read, holds: auditor.broken.money.length === 0,
       text: auditor.broken.money.length ? first(auditor.broken.money)
                                         : `${money(auditor.charged)} − ${money(auditor.refunded)} = ${money(auditor.charged - auditor.refunded)}`},
      {name: 'Shipped only after paid', known: read, holds: auditor.broken.unpaid.length === 0,
       text: auditor.broken.unpaid.length ? first(auditor.broken.unpaid) : `${format.plural(auditor.shipped, 'shipped order')}`},
      {name: 'Every order reaches a final state', known: read, holds: stuck.length === 0,
       text: stuck.length ? `${format.plural(stuck.length, 'order')} open for more than 5 min, the first is ${stuck[0].order_id}`
                          : auditor.open.size ? `${format.plural(auditor.open.size, 'order')} on the way, none for more than 5 min`
                                              : `${format.plural(auditor.settled, 'order is', 'orders are')} final, none is open`},
      {name: 'Received = on hand + reserved + shipped', known: stock !== null, holds: !stock?.broken.length,
       text: !stock ? '' : stock.broken.length ? `broken for ${format.plural(stock.broken.length, 'item')}, the first is ${stock.broken[0]}`
         : `${format.number(stock.received)} = ${format.number(stock.on_hand)} + ${format.number(stock.reserved)} + ${format.number(stock.shipped)} pieces of ${format.number(stock.items)} items`},
    ];
  }

  const lines = new Map();
  function showPromises() {
    for (const one of judge()) {
      let line = lines.get(one.name);
      if (!line) {
        line = {mark: h('span', {}), text: h('div', {class: 'quiet'})};
        lines.set(one.name, line);
        verdicts.append(h('li', {}, line.mark, h('div', {}, h('div', {}, one.name), line.text)));
      }
      line.mark.className = `chip ${!one.known ? '' : one.holds ? 'good' : 'bad'}`;
      say(line.mark, !one.known ? 'reading' : one.holds ? 'holds' : 'broken');
      say(line.text, one.known ? one.text : ' ');
    }
    say(progress, auditTrouble ? `not read further: ${auditTrouble.message}`
      : auditor.caughtUp ? `${format.plural(auditor.seen, 'order')} read` : `${format.number(auditor.seen)} orders read so far`);
  }

  function showOpen(samples) {
    const by = samples.filter(one => one.name === 'shop_orders_open' && one.value > 0);
    boxes.open.set(format.number(by.reduce((sum, one) => sum + one.value, 0)),
                   by.map(one => `${format.number(one.value)} ${one.labels.state}`).join(', '));
    const oldest = samples.find(one => one.name === 'shop_order_oldest_open_timestamp_seconds')?.value ?? 0;
    const seconds = oldest ? Date.now() / 1000 - oldest : 0;
    const known = auditor.open.values().next().value;
    boxes.oldest.set(oldest ? format.age(seconds) : 'none', oldest && known ? known.order_id : '',
                     seconds > 300 ? 'bad' : seconds > 60 ? 'warn' : '');
  }

  /** What others count is read off the orders themselves. */
  function showOpenOfAll() {
    if (!auditor.caughtUp) return [boxes.open, boxes.oldest].forEach(one => one.set('–', 'reading the orders'));
    const open = [...auditor.open.values()].filter(one => !isFinal(one));
    boxes.open.set(format.number(open.length));
    const seconds = open.length ? Date.now() / 1000 - format.seconds(open[0].history[0].at) : 0;
    boxes.oldest.set(open.length ? format.age(seconds) : 'none', open[0]?.order_id ?? '', seconds > 300 ? 'bad' : seconds > 60 ? 'warn' : '');
  }

  function showHome() {
    const elsewhere = home?.here === 0;
    flowScroller.hidden = elsewhere;
    flowElsewhere.hidden = !elsewhere;
    const part = home && home.here < home.all ? `of ${format.plural(home.here, 'partition')} of ${home.all}; the others are on ${home.others}` : '';
    say(flowPart, elsewhere ? '' : part);
    if (elsewhere && !flowElsewhere.firstChild)
      put(flowElsewhere, empty(`Orders are kept on ${home.others}`, 'They are counted there: the console of that node shows this table.'));
    return {elsewhere, part};
  }

  function showRecent(orders) {
    if (orders.length === 0)
      return void put(recent, empty('No orders yet', 'The first one appears here a moment after POST /orders. ',
                                    h('code', {}, './musiccorp demo'), ' places some.'));
    if (recentTable.parentElement?.parentElement !== recent) put(recent, scroller('The newest orders', recentTable));
    recentTable.show(orders.slice(0, recentShown));
    const done = orders.filter(isFinal)
      .map(order => format.seconds(order.history.at(-1).at) - format.seconds(order.history[0].at));
    boxes.done.set(format.span(percentile(done, 0.5)),
                   done.length ? `99 of 100: ${format.span(percentile(done, 0.99))}` : '');
  }

  const past = [];
  function showNumbers(samples) {
    const now = Date.now() / 1000;
    for (const one of samples)
      if (one.name === 'shop_orders_total') counted.get(one.labels.state)?.add(now, one.value);
    const {elsewhere, part} = showHome();
    if (part) showOpenOfAll();
    else showOpen(samples);
    if (elsewhere) boxes.rate.set('–', `counted on ${home.others}`);
    else boxes.rate.set(format.rate(counted.get('pending').perMinute), part || `${format.rate(counted.get('shipped').perMinute)} shipped`);
    const mine = labels => labels.route === '/orders' && labels.method === 'POST';
    const seen = buckets(samples, 'http_request_duration_seconds', mine);
    past.push(seen);
    if (past.length > window_s * 1_000 / pace) past.shift();
    const count = list => list?.at(-1)?.[1] ?? 0;
    const before = count(seen) > count(past[0]) ? past[0] : [];
    boxes.answer.set(format.span(quantile(0.5, seen, before)),
                     count(seen) ? `99 of 100: ${format.span(quantile(0.99, seen, before))}` : 'no answers of this node yet');
    flow.show(steps);
  }

  live.follow('rows', signal, showPromises);
  dead.follow(signal, () => {
    if (dead.open === null) return boxes.dead.set('–', dead.trouble ? 'the hospital is not heard' : '', dead.trouble ? 'warn' : '');
    boxes.dead.set(format.number(dead.open) + (dead.isWhole ? '' : '+'), dead.open ? 'look into the hospital' : 'nothing to do', dead.open ? 'bad' : '');
  });

  // Each part goes on when another one has trouble; the line above the page says when the node is away.
  const quietly = async work => {
    try { await work(); } catch (problem) { if (problem.name !== 'AbortError') return problem; }
    return null;
  };
  const reading = async () => {
    await quietly(async () => { home = await homeOfOrders(signal); });
    await quietly(async () => showNumbers(await metrics(['shop_order', 'http_request_duration_seconds_bucket{'], signal)));
    await quietly(async () => showRecent(await newest(signal)));
    auditTrouble = await quietly(() => auditor.go(signal));
    if (Date.now() - stockAt > 15_000)
      await quietly(async () => { stock = await countStock(signal); stockAt = Date.now(); });
    if (!signal.aborted) showPromises();
  };
  every(pace, signal, reading);
}
