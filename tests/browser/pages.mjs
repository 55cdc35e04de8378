// Shop, queues, supervision, and the frame around all pages.

import {equal, expect} from './suite.mjs';

export const villain = '<script>window.hacked = 1</script><img src=x onerror="window.hacked = 1">';

const tree = {
  tree: [{path: 'shop', phase: 'running', strategy: 'one_for_one', intensity: 5, period_ms: 10_000, budget_left: 3, children: [
    {id: 'order', kind: 'worker', restart: 'permanent', significant: false, state: 'up', since: new Date(Date.now() - 3_600_000).toISOString(),
     restarts: 0, rebuilds: 0, causes: [], supervises: []},
    {id: 'pricing', kind: 'worker', restart: 'permanent', significant: false, state: 'restarting', since: new Date(Date.now() - 4_000).toISOString(),
     restarts: 2, rebuilds: 11, next_retry: new Date(Date.now() + 3_000).toISOString(), supervises: [],
     causes: [{at: new Date(Date.now() - 9_000).toISOString(), kind: 'crash', in_place: true, text: 'no price of zero ends in .99', message: '01M8ARP5JQ4VQ3Z27JQXCDX6S9', backtrace: 'musiccorp::pricing::reprice_item(..)'},
              {at: new Date(Date.now() - 4_000).toISOString(), kind: 'crash', in_place: false, text: 'no price of zero ends in .99', message: '', backtrace: ''}]},
    {id: 'mail', kind: 'supervisor', restart: 'transient', significant: true, state: 'up', since: new Date(Date.now() - 3_600_000).toISOString(),
     restarts: 0, rebuilds: 0, causes: [], supervises: [{path: 'shop/mail', phase: 'running', strategy: 'rest_for_one', intensity: 3, period_ms: 5_000, budget_left: 3, children: [
       {id: 'notification', kind: 'worker', restart: 'permanent', significant: false, state: 'stopped', since: new Date(Date.now() - 60_000).toISOString(), restarts: 1, rebuilds: 0, causes: [], supervises: []}]}]},
  ]}],
  overdue: [{name: 'warehouse', what: 'payment.received', running_ms: 12_400, deadline_ms: 5_000}],
};

