/**
 * The web page explains itself: why an instance is not in DNS, what a number counts, what a row cuts off, and how to ask
 * the same from a shell.
 */
import { execFileSync } from 'node:child_process';
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { describeWith } from '../support/needs-program.ts';
import { CHROMIUM, type PageServer, startPage, type Tab } from '../support/open-page.ts';

const LONG_NOTE = `${'a very long way to say that it is ill, '.repeat(12)}the end`;

async function fill({ put }: PageServer): Promise<void> {
  for (const n of [1, 2, 3]) {
    const check = { CheckID: `web-${n}-check`, Name: 'health', TTL: '1h', Status: 'passing' };
    const Notes = 'Runbook: https://wiki.example/web. Ask the core team.';
    const place = { Address: `10.0.0.${n}`, Port: 8080 };
    await put('/v1/agent/service/register', {
      ID: `web-${n}`,
      Name: 'web',
      ...place,
      Check: { ...check, Notes },
    });
  }
  await put(`/v1/agent/check/fail/web-2-check?note=${encodeURIComponent(LONG_NOTE)}`);
  await put('/v1/agent/service/maintenance/web-3?enable=true&reason=new%20disks');
  await put('/v1/agent/service/register', { Name: 'cache' });
  await put("/v1/kv/odd%20key's", 'its value');
}

