/**
 * The last day on the pages of a service, an instance and a node: drawn from the history, so it is there after a reload.
 */
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { describeWith } from '../support/needs-program.ts';
import { CHROMIUM, type PageServer, startPage, type Tab } from '../support/open-page.ts';

const register = (id: string, status: string) => ({
  Node: 'n2',
  Address: '10.0.0.1',
  Service: { ID: id, Service: 'web' },
  Check: { CheckID: `c-${id}`, ServiceID: id, Name: 'ping', Status: status },
});

describeWith(CHROMIUM, 'the last 24 hours', () => {
  let server: PageServer;
  let tab: Tab;
  let page: Page;
  const strip = (label: string) => page.locator(`.past-strip[aria-label*="${label}"]`);
  beforeAll(async () => {
    server = await startPage();
    for (const status of ['passing', 'critical', 'passing', 'critical', 'passing', 'critical'])
      await server.put('/v1/catalog/register', register('web-1', status));
    await server.put('/v1/catalog/register', register('web-2', 'passing'));
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

  test('a service shows who fell how often and who flaps, also after a reload, and what is new at once', async () => {
    await tab.open('services/web');
    await strip('web-1, last 24 hours').waitFor();
    expect(await strip('web-1').getAttribute('aria-label')).toMatch(/up [\d.]+ %, fell 3 times, flapping/);
    await page.reload();
    await strip('web-1, last 24 hours').waitFor();
    await page.locator('.past-row', { hasText: 'flapping' }).waitFor();
    await server.put('/v1/catalog/register', register('web-2', 'critical'));
    await page.locator('.past-row', { hasText: 'web-2' }).getByText('fell once').waitFor();
  });

  test('an instance has its own strip beside its checks', async () => {
    await tab.open('services/web?at=n2/web-1');
    const inspector = page.getByLabel('Instance web-1', { exact: true });
    await inspector.locator('.past-strip').waitFor();
    await inspector.getByText('fell 3 times').waitFor();
    await inspector.getByText('flapping').waitFor();
  });

  test('every list tells what changed of its kind, when it is opened', async () => {
    for (const [place, text] of [
      ['checks', 'ping turned critical'],
      ['services', 'was registered'],
      ['nodes', 'was registered'],
      ['map', 'ping turned critical'],
    ] as const) {
      await tab.open(place);
      await page.getByText('What changed here').click();
      await page.locator('.timeline', { hasText: text }).waitFor();
    }
  });

  test('a node shows itself and what is on it', async () => {
    await tab.open('nodes/n2');
    await strip('n2, last 24 hours').waitFor();
    await strip('web-1, last 24 hours').waitFor();
  });
});
