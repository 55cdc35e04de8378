// One order through all services, as each of them tells it.

import {chip, empty, every, h, put} from '../parts/dom.js';
import * as format from '../parts/format.js';
import {find, get, part, url} from '../parts/api.js';
import {trouble} from '../parts/notes.js';
import {scroller} from '../parts/table.js';
import {findCases} from '../parts/ward.js';

async function read(id, signal) {
  const order = await get(`/orders/${part(id)}`, signal);
  const [payment, ledger, parcel, shipment, mails, found] = await Promise.all([
    find(`/payments/${part(id)}`, signal),
    find(`/acquirer/ledger/${part(id)}`, signal),
    find(`/packages/${part(id)}`, signal),
    find(`/shipments/${part(id)}`, signal),
    get(url('/notifications', {order_id: id, page_size: 50}), signal),
    findCases({key: id, since: order.history[0].at}, signal),
  ]);
  return {order, payment, ledger, parcel, shipment, mails: mails.notifications, ...found};
}

/** What each service says, in the order of time. */
function events({order, payment, ledger, parcel, shipment, mails, cases}) {
  const list = [];
  const add = (at, service, what, more = '', tone = '') => at && list.push({at, service, what, more, tone});
  for (const step of order.history)
    add(step.at, 'order', step.status, step === order.history.at(-1) ? order.reason : '',
        {shipped: 'good', rejected: 'warn', cancelled: 'warn'}[step.status]);
  for (const one of payment?.charges ?? []) add(one.at, 'payment', 'charged', format.money(one.amount_minor, one.currency));
  for (const one of payment?.refunds ?? []) add(one.at, 'payment', 'refunded', format.money(one.amount_minor, one.currency), 'warn');
  for (const one of ledger?.entries ?? [])
    add(one.at, 'acquirer', one.kind, [format.money(one.amount.amount_minor, one.amount.currency),
                                       one.repeats ? `asked ${one.repeats + 1} times` : ''].filter(Boolean).join(', '));
  if (parcel) add(parcel.at, 'warehouse', parcel.status, format.plural(parcel.units, 'piece'), parcel.status === 'packaged' ? '' : 'warn');
  if (shipment) add(shipment.at, 'shipping', shipment.status,
                    shipment.tracking || `paid: ${shipment.paid ? 'yes' : 'no'}, packaged: ${shipment.packaged ? 'yes' : 'no'}`);
  for (const one of mails) add(one.at, 'notification', 'mail sent', one.kind);
  for (const one of cases)
    add(one.last_failed_at, one.service, `${one.type} died`, one.error, 'bad');
  return list.sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0));
}

function timeline(list) {
  const first = format.seconds(list[0].at);
  const services = [...new Set(list.map(event => event.service))];
  let before = first;
  return h('ol', {class: 'timeline'}, list.map(event => {
    const at = format.seconds(event.at);
    const gap = at - before;
    before = at;
    return h('li', {class: event.tone},
             h('span', {class: 'when', title: event.at}, at === first ? format.clock(event.at, true) : `+ ${format.span(at - first)}`),
             h('span', {class: `dot s${services.indexOf(event.service) % 6}`}),
             h('span', {class: 'who'}, event.service),
             h('span', {class: 'what'}, h('span', {class: 'strong'}, format.words(event.what)), ' ',
               h('span', {class: 'quiet'}, event.more)),
             h('span', {class: 'gap', title: 'after the line before'}, gap >= 0.05 ? `+ ${format.span(gap)}` : ''));
  }));
}

export async function show({place, signal, parameters: {id}}) {
  const content = h('div', {});
  put(place, h('div', {class: 'title'}, h('h1', {}, 'Order ', h('span', {class: 'mono'}, id))),
      h('p', {class: 'crumbs'}, h('a', {href: '#/shop'}, 'Shop')), content);
  let shown = '';
  const again = async () => {
    let books;
    try {
      books = await read(id, signal);
    } catch (problem) {
      if (problem.name === 'AbortError' || shown) return;
      if (problem.status === 404)
        return void put(content, empty('There is no such order', 'It may have another id, or have been refused before it was stored.'));
      return trouble(content, 'This order could not be read', problem, again);
    }
    const text = JSON.stringify(books);
    if (text === shown) return;
    shown = text;
    const {order, cases, isWhole} = books;
    const open = cases.filter(one => one.state !== 'healed' && one.state !== 'discarded');
    put(content,
        h('p', {class: 'facts'}, chip(order.status, {shipped: 'good', rejected: 'warn', cancelled: 'warn'}[order.status] ?? 'busy'),
          h('span', {}, format.money(order.total.amount_minor, order.total.currency)),
          order.reason ? h('span', {class: 'quiet'}, order.reason) : null,
          order.trace_id ? h('a', {href: `#/traces/${part(order.trace_id)}`}, 'The whole conversation, as a tree')
            : h('span', {class: 'quiet', title: 'a request with a traceparent always is, of the others one in some: /traces/begun_one_in'}, 'not traced'),
          h('span', {class: 'quiet'}, 'customer ', h('span', {class: 'mono'}, order.customer_id))),
        open.length ? h('p', {class: 'trouble'}, 'Some of it waits in the hospital: ',
                        open.map(one => [h('a', {href: `#/hospital/cases/${part(one.case_id)}`}, one.case_id), ' '])) : null,
        isWhole ? null : h('p', {class: 'quiet'}, 'The hospital has too many newer cases to say whether some of it waits there: ',
                           h('a', {href: `#/hospital/cases?q=${encodeURIComponent(`key:${id}`)}`}, 'look further')),
        h('div', {class: 'columns'},
          h('section', {}, h('h2', {}, 'Through all services'), timeline(events(books))),
          h('section', {}, h('h2', {}, 'Lines'), scroller('Lines of the order', h('table', {},
            h('caption', {class: 'unseen'}, 'Lines of the order'),
            h('thead', {}, h('tr', {}, h('th', {scope: 'col'}, 'Item'), h('th', {scope: 'col', class: 'number'}, 'Pieces'),
                             h('th', {scope: 'col', class: 'number'}, 'Price'))),
            h('tbody', {}, order.lines.map(line => h('tr', {},
              h('th', {scope: 'row', class: 'wide'}, `${line.artist}: ${line.title} `, h('span', {class: 'quiet mono'}, line.sku)),
              h('td', {class: 'number'}, format.number(line.quantity)),
              h('td', {class: 'number'}, format.money(line.unit_price.amount_minor * line.quantity, line.unit_price.currency))))))))));
  };
  await again();
  every(2_000, signal, async () => { if (shown === '' || !/"status":"(shipped|rejected|cancelled)"/.test(shown)) await again(); });
}
