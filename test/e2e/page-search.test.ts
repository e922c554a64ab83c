/**
 * The search over everything: by Ctrl-K from any page, by keys alone, to every kind of thing and to actions.
 */
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { describeWith } from '../support/needs-program.ts';
import { CHROMIUM, type PageServer, startPage, type Tab } from '../support/open-page.ts';

describeWith(CHROMIUM, 'the search over everything', () => {
  let server: PageServer;
  let tab: Tab;
  let page: Page;
  beforeAll(async () => {
    server = await startPage();
    await server.put('/v1/agent/service/register', {
      ID: 'web-3',
      Name: 'web',
      Check: { CheckID: 'c-3', Name: 'ping web', TTL: '1h', Status: 'passing' },
    });
    await server.put('/v1/kv/app/web/port', '80');
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

  const search = async (text: string): Promise<void> => {
    await page.keyboard.press('Control+k');
    await page.getByRole('combobox', { name: 'Search everything' }).fill(text);
  };
  const option = (name: string | RegExp) => page.getByRole('option', { name });

  test('finds services, instances, checks and keys; arrows and Enter go there', async () => {
    await tab.open('events');
    await search('web');
    await option('web-3 web on n1').waitFor();
    for (const name of ['ping web web on n1', 'app/web/port', /^web$/])
      expect(await option(name).count()).toBe(1);
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    await page.getByLabel('Instance web-3', { exact: true }).waitFor();
    expect(await page.getByRole('dialog').count()).toBe(0);
  });

  test('opens while somebody types into another field, and Escape gives the focus back', async () => {
    await tab.open('services');
    await page.keyboard.press('/');
    await search('nothing-has-this-name');
    await page.getByText('Nothing has that name.').waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    expect(await page.getByRole('searchbox').evaluate((own) => own.matches(':focus'))).toBe(true);
  });

  test('registers: the form is there with the name in it', async () => {
    await tab.open('');
    await search('register mail');
    await option(/Register mail/).click();
    await page.getByRole('dialog').waitFor();
    expect(await page.getByLabel('Service', { exact: true }).inputValue()).toBe('mail');
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    expect(new URL(page.url()).search).toBe('');
  });

  test('takes an instance out: the dialog of that instance asks first', async () => {
    await tab.open('kv');
    await search('maintenance web-3');
    await option(/Maintenance of web-3/).waitFor();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    await page.getByRole('dialog', { name: 'Take web-3 out for maintenance?' }).waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
  });

  test('drains an instance, or this agent’s node: the dialog asks first', async () => {
    await tab.open('');
    for (const [typed, title] of [
      ['drain web-3', 'Drain web-3?'],
      ['drain n1', /^Drain/],
    ] as const) {
      await search(typed);
      await option(/^Drain (web-3|n1)/).waitFor();
      await page.keyboard.press('Enter');
      await page.getByRole('dialog', { name: title }).waitFor();
      await page.keyboard.press('Escape');
      await page.getByRole('dialog').waitFor({ state: 'detached' });
    }
  });

  test('explains a name as DNS answers it', async () => {
    await tab.open('');
    await search('explain web');
    await page.keyboard.press('Enter');
    await page.getByText('web.service.consul').first().waitFor();
    expect(new URL(page.url()).searchParams.get('name')).toBe('web.service.consul');
  });

  test('asks the agent once for what is typed, not for every letter', async () => {
    await tab.open('');
    const asked: string[] = [];
    page.on('request', (request) => {
      if (request.url().includes('/v1/internal/ui/search')) asked.push(request.url());
    });
    await page.keyboard.press('Control+k');
    await page.getByRole('combobox').pressSequentially('web-3', { delay: 10 });
    await option('web-3 web on n1').waitFor();
    expect(asked.length).toBeLessThan(3);
  });
});
