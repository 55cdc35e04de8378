// Reads the books of order and payment side by side, oldest first, and remembers where it is: a final order stays as
// it is, so that each is checked once. Orders that are not settled yet are looked at again. The page shows how far
// the reading is; nothing is claimed about orders that were not read.

import {find, get, part, url} from './api.js';

const finals = new Set(['shipped', 'rejected', 'cancelled']);
const restless = new Set(['requested', 'refunding']);
const page = 200;
const pagesAtOnce = 4;
const openKept = 2_000;

export class Auditor {
  seen = 0;
  settled = 0;
  charges = 0;
  charged = 0;
  refunded = 0;
  shipped = 0;
  currency = 'EUR';
  caughtUp = false;
  broken = {charges: [], money: [], unpaid: []};
  open = new Map();  // not settled yet, oldest first
  states = {shipped: 0, rejected: 0, cancelled: 0};
  #token = '';

  async go(signal) {
    await this.#again(signal);
    for (let pages = 0; pages < pagesAtOnce && this.open.size < openKept; ++pages) {
      const parameters = {page_size: page, page_token: this.#token};
      const {orders} = await get(url('/orders', parameters), signal);
      if (orders.length === 0) { this.caughtUp = true; return; }
      const {payments} = await get(url('/payments', parameters), signal);
      const paid = new Map(payments.map(one => [one.order_id, one]));
      const last = payments.length === page ? payments.at(-1).order_id : null;
      for (const order of orders) {
        // Payment's page may end earlier than order's: the rest comes with the next one.
        if (last !== null && order.order_id > last) break;
        ++this.seen;
        this.#token = order.order_id;
        this.#look(order, paid.get(order.order_id) ?? null);
      }
      this.caughtUp = orders.length < page;
      if (this.caughtUp) return;
    }
  }

  async #again(signal) {
    for (const id of [...this.open.keys()].slice(0, 20)) {
      const order = await get(`/orders/${part(id)}`, signal);
      if (finals.has(order.status)) this.#look(order, await find(`/payments/${part(id)}`, signal));
    }
  }

  #look(order, payment) {
    if (!finals.has(order.status) || (payment && restless.has(payment.status))) {
      this.open.set(order.order_id, order);
      return;
    }
    // A cancelled order's money comes back a little later.
    const moved = list => (list ?? []).reduce((sum, one) => sum + one.amount_minor, 0);
    const charged = moved(payment?.charges), refunded = moved(payment?.refunds);
    const due = order.status === 'shipped' ? order.total.amount_minor : 0;
    const young = Date.now() - new Date(order.history.at(-1).at).getTime() < 60_000;
    if (charged - refunded !== due && young) {
      this.open.set(order.order_id, order);
      return;
    }
    this.open.delete(order.order_id);
    ++this.settled;
    ++this.states[order.status];
    this.currency = order.total.currency;
    this.charges += payment?.charges.length ?? 0;
    this.charged += charged;
    this.refunded += refunded;
    if ((payment?.charges.length ?? 0) > 1) this.broken.charges.push(order.order_id);
    if (charged - refunded !== due) this.broken.money.push(order.order_id);
    if (order.status === 'shipped') {
      ++this.shipped;
      const steps = order.history.map(step => step.status);
      if (!steps.includes('paid') || steps.indexOf('paid') > steps.indexOf('shipped')) this.broken.unpaid.push(order.order_id);
    }
  }
}

/** received = on hand + reserved + shipped, over all items. */
export async function countStock(signal) {
  const sum = {items: 0, received: 0, on_hand: 0, reserved: 0, shipped: 0, broken: []};
  let token = '';
  do {
    const got = await get(url('/inventory', {page_size: page, page_token: token}), signal);
    for (const one of got.items) {
      ++sum.items;
      for (const name of ['received', 'on_hand', 'reserved', 'shipped']) sum[name] += one[name];
      if (one.received !== one.on_hand + one.reserved + one.shipped) sum.broken.push(one.sku);
    }
    token = got.next_page_token;
  } while (token);
  return sum;
}