export function pageTests({shop, suite, page, open, load, accessible, picture, tabTo}) {
  suite.test('An empty shop says what would be here', async () => {
    await open('');
    await page.getByText('No orders yet').waitFor();
    await page.getByText('live', {exact: true}).waitFor();
    await open('#/hospital');
    await page.getByText('Nobody is ill').waitFor();
    await open('#/hospital/batches');
    await page.getByText('No batch yet').waitFor();
    await open('#/hospital/trail');
    await page.getByText('Nobody did anything yet').waitFor();
    await open('#/queues?waiting=yes');
    await page.getByText('Nothing waits here').waitFor();
    await accessible();
  });

  suite.test('Shop shows orders, their states, and every promise kept', async () => {
    const {customer_id: ada} = await shop.register('Ada Example');
    const {customer_id: eve} = await shop.register(villain);
    const cards = ['4000-0000-0000-0077', '4000-0000-0000-0002'];
    const sell = async at => shop.order(ada, `MC-${String(1 + at * 7).padStart(4, '0')}`, at % 9 === 8 ? 31 : 1 + at % 3, cards[at % 7 === 6 ? 1 : 0]);
    await load('#/shop');
    for (let at = 0; at < 25; ++at) await sell(at);
    await page.getByText('25 orders read').waitFor();
    for (let at = 25; at < 40; ++at) await sell(at);
    await shop.order(eve, 'MC-0500');
    await page.locator('.promises li', {hasText: 'Charged − refunded'}).getByText('holds').waitFor();
    await page.locator('.promises li', {hasText: 'Received = on hand'}).getByText('holds').waitFor();
    await page.waitForFunction(() => document.querySelectorAll('.promises .good').length === 6);
    await page.getByText('41 orders read').waitFor();
    equal(await page.locator('.tile', {hasText: 'Open orders'}).locator('.value').textContent(), '0', 'open orders');
    equal(await page.locator('tbody tr', {hasText: 'accepted'}).locator('td').nth(1).textContent(), '41', 'accepted since the start');
    equal(await page.getByRole('region', {name: 'The newest orders'}).locator('tbody tr').count(), 12, 'newest orders');
    await page.waitForFunction(() => document.querySelector('.spark .line')?.getAttribute('d')?.includes('L'));
    await accessible();
    await picture('shop');
  });

  suite.test('One order is followed through all services', async () => {
    const {orders} = await shop.get('/orders?status=shipped&page_size=1');
    await page.getByRole('searchbox').fill(orders[0].order_id);
    await page.getByRole('button', {name: 'Follow'}).click();
    const line = page.locator('.timeline');
    for (const service of ['order', 'payment', 'acquirer', 'warehouse', 'shipping']) await line.locator('.who', {hasText: service}).first().waitFor();
    expect(page.url().endsWith(`#/shop/orders/${orders[0].order_id}`), 'the address leads back to the order');
    await accessible();
    await picture('order');
    await page.getByRole('link', {name: 'The whole conversation, as a tree'}).click();
    const spans = page.getByRole('region', {name: 'Spans of the trace'});
    await spans.getByRole('row', {name: /place_order.*asked at the door/}).waitFor();
    expect(page.url().endsWith(`#/traces/${orders[0].trace_id}`), `the trace of this order: ${page.url()}`);
    await open('#/shop/orders/nobody');
    await page.getByText('There is no such order').waitFor();
  });

  suite.test('One conversation is shown as a tree, each span below its cause', async () => {
    const {customer_id: customer} = await shop.register('Tracy Example');
    const id = '4bf92f3577b34da6a3ce929d0e0e4736';
    await shop.order(customer, 'MC-0100', 1, '4000-0000-0000-0077', {traceparent: `00-${id}-00f067aa0ba902b7-01`});
    const spans = page.getByRole('region', {name: 'Spans of the trace'});
    await shop.until(`/trace/${id}`, known => known.spans.some(one => one.type === 'order.shipped' && one.service === 'order'));
    await open('#/shop');
    await page.getByRole('searchbox').fill(id);
    await page.getByRole('button', {name: 'Follow'}).click();
    await spans.getByRole('row', {name: /order.shipped.*handled by order/}).waitFor();
    await spans.getByRole('row', {name: /place_order.*asked at the door/}).waitFor();
    expect(await spans.locator('tbody tr').count() > 20, 'all services are in it');
    await accessible();
    await picture('trace');
    await open(`#/traces/${'1'.repeat(32)}`);
    await page.getByText('Nobody knows this trace any more').waitFor();
    await accessible();
  });

  suite.test('Queues shows every mailbox and queue, sorts and filters, and its address remembers how', async () => {
    await open('#/queues');
    equal(await page.getByRole('region', {name: 'Services'}).locator('tbody tr').count(), (await shop.get('/mailboxes')).services.length, 'services');
    const queues = page.getByRole('region', {name: 'Queues'});
    equal(await queues.locator('tbody tr').count(), (await shop.get('/mailboxes')).queues.length, 'queues');
    equal(await queues.getByText('balanced').count(), await queues.locator('tbody tr').count(), 'balanced ledgers');
    await queues.getByRole('button', {name: 'Dead'}).click();
    equal(await queues.locator('tbody th').first().textContent(), 'order → notification', 'the queue with dead letters comes first');
    await page.getByRole('searchbox').fill('pricing');
    await page.waitForFunction(() => [...document.querySelectorAll('tbody th')].every(one => one.textContent.includes('pricing')));
    expect(page.url().includes('filter=pricing') && page.url().includes('queues=dead.down'), `the address remembers: ${page.url()}`);
    await load(new URL(page.url()).hash);
    await page.waitForFunction(() => [...document.querySelectorAll('tbody th')].every(one => one.textContent.includes('pricing')));
    await open('#/queues?queues=dead.down');
    await page.getByRole('region', {name: 'Queues'}).locator('tbody tr').first().waitFor();
    await accessible();
    await page.waitForTimeout(1_200);  // Another sample, for the picture only.
    await picture('queues');
    await open('#/queues?filter=order:notification');  // As a dashboard's series leads here.
    await page.waitForFunction(() => document.querySelectorAll('tbody th').length === 3);
    equal((await page.locator('tbody th').allTextContents()).join(), 'notification,order,order → notification', 'its ends and itself');
    await page.getByRole('link', {name: /dead at notification/}).first().click();
    await page.getByRole('link', {name: /^notification\.order\./}).first().waitFor();
  });

  suite.test('Supervision says when the node does not offer it', async () => {
    await page.route('**/supervision', route => route.fulfill({status: 404, contentType: 'application/problem+json', body: '{"status":404,"detail":"there is nothing"}'}));
    await open('#/supervision');
    await page.getByText('Not offered by this node').waitFor();
    await accessible();
    await page.unroute('**/supervision');
  });

  suite.test('Supervision shows the tree, causes and wedged handlers, and asks for a reason before it acts', async () => {
    await page.route('**/supervision', route => route.fulfill({json: tree}));
    const asked = [];
    await page.route('**/supervision/**', route => { asked.push([route.request().url(), route.request().postData()]); return route.fulfill({json: {}}); });
    await open('#/supervision');
    await page.getByText('1 handler is over the deadline').waitFor();
    await page.getByText('3 of 5 restarts left').waitFor();
    await page.getByText('Last causes: crash').click();
    await page.getByText('survived, the core was rebuilt').waitFor();
    await accessible();
    await picture('supervision-causes');
    await page.getByRole('button', {name: 'Restart shop/pricing'}).click();
    await page.getByLabel('Your name').fill('Grace');
    await page.getByLabel('Reason').fill('new price list');
    await page.getByRole('dialog').getByRole('button', {name: 'Restart'}).click();
    await page.getByText('Restart asked for: shop/pricing').waitFor();
    equal(asked.length, 1, 'requests');
    expect(asked[0][0].endsWith('/supervision/shop%2Fpricing/restart'), asked[0][0]);
    equal(asked[0][1], '{"reason":"new price list","by":"Grace"}', 'the body');
    await page.getByRole('button', {name: 'Start shop/mail/notification'}).waitFor();
    await page.unroute('**/supervision/**');
    await page.unroute('**/supervision');
  });

  suite.test('The keyboard leads everywhere: skip link, shortcuts, help', async () => {
    await load('#/shop');
    await tabTo(/Skip to the page/, 3);
    await page.keyboard.press('Enter');
    equal(await page.evaluate(() => document.activeElement.id), 'main', 'the focus');
    await page.keyboard.press('g');
    await page.keyboard.press('q');
    await page.getByRole('heading', {name: 'Queues and mailboxes'}).waitFor();
    equal(await page.evaluate(() => document.activeElement.tagName), 'H1', 'the focus on a new page');
    await page.keyboard.press('/');
    equal(await page.evaluate(() => document.activeElement.type), 'search', 'the focus after /');
    await page.keyboard.press('Tab');
    await page.keyboard.press('?');
    await page.getByRole('dialog').getByText('search on this page').waitFor();
    await accessible();
    await page.keyboard.press('Escape');
    equal(await page.getByRole('dialog').count(), 0, 'dialogs');
  });

  suite.test('Colours follow the person: auto, light, dark', async () => {
    await open('#/queues');
    const colour = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    const light = await colour();
    await page.getByRole('button', {name: 'Colours: auto'}).click();
    await page.getByRole('button', {name: 'Colours: light'}).click();
    expect(await colour() !== light, 'dark is another colour than light');
    await page.reload();
    await page.getByRole('button', {name: 'Colours: dark'}).click();
    equal(await colour(), light, 'the colour');
  });
}