describeWith(CHROMIUM, 'the web page explains itself', () => {
  let server: PageServer;
  let tab: Tab;
  let page: Page;
  beforeAll(async () => {
    server = await startPage();
    await fill(server);
  });
  afterAll(() => server?.stop());
  beforeEach(async () => {
    tab = await server.newTab();
    page = tab.page;
  });
  afterEach(async () => {
    const troubles = tab.troubles();
    await tab.close();
    expect(troubles).toEqual([]);
  });

  const details = () => page.locator('aside');
  const placeOf = (of: Page): string => new URL(of.url()).pathname + new URL(of.url()).search;

  test('the history is filtered by kind, service and time, and goes back page by page', async () => {
    for (let n = 0; n < 60; n++) await server.put(`/v1/kv/many/${n}`, 'x');
    await tab.open('history?kind=kv&key=many/');
    await page.getByText('50 entries').waitFor();
    await page.getByRole('button', { name: 'Older' }).click();
    await page.getByText('60 entries').waitFor();
    await page.getByRole('button', { name: 'Older' }).waitFor({ state: 'detached' });
    await server.put('/v1/kv/many/new', 'x');
    await page.getByText('61 entries').waitFor();
    await page.getByLabel('Key, or folder').fill('');
    await page.getByLabel('Service').fill('web');
    await page.keyboard.press('Enter');
    await page.getByLabel('About').selectOption('check,maintenance');
    await page.getByText('went into maintenance').waitFor();
    expect(new URL(page.url()).searchParams.get('service')).toBe('web');
    await page.getByLabel('From').selectOption('1h');
    await page.getByText('went into maintenance').waitFor();
  });

  test('an instance says why DNS leaves it out, and one click leads to the whole answer and back', async () => {
    await tab.open('services/web?at=n1/web-2');
    const dns = details().locator('.facts > div', { hasText: 'left out' });
    await dns.getByText(/critical: check "web-2-check"\s+for \d+ s, output/).waitFor();
    await dns.getByRole('link', { name: 'the whole answer' }).click();
    await page.getByText('1 of 3 in').waitFor();
    await page.locator('.verdict').getByRole('link', { name: 'web-1' }).click();
    await details().getByText('in the answer').waitFor();
  });

  test('the verdict of DNS follows the check while the details are open', async () => {
    await tab.open('services/web?at=n1/web-1');
    await details().getByText('in the answer').waitFor();
    await server.put('/v1/agent/check/fail/web-1-check');
    await details().getByText('left out').waitFor();
    await server.put('/v1/agent/check/pass/web-1-check');
    await details().getByText('in the answer').waitFor();
  });

  test('an address in the notes of a check can be followed, without the full stop behind it', async () => {
    await tab.open('checks?at=n1/web-2-check');
    const runbook = details().getByRole('link', { name: 'wiki.example' });
    expect(await runbook.getAttribute('href')).toBe('https://wiki.example/web');
    expect(await runbook.getAttribute('rel')).toContain('noreferrer');
  });

  test('a service with one instance in maintenance is counted and found there, although it is critical', async () => {
    await tab.open('');
    await page.getByRole('link', { name: '1 maintenance' }).click();
    await page.getByText('1 of 3').waitFor();
    await page.getByRole('link', { name: 'web' }).waitFor();
  });

  test('where nothing matches, one button brings all of it back', async () => {
    await tab.open('services?q=nothing-like-this&status=warning');
    await page.getByRole('button', { name: 'Show all' }).click();
    await page.getByText('all 3').waitFor();
    expect(new URL(page.url()).search).toBe('');
    expect(await page.locator('[data-search]').evaluate((field) => field.matches(':focus'))).toBe(true);
  });

  test('what a cell cuts off is in its tooltip', async () => {
    await tab.open('services/web');
    const row = page.locator('[data-row]').filter({ has: page.getByRole('link', { name: 'web-2' }) });
    const cell = row.getByRole('cell').filter({ hasText: 'the end' });
    await cell.hover();
    expect(await cell.getAttribute('title')).toContain('the end');
  });

  test('the name of a service alone is answered with its name in DNS', async () => {
    await tab.open('dns');
    await page.keyboard.press('/');
    await page.keyboard.type('web');
    await page.keyboard.press('Enter');
    await page.getByRole('link', { name: 'web.service.consul' }).click();
    await page.getByText('1 of 3 in').waitFor();
  });

  test('the way back closes details and keeps the filter; closing them leaves no step behind', async () => {
    await tab.open('services');
    await tab.open('services/web');
    const list = placeOf(page);
    await page.getByRole('link', { name: 'web-2' }).click();
    await page.getByRole('link', { name: 'web-1' }).click();
    await page.getByLabel('Instance web-1').waitFor();
    await page.goBack();
    await details().waitFor({ state: 'detached' });
    expect(placeOf(page)).toBe(list);
    await page.getByRole('link', { name: 'web-2' }).click();
    await page.keyboard.press('Escape');
    await details().waitFor({ state: 'detached' });
    await page.goBack();
    await page.getByRole('heading', { name: 'Services' }).waitFor();
  });

  test('a filter that was set while details were open survives closing them', async () => {
    await tab.open('services/web');
    await page.getByRole('link', { name: 'web-2' }).click();
    await page.keyboard.press('/');
    await page.keyboard.type('web-2');
    await page.getByRole('button', { name: 'Close details' }).click();
    await details().waitFor({ state: 'detached' });
    expect(new URL(page.url()).search).toBe('?q=web-2');
  });

  test('a row is opened in a tab of its own by a click with Ctrl', async () => {
    await tab.open('services/web');
    const opened = page.context().waitForEvent('page');
    await page.getByRole('link', { name: 'web-2' }).click({ modifiers: ['Control'] });
    const other = await opened;
    await other.getByLabel('Instance web-2').waitFor();
    expect(await details().count()).toBe(0);
  });

  test('a line for the shell does what it says, whatever characters are in a name', async () => {
    await tab.open("kv?key=odd%20key's");
    await details().getByText('On the command line').click();
    const line = await details().getByRole('group', { name: 'read it' }).textContent();
    expect(execFileSync('sh', ['-c', `${line} -sS`], { encoding: 'utf8' })).toBe('its value');
  });

  test('with a token a line names the variable that holds it, not the token', async () => {
    await tab.open('kv');
    await page.evaluate(() => sessionStorage.setItem('rollcall.token', 's3cret'));
    await tab.open("kv?key=odd%20key's");
    await details().getByText('On the command line').click();
    const line = await details().getByRole('group', { name: 'read it' }).textContent();
    expect(line).toContain('-H "X-Consul-Token: $CONSUL_HTTP_TOKEN"');
    expect(line).not.toContain('s3cret');
  });

  test('a line is copied also where the browser gives no clipboard (plain HTTP from another machine)', async () => {
    await page.addInitScript(() => Object.defineProperty(navigator, 'clipboard', { value: undefined }));
    await tab.open('services/web?tab=dns');
    await page.getByRole('button', { name: 'Copy: the same question with dig' }).click();
    await page.getByText('copied').waitFor();
    await tab.open('services');
    await page.keyboard.press('/');
    await page.keyboard.press('Control+v');
    const dig = `dig @127.0.0.1 -p ${server.agent.dnsPort} web.service.consul A +bufsize=1232`;
    expect(await page.locator('[data-search]').inputValue()).toBe(dig);
  });
});
