/**
 * The page about servers in a real browser: three that are well, one that is gone, and a datacenter that nobody leads. What the
 * API says of three servers is put in its place here; test/cluster looks at real ones.
 */
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { describeWith } from '../support/needs-program.ts';
import { CHROMIUM, type PageServer, startPage, type Tab } from '../support/open-page.ts';

const server = (number: number, own: object = {}) => ({
  ID: `id-${number}`,
  Name: `s${number}`,
  Address: `10.0.0.${number}:8300`,
  NodeStatus: 'alive',
  Status: number === 2 ? 'leader' : 'voter',
  LastContact: number === 2 ? '0s' : '32.56242ms',
  LastTerm: 4,
  LastIndex: number === 3 ? 95 : 100,
  Healthy: true,
  StableSince: '2026-11-21T19:20:19Z',
  ...own,
});

const state = (third: object = {}, more: object = {}) => ({
  FailureTolerance: 1,
  Leader: 'id-2',
  Servers: Object.fromEntries([server(1), server(2), server(3, third)].map((one) => [one.ID, one])),
  ...more,
});

const GONE = {
  NodeStatus: 'failed',
  LastContact: '-1ns',
  LastTerm: 0,
  LastIndex: 0,
  Healthy: false,
  StableSince: '0001-01-01T00:00:00Z',
};

describeWith(CHROMIUM, 'the page about servers', () => {
  let pages: PageServer;
  let tab: Tab;
  beforeAll(async () => {
    pages = await startPage();
    tab = await pages.newTab();
  });
  afterAll(() => pages?.stop());

  async function answer(page: Page, status: number, body: unknown): Promise<void> {
    await page.unroute('**/v1/operator/autopilot/state');
    await page.route('**/v1/operator/autopilot/state', (route) =>
      route.fulfill(
        typeof body === 'string'
          ? { status, contentType: 'text/plain', body }
          : { status, contentType: 'application/json', body: JSON.stringify(body) },
      ),
    );
  }

  /** Cells of each row, in the order shown. */
  async function rows(page: Page): Promise<string[][]> {
    const shown: string[][] = [];
    for (const row of await page.locator('.rows [role=row]').all())
      shown.push(await row.locator('[role=cell]').allTextContents());
    return shown;
  }

  test('shows a server that is alone', async () => {
    await tab.open('servers');
    expect(await tab.page.locator('h1').textContent()).toBe('One server');
    expect((await rows(tab.page))[0]?.slice(0, 2)).toEqual([expect.stringContaining('n1'), 'leads']);
    expect(tab.troubles()).toEqual([]);
  });

  test('shows who leads, and how far the others are behind', async () => {
    await answer(tab.page, 200, state());
    await tab.open('servers');
    expect(await tab.page.locator('h1').textContent()).toBe('All 3 servers are well');
    expect(await tab.page.locator('.about').textContent()).toBe('s2 leads; 1 may be lost without harm');
    const shown = await rows(tab.page);
    expect(shown.map((cells) => [cells[1], cells[3], cells[4]])).toEqual([
      ['follows', 'up to date', '33 ms'],
      ['leads', '', ''],
      ['follows', '5 writes behind', '33 ms'],
    ]);
    expect(tab.troubles()).toEqual([]);
  });

  test('puts the one that is gone first, and says what it means', async () => {
    await answer(tab.page, 200, state(GONE, { FailureTolerance: 0 }));
    await tab.open('servers');
    expect(await tab.page.locator('h1').textContent()).toBe('1 of 3 servers is not well');
    expect(await tab.page.locator('.about').textContent()).toContain('nothing can be written');
    expect((await rows(tab.page))[0]?.slice(0, 3)).toEqual([
      expect.stringContaining('s3'),
      'follows',
      'failed',
    ]);
    expect(tab.troubles()).toEqual([]);
  });

  test('still shows the servers when nobody leads', async () => {
    await answer(tab.page, 500, 'No cluster leader');
    await tab.open('servers');
    await tab.page.getByRole('heading', { name: 'No server leads at the moment' }).waitFor();
    await tab.page.locator('.rows [role=row]').first().waitFor();
    expect((await rows(tab.page))[0]?.slice(0, 2)).toEqual([expect.stringContaining('n1'), 'votes']);
    tab.forgive((trouble) => trouble.includes('status of 500'));
    expect(tab.troubles()).toEqual([]);
  });
});
