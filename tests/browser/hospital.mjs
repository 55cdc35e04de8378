// The hospital, while its patients cannot be healed yet.

import {equal, expect} from './suite.mjs';
import {villain} from './pages.mjs';

const skus = ['MC-0601', 'MC-0602', 'MC-0603', 'MC-0604', 'MC-0605', 'MC-0606'];

export function hospitalTests({shop, suite, page, open, load, accessible, picture, tabTo}) {
  /** Which number a case has depends on what else the service said before. */
  const caseOf = async sku => (await shop.get(`/hospital/cases?service=pricing&key=${sku}`)).cases.at(-1).case_id;
  const search = () => page.getByRole('combobox', {name: 'Search cases'});

  suite.test('Hospital groups what failed alike, with numbers on the buttons', async () => {
    for (const sku of skus) await shop.poison(sku);
    await shop.poison(skus[0]);  // Waits behind the first one of its key.
    await shop.until('/hospital/groups?service=pricing', got => got.groups[0]?.open === skus.length);
    await open('#/hospital');
    const group = page.getByRole('row', {name: /no price of zero/});
    await group.getByRole('button', {name: 'Replay 6'}).waitFor();
    await group.getByRole('button', {name: 'Discard 6'}).waitFor();
    await page.getByRole('row', {name: /order\.placed/}).waitFor();
    await accessible();
    await picture('hospital');
  });

  suite.test('On a narrow screen the bar is one line, and the actions stay in sight while their table scrolls', async () => {
    const wide = page.viewportSize();
    await page.setViewportSize({width: 800, height: 860});
    try {
      await load('#/hospital');
      const button = page.getByRole('row', {name: /no price of zero/}).getByRole('button', {name: 'Discard 6'});
      await button.waitFor();
      const table = page.getByRole('region', {name: 'Groups of cases'});
      const inSight = async () => {
        const box = await button.boundingBox(), frame = await table.boundingBox();
        return box.x >= frame.x && box.x + box.width <= frame.x + frame.width;
      };
      const scrolls = () => table.evaluate(one => [one.scrollWidth > one.clientWidth, one.className].join());
      equal(await scrolls(), 'true,scroller more-after', 'a table that says that it goes on');
      expect(await inSight(), 'its actions');
      await table.evaluate(one => { one.scrollLeft = one.scrollWidth; });
      await page.waitForFunction(() => document.querySelector('.scroller').className === 'scroller more-before');
      expect(await inSight(), 'its actions when it was scrolled');
      const {height} = await page.locator('.bar').boundingBox();
      expect(height < 60, `a bar of one line: ${height}`);
      equal(await page.evaluate(() => document.documentElement.scrollWidth), 800, 'width of the page');
      await accessible();
      await picture('hospital-narrow');
    } finally {
      await page.setViewportSize(wide);
    }
  });

  suite.test('Search completes qualifiers and values, and its address is a permalink', async () => {
    await open('#/hospital/cases');
    await search().click();
    await page.keyboard.type('ser');
    await page.getByRole('option', {name: /service:/}).waitFor();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    await page.getByRole('option', {name: 'service:pricing'}).waitFor();
    await page.keyboard.type('pri');
    await accessible();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    await page.keyboard.type('reason:crash zero');
    await page.keyboard.press('Enter');
    await page.waitForFunction(() => location.hash.includes('q=service%3Apricing'));
    await page.waitForFunction(count => document.querySelectorAll('tbody tr').length === count, skus.length);
    await load(new URL(page.url()).hash);
    equal(await search().inputValue(), 'service:pricing reason:crash zero', 'the search');
    await page.waitForFunction(count => document.querySelectorAll('tbody tr').length === count, skus.length);
    await accessible();
    await open('#/hospital/cases?q=key%3Anobody');
    await page.getByText('No case fits this search').waitFor();
  });

  suite.test('A search in a long list says how far it has looked, and goes on from there', async () => {
    const asked = [];
    await page.route(/\/hospital\/cases\?/, route => {
      const token = new URL(route.request().url()).searchParams.get('page_token') ?? '';
      asked.push(token);
      const at = Number(token || 0) + 2_000;
      return route.fulfill({json: {cases: [], next_page_token: String(at), looked_at: 2_000}});
    });
    await open('#/hospital/cases?q=key%3Along-ago');
    await page.getByText('None found yet').waitFor();
    equal(await page.getByText('No case fits this search').count(), 0, 'claims about what was not looked through');
    const read = asked.length;
    expect(read > 5, `it goes on by itself for a while: ${read}`);
    await page.getByText('it does not change by itself').waitFor();
    await accessible();
    await page.getByRole('button', {name: 'Look further'}).click();
    await page.waitForFunction(() => !document.querySelector('.more button:disabled'));
    equal(asked[read], String(read * 2_000), 'where it goes on');
    await page.unroute(/\/hospital\/cases\?/);
    await page.getByRole('button', {name: 'Read again'}).click();
    await page.getByText('No case fits this search').waitFor();
  });

  suite.test('A payload that is a script is shown as text, and only after it was asked for', async () => {
    const {cases} = await shop.get('/hospital/cases?service=notification&type=order.placed&page_size=200');
    let id = null;  // Names are masked everywhere: the villain is the one who ordered MC-0500.
    for (const one of cases)
      if (JSON.stringify(await shop.get(`/hospital/cases/${one.case_id}`)).includes('MC-0500')) id = one.case_id;
    await open(`#/hospital/cases/${id}`);
    const payload = page.getByRole('region', {name: 'Payload', exact: true});
    await payload.waitFor();
    expect(!(await payload.textContent()).includes('script'), 'the name is masked');
    await page.getByRole('button', {name: 'Show personal data'}).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Your name').fill('Grace');
    await dialog.getByLabel('Reason').fill('a customer asks');
    await dialog.getByRole('button', {name: 'Show it'}).click();
    await page.getByText('personal data shown').waitFor();
    expect((await payload.textContent()).includes(JSON.stringify(villain)), 'the payload is there as text');
    equal(await page.locator('main script, main img').count(), 0, 'elements made from the payload');
    equal(await page.evaluate(() => window.hacked), undefined, 'what the script would have done');
    await accessible();
    await page.getByRole('button', {name: 'Mask personal data'}).click();
    await page.getByRole('button', {name: 'Show personal data'}).waitFor();
    await open('#/hospital/trail');
    await page.getByRole('row', {name: /Grace.*reveal.*a customer asks/}).waitFor();
  });

  suite.test('A case leads to the tree of its conversation', async () => {
    await open(`#/hospital/cases/${await caseOf(skus[0])}`);
    await page.getByRole('link', {name: 'The whole conversation, as a tree'}).click();
    const spans = page.getByRole('region', {name: 'Spans of the trace'});
    await spans.getByRole('row', {name: /asked at the door.*ok/}).waitFor();
    await spans.getByRole('row', {name: /tried by pricing, attempt 2.*failed.*crash/}).waitFor();
    equal(await spans.getByText('its cause is not known any more').count(), 0, 'spans without their cause');
  });

  suite.test('A case tells its story, and what a replay would do', async () => {
    await open(`#/hospital/cases/${await caseOf(skus[0])}`);
    await page.getByText('Attempt 2').waitFor();
    await page.getByText('Backtrace').first().click();
    await page.getByRole('region', {name: 'Backtrace of attempt 1'}).getByText('reprice_item').waitFor();
    await page.getByText('Backtrace').first().click();
    await page.getByRole('button', {name: 'Rehearse'}).click();
    await page.getByText('A replay would die again.').waitFor();
    await page.getByText('1 message would go on behind it').waitFor();
    await accessible();
    await picture('case');
  });

  suite.test('An edit is validated while it is typed, and heals', async () => {
    await open(`#/hospital/cases/${await caseOf(skus[1])}`);
    await page.getByRole('button', {name: 'Edit and replay'}).click();
    const dialog = page.getByRole('dialog');
    const send = dialog.getByRole('button', {name: 'Edit and replay 1'});
    const field = dialog.getByLabel('Payload');
    await dialog.getByText('A replay would die again.').waitFor();
    const payload = JSON.parse(await field.inputValue());
    await field.fill('{"sku":');
    await dialog.getByText('no JSON').waitFor();
    expect(await send.isDisabled(), 'what is no JSON cannot be sent');
    await field.fill(JSON.stringify({...payload, percent: 'ten'}));
    await dialog.getByText('/payload/percent').waitFor();
    expect(await send.isDisabled(), 'what is no valid message cannot be sent');
    await accessible();
    await field.fill(JSON.stringify({...payload, percent: 10}, null, 2));
    await dialog.getByText('A replay would succeed now.').waitFor();
    await picture('edit');
    await dialog.getByLabel('Your name').fill('Grace');
    await dialog.getByLabel('Reason').fill('nothing is free of charge');
    await send.click();
    await page.getByText('A replay has succeeded.').waitFor();
    await page.getByText('Edit 1 by Grace').waitFor();
  });

  suite.test('A discard is held for a while, and can be taken back with one click', async () => {
    const path = `/hospital/cases/${await caseOf(skus[4])}`;
    await open(`#${path}`);
    await page.getByRole('button', {name: 'Discard', exact: true}).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Hold it for').fill('600');
    await dialog.getByLabel('Reason').fill('the wrong one');
    await dialog.getByRole('button', {name: 'Discard 1'}).click();
    await page.getByText(/Held until .* was not told yet/).waitFor();
    equal((await shop.get(path)).state, 'discarding', 'the case');
    await accessible();
    await picture('held');
    await page.getByRole('button', {name: 'Take the discard back'}).click();
    await page.getByText('Discard taken back by Grace').waitFor();
    await page.getByText(/Held until/).waitFor({state: 'hidden'});
    equal((await shop.get(path)).state, 'open', 'the case');
    equal(await page.getByRole('button', {name: 'Replay', exact: true}).isDisabled(), false, 'replay is off');
  });

  suite.test('An edit that died again is undone from the payload before it', async () => {
    const path = `/hospital/cases/${await caseOf(skus[5])}`;
    const before = await shop.get(path);
    await shop.post(`${path}/edit`, {version: before.version, by: 'Grace', reason: 'a try', payload: {...before.message.payload, hint: 'edited'}});
    await shop.until(path, one => one.state === 'open' && one.payloads.length === 2);
    await open(`#${path}`);
    await page.getByText('The original').click();
    await page.getByRole('button', {name: 'Go back to this one'}).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByText('A replay would die again.').waitFor();
    equal((await dialog.getByLabel('Payload').inputValue()).includes('edited'), false, 'what the edit brought is there');
    await dialog.getByRole('button', {name: 'Leave it'}).click();
  });

  suite.test('A batch stops when its canary dies again; the rest stays as it is', async () => {
    await open('#/hospital');
    await page.getByRole('row', {name: /no price of zero/}).getByRole('button', {name: 'Replay 5'}).click();
    const dialog = page.getByRole('dialog');
    await accessible();
    await dialog.getByLabel('Canary').fill('2');
    await dialog.getByLabel('Stop after').fill('2');
    await dialog.getByLabel('Reason').fill('perhaps it was the weather');
    await dialog.getByRole('button', {name: 'Replay 5'}).click();
    await page.getByText('Stopped after 2 failures').waitFor();
    await page.waitForFunction(() => document.querySelector('.legend')?.textContent === '2 died again3 waiting');
    equal(await page.getByRole('region', {name: 'Cases of the batch'}).getByText('died again', {exact: true}).count(), 2, 'cases that died again');
    const batch = decodeURIComponent(new URL(page.url()).hash.split('/').at(-1));
    equal((await shop.get(`/hospital/batches/${batch}`)).state, 'stopped', 'the batch');
    await accessible();
    await picture('batch');
    await page.getByRole('link', {name: /^pricing\.pricing\./}).first().click();
    await page.getByText('Replay asked for').waitFor();
  });

  suite.test('By keyboard alone: from the group to a batch over what was selected', async () => {
    const id = await caseOf(skus[2]);
    await open('#/hospital');
    await page.getByRole('link', {name: 'no price of zero'}).waitFor();
    await tabTo(/no price of zero/);
    await page.keyboard.press('Enter');
    await page.getByRole('link', {name: id, exact: true}).waitFor();
    await tabTo(new RegExp(`^Select ${id}$`));
    await page.keyboard.press('Space');
    await page.getByText('1 selected').waitFor();
    await page.keyboard.press('Shift+Tab');
    for (let press = 0; press < 40 && !/^Discard 1$/.test(await page.evaluate(() => document.activeElement.textContent)); ++press) await page.keyboard.press('Shift+Tab');
    await page.keyboard.press('Enter');
    await page.getByRole('dialog').waitFor();
    await tabTo(/^Reason/, 12);
    await page.keyboard.type('ordered twice by mistake');
    await tabTo(/^Hold it for/, 3);
    await page.keyboard.type('2');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', {name: /^Batch/}).waitFor();
    await page.getByText(/Held for \d+ more seconds?\. Nothing was sent/).waitFor();
    await page.waitForFunction(() => document.querySelector('.legend')?.textContent === '1 discarded');
    equal((await shop.get(`/hospital/cases/${id}`)).state, 'discarded', 'the case');
  });

  suite.test('A case names what is parked behind it, also after its death, and can bury it along', async () => {
    const path = `/hospital/cases/${await caseOf(skus[4])}`;
    await open(`#${path}`);
    await page.getByText('Attempt 2').waitFor();
    equal(await page.getByRole('heading', {name: /^Parked behind it/}).count(), 0, 'headings over nothing');
    await page.getByRole('button', {name: 'Discard'}).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('button', {name: 'Leave it'}).waitFor();
    equal(await dialog.getByRole('checkbox').count(), 0, 'boxes to bury nobody along');
    await dialog.getByRole('button', {name: 'Leave it'}).click();

    await shop.poison(skus[4]);
    await page.getByRole('heading', {name: 'Parked behind it 1 message'}).waitFor();
    const [{id}] = (await shop.get(path)).followers.first;
    await page.getByRole('list', {name: 'Parked behind it'}).getByText(`reprice ${id}`).waitFor();
    await accessible();
    await page.getByRole('button', {name: 'Discard'}).click();
    await dialog.getByLabel('also the 1 message parked behind it').check();
    await dialog.getByLabel('Your name').fill('Grace');
    await dialog.getByLabel('Reason').fill('ordered by mistake, both');
    await dialog.getByRole('button', {name: 'Discard 1'}).click();
    await page.getByText('It was buried with 1 follower.').waitFor();
  });

  suite.test('A case whose service does not answer says that it knows of no followers, and offers to bury them', async () => {
    const path = `/hospital/cases/${await caseOf(skus[5])}`;
    await page.route(`**${path}`, async route => {
      const answer = await route.fetch();
      const {followers, ...unknown} = await answer.json();
      await route.fulfill({response: answer, json: unknown});
    });
    await open(`#${path}`);
    await page.getByText('pricing does not answer now.').waitFor();
    await accessible();
    await page.getByRole('button', {name: 'Discard'}).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel(/also what is parked behind it/).waitFor();
    await dialog.getByRole('button', {name: 'Leave it'}).click();
    await page.unroute(`**${path}`);
  });

  suite.test('Two people cannot act on the same case without knowing', async () => {
    const path = `/hospital/cases/${await caseOf(skus[3])}`;
    await open(`#${path}`);
    await page.getByRole('button', {name: 'Discard'}).click();
    const {version} = await shop.get(path);
    await shop.post(`${path}/replay`, {version, by: 'somebody else'});
    await shop.until(path, one => one.state === 'open' && one.version > version);
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Reason').fill('not wanted any more');
    await dialog.getByRole('button', {name: 'Discard 1'}).click();
    await dialog.getByText(/version|changed/).waitFor();
    await dialog.getByRole('button', {name: 'Leave it'}).click();
    equal((await shop.get(path)).state, 'open', 'the case');
  });
}
