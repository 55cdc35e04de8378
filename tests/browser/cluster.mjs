// The cluster page: on a node that is alone, and on one of three of which another is frozen.

import {equal, expect} from './suite.mjs';

export function clusterTests({shop, nodes, suite, page, open, load, accessible, picture, tabTo}) {
  const row = (region, name) => page.getByRole('region', {name: region}).locator('tbody tr', {has: page.locator('th', {hasText: name})});
  const tile = label => page.locator('.tile', {hasText: label}).locator('.value');

  suite.test('Cluster says on a node that is alone how to get more', async () => {
    await open('#/cluster');
    await page.getByText('This node is alone').waitFor();
    await page.getByText('./musiccorp up --cluster config/cluster/three.json').waitFor();
    const {partitions} = await shop.get('/cluster');
    equal(await page.getByRole('region', {name: 'Partitions'}).locator('tbody tr').count(), partitions.length, 'partitions');
    equal(await page.getByRole('region', {name: 'Nodes and links'}).count(), 0, 'tables of links');
    await accessible();
    await picture('cluster-alone');
  });

  suite.test('Cluster shows nodes, links, partitions and streams, and what a frozen node costs', async () => {
    await nodes.start();
    const north = nodes.node('north');
    await load('#/cluster', north.url);
    await row('Nodes and links', 'east').getByText('up', {exact: true}).waitFor();
    await row('Nodes and links', 'south').getByText('up', {exact: true}).waitFor();
    await page.waitForFunction(() => !/unreachable/.test(document.querySelector('main').textContent));
    equal(await tile('Links up').textContent(), '2 of 2', 'links');
    const says = name => row('Nodes and links', name).locator('td').nth(1).textContent();
    equal([await says('north'), await says('east'), await says('south')].join(), 'serving,serving,serving', 'what each node says of itself');
    equal(await tile('Partitions in reach').textContent(), '12 of 12', 'partitions');
    const {customer_id: ada} = await north.register('Ada Example');
    await north.order(ada, 'MC-0001');
    await accessible();

    nodes.node('south').freeze();
    await row('Nodes and links', 'south').getByText('down', {exact: true}).waitFor();
    await page.getByText('1 node is out of reach').waitFor();
    await page.getByText(/south is down since .* Requests for hospital, notification, shipping, warehouse get 503 here/).waitFor();
    equal(await tile('Links up').textContent(), '1 of 2', 'links');
    equal(await says('south'), '–', 'what a node says that nobody hears');
    equal(await row('Partitions', 'warehouse').locator('.chip').textContent(), 'unreachable', 'a partition of the frozen node');
    equal(await row('Partitions', 'payment').locator('.chip').textContent(), 'reachable', 'a partition of the other one');
    for (let at = 0; at < 3; ++at) await north.order(ada, `MC-000${2 + at}`);
    await page.waitForFunction(() => /[1-9]/.test(document.querySelectorAll('.tile .value')[2].textContent));
    expect(Number(await row('Streams to other nodes', 'notification').locator('td').nth(1).textContent()) >= 3, 'the lag of its streams');
    await accessible();
    await page.evaluate(() => scrollTo(0, 0));
    await picture('cluster');

    nodes.node('south').resume();
    await row('Nodes and links', 'south').getByText('up', {exact: true}).waitFor();
    await page.getByText('out of reach').waitFor({state: 'hidden'});
    await page.waitForFunction(() => document.querySelectorAll('.tile .value')[2].textContent === '0');
    const south = page.locator('.timeline li', {hasText: 'south'});
    equal((await south.locator('.chip').allTextContents()).slice(0, 3).join(), 'up,down,up', 'its history, newest first');
  });

  // North hosts neither the service that fails nor the hospital.
  suite.test('Each page of each node counts the dead letters of all, and says when nobody knows', async () => {
    const north = nodes.node('north'), south = nodes.node('south'), east = nodes.node('east');
    const badge = page.locator('#nav .badge');
    await badge.waitFor({state: 'hidden'});
    for (const sku of ['MC-0007', 'MC-0008']) await north.poison(sku);
    await badge.getByText('2', {exact: true}).waitFor();
    equal((await north.get('/mailboxes')).queues.reduce((sum, one) => sum + one.dead, 0), 0, 'dead letters of its own queues');
    for (const node of [east, south, north]) {
      await load('#/shop', node.url);
      await badge.getByText('2', {exact: true}).waitFor();
      await tile('Dead').getByText('2', {exact: true}).waitFor();
    }
    south.freeze();
    await badge.getByText('?', {exact: true}).waitFor();
    expect(/cannot be asked/.test(await badge.getAttribute('title')), 'why nobody knows');
    await page.getByText('the hospital is not heard').waitFor();
    await accessible();
    south.resume();
    await badge.getByText('2', {exact: true}).waitFor();
    const {cases} = await north.get('/hospital/cases');
    for (const {case_id: id, version} of cases)
      await north.post(`/hospital/cases/${id}/discard`, {version, by: 'Grace', reason: 'a joke', with_followers: true});
    await badge.waitFor({state: 'hidden'});
    await load('#/cluster', north.url);
  });

  suite.test('Cluster shows a node that was taken out in order, and that it is back', async () => {
    const north = nodes.node('north'), east = nodes.node('east');
    const says = name => row('Nodes and links', name).locator('td').nth(1);
    await east.post('/cluster/drain', {by: 'Grace', reason: 'new memory'});
    await says('east').getByText('drained', {exact: true}).waitFor();
    await page.getByText('1 node was taken out').waitFor();
    await page.getByText(/east is drained, by its own word.* Requests for acquirer, fraud, payment, pricing get 503 here/).waitFor();
    equal(await row('Nodes and links', 'east').locator('.chip').textContent(), 'up', 'its link');
    equal(await tile('Partitions in reach').textContent(), '8 of 12', 'partitions');
    equal(await row('Partitions', 'payment').locator('.chip').textContent(), 'drained', 'a partition of it');
    const {customer_id: customer} = await north.register('Dora Example');
    await north.order(customer, 'MC-0010');
    await page.getByText(/[1-9]\d* messages? to it waits? in the stores/).waitFor();
    await accessible();
    await picture('cluster-drained');
    await load('#/cluster', east.url);  // Its own door still tells.
    await says('east').getByText('drained', {exact: true}).waitFor();

    await east.stop();
    await east.start();
    await load('#/cluster', north.url);
    await says('east').getByText('serving', {exact: true}).waitFor();
    await page.getByText('taken out').waitFor({state: 'hidden'});
    await page.waitForFunction(() => document.querySelectorAll('.tile .value')[2].textContent === '0');
  });

  suite.test('Shop shows the newest orders, also when many came at once, and long ago', async () => {
    const north = nodes.node('north');
    const {customer_id: customer} = await north.register('Bob Example');
    const placed = [];
    while (placed.length < 260)  // More than a page of the list.
      placed.push(...await Promise.all(Array.from({length: 20}, () => north.order(customer, 'MC-0020'))));
    const newest = placed.map(one => one.order_id).sort().reverse().slice(0, 12).join();
    const shown = () => page.getByRole('region', {name: 'The newest orders'}).locator('tbody th').allTextContents();
    for (const seconds of [0, 20, 3_600, 40 * 86_400]) {
      const script = await page.addInitScript(later => {
        const now = Date.now;
        Date.now = () => now() + later * 1_000;
      }, seconds);
      await load('#/shop', north.url);
      await page.getByRole('region', {name: 'The newest orders'}).locator('tbody tr').nth(11).waitFor();
      equal((await shown()).join(), newest, `the newest orders ${seconds} s later`);
      await script.dispose();
    }
    await load('#/cluster', north.url);
  });

  suite.test('Shop says where orders are counted when it is not here', async () => {
    const north = nodes.node('north'), east = nodes.node('east');
    await load('#/shop', north.url);
    const accepted = page.getByRole('row', {name: /^accepted/}).locator('td').nth(1);
    await page.waitForFunction(() => !/^0$/.test(document.querySelector('table td:nth-child(3)').textContent));
    expect(Number((await accepted.textContent()).replace(/\D/g, '')) >= 260, 'orders that north counted');
    equal(await page.getByText('Orders are kept on').count(), 0, 'claims about another node');
    await load('#/shop', east.url);
    await page.getByText('Orders are kept on north').waitFor();
    await page.getByText('counted on north').waitFor();
    equal(await tile('Orders per minute').textContent(), '–', 'a number that nobody here knows');
    await page.waitForFunction(() => document.querySelectorAll('.tile .value')[1].textContent === '0');
    equal(await page.getByRole('row', {name: /^accepted/}).count(), 0, 'rows of zeros');
    await page.getByText(/in \d+ queues of east are all accounted for/).waitFor();
    await accessible();
    await load('#/cluster', north.url);
  });

  suite.test('By keyboard alone: to the cluster page, and its tables sorted', async () => {
    await page.keyboard.press('g');
    await page.keyboard.press('q');
    await page.getByRole('heading', {name: 'Queues and mailboxes'}).waitFor();
    await page.keyboard.press('g');
    await page.keyboard.press('c');
    await page.getByRole('heading', {name: 'Cluster three'}).waitFor();
    await row('Partitions', 'order').waitFor();
    await tabTo(/^Owner$/);
    await page.keyboard.press('Enter');
    equal(await page.getByRole('region', {name: 'Partitions'}).locator('tbody tr td').first().textContent(), 'east', 'the first owner');
    await page.keyboard.press('Enter');
    equal(await page.getByRole('region', {name: 'Partitions'}).locator('tbody tr td').first().textContent(), 'south', 'the first owner');
    await nodes.end();
    await load('#/shop');
  });
}
