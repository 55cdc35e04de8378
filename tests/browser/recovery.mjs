// The shop goes away and comes back mended: the console notices both, and the patients are healed.

import {equal} from './suite.mjs';

export function recoveryTests({shop, suite, page, open, accessible, picture}) {
  suite.test('A lost connection is shown and recovers', async () => {
    await open('#/hospital');
    await page.getByText('live', {exact: true}).waitFor();
    await shop.stop();
    await page.getByText('The node is not heard any more').waitFor();
    await accessible();
    await picture('lost');
    await shop.start({port: shop.port, settings: ['/services/pricing/settings={"mended":true}']});
    await page.getByText('The node is not heard any more').waitFor({state: 'hidden', timeout: 15_000});
    await page.getByText('live', {exact: true}).waitFor();
  });

  suite.test('From a group to healed: what is mended is replayed, and the page shows the outcome', async () => {
    const {groups} = await shop.get('/hospital/groups?service=pricing&state=open');
    equal(groups.length, 1, 'groups of the price worker');
    const open_cases = groups[0].open;
    await open('#/hospital');
    await page.getByRole('row', {name: /no price of zero/}).getByRole('button', {name: `Replay ${open_cases}`}).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Canary').fill('1');
    await dialog.getByLabel('Reason').fill('mended');
    await dialog.getByRole('button', {name: `Replay ${open_cases}`}).click();
    await page.getByText('Done.', {exact: true}).waitFor();
    await page.waitForFunction(count => document.querySelector('.legend')?.textContent === `${count} healed`, open_cases);
    await page.getByRole('link', {name: /^pricing\.pricing\./}).first().click();
    await page.getByText('A replay has succeeded.').waitFor();
    await page.getByText('Healed', {exact: true}).waitFor();
    await accessible();
  });

  suite.test('All that match are selected and replayed at once', async () => {
    await open('#/hospital/cases?q=service%3Anotification%20state%3Aopen');
    await page.getByRole('button', {name: 'Select all open ones that match'}).click();
    await page.getByText('open ones that match are selected').waitFor();
    const {total} = await shop.post('/hospital/batches', {action: 'replay', filter: {service: 'notification'}, reason: 'counting', dry_run: true});
    await page.getByRole('button', {name: `Replay ${total}`, exact: true}).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Cases per second').fill('1000');
    await dialog.getByLabel('Reason').fill('mail works again');
    await dialog.getByRole('button', {name: `Replay ${total}`}).click();
    await page.waitForFunction(count => document.querySelector('.legend')?.textContent === `${count} healed`, total, {timeout: 15_000});
    await open('#/hospital/cases?q=state%3Aopen');
    await page.getByText('No case fits this search').waitFor();
  });

  suite.test('A restart by hand is done by the node, and is in the list of what people did', async () => {
    await open('#/supervision');
    await page.getByRole('button', {name: /^Restart .*pricing/}).last().click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Reason').fill('to see it come back');
    await dialog.getByRole('button', {name: 'Restart'}).click();
    await page.getByRole('row', {name: /restart.*to see it come back/}).waitFor();
    await page.waitForFunction(() => [...document.querySelectorAll('.child')].every(one => /up|running/.test(one.querySelector('.chip').textContent)));
    await accessible();
    await page.evaluate(() => { scrollTo(0, 0); document.getElementById('notes').replaceChildren(); });
    await picture('supervision');
  });

  suite.test('After all of it every ledger is balanced and every promise holds', async () => {
    await open('#/shop');
    await page.waitForFunction(() => document.querySelectorAll('.promises .good').length === 6);
    equal((await shop.get('/mailboxes')).queues.filter(one => one.imbalance !== 0).length, 0, 'queues out of balance');
  });
}
