/**
 * The web page on every screen and by every hand: narrow and very wide, dark, by keyboard alone, with thousands of services,
 * and while its agent is away.
 */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { describeWith } from '../support/needs-program.ts';
import { CHROMIUM, type PageServer, shortest, startPage, type Tab } from '../support/open-page.ts';
import { startAgent } from '../support/start-agent.ts';

const SERVICE_COUNT = 5_000;
const SECOND_MS = 1_000;

const ADDRESSES = [
  '',
  'services',
  'services/svc-97',
  'services/svc-97?at=n1/svc-97',
  'services/svc-97?tab=dns',
  'nodes',
  'nodes/n1',
  'map',
  'map?as=table',
  'servers',
  'checks',
  'kv',
  'queries',
  'events',
  'history',
  'acls',
  'dns?name=svc-97.service.consul&type=SRV',
  'agent',
  'agent?tab=config',
] as const;

async function register({ put }: PageServer, count: number): Promise<void> {
  let next = 0;
  const work = async (): Promise<void> => {
    while (next < count) {
      const n = next++;
      const check = {
        CheckID: `c-${n}`,
        Name: 'heartbeat',
        TTL: '1h',
        Status: n % 97 === 0 ? 'critical' : 'passing',
      };
      await put('/v1/agent/service/register', {
        Name: `svc-${n}`,
        Port: 1 + n,
        Tags: [`v${n % 5}`],
        Check: check,
      });
    }
  };
  await Promise.all(Array.from({ length: 16 }, work));
}

/** How many pixels the page is wider than its window. */
function overflow(page: Page): Promise<number> {
  return page.locator('html').evaluate((html) => html.scrollWidth - html.clientWidth);
}

const focusedText = (page: Page): Promise<string> =>
  page.locator(':focus').evaluate((element) => element.textContent ?? '');

describeWith(CHROMIUM, 'the web page with 5,000 services', () => {
  let server: PageServer;
  beforeAll(async () => {
    server = await startPage();
    await register(server, SERVICE_COUNT);
  });
  afterAll(() => server?.stop());

  async function inTab(options: Parameters<PageServer['newTab']>[0], work: (tab: Tab) => Promise<void>) {
    const tab = await server.newTab(options);
    try {
      await work(tab);
      expect(tab.troubles()).toEqual([]);
    } finally {
      await tab.close();
    }
  }

  for (const [width, height] of [
    // A window of 1,280 pixels at a zoom of 400 % (WCAG 1.4.10), a phone, and a wall.
    [320, 256],
    [360, 740],
    [3_840, 2_160],
  ] as const) {
    test(`no page is wider than a window of ${width} pixels`, () =>
      inTab({ viewport: { width, height } }, async ({ page, open }) => {
        const wide: string[] = [];
        for (const address of ADDRESSES) {
          await open(address);
          if ((await overflow(page)) > 0) wide.push(address);
        }
        expect(wide).toEqual([]);
      }));
  }

  test('on a phone no text stands on end, a letter a line', () =>
    inTab({ viewport: { width: 360, height: 740 } }, async ({ page, open }) => {
      const narrow: string[] = [];
      for (const address of [...ADDRESSES, 'dns']) {
        await open(address);
        const found = await page.evaluate<readonly string[]>(`
          [...document.querySelectorAll('main :is(p, span, a, dd, dt, td, th, h2, h3)')]
            .filter((element) => element.textContent.trim().length > 3 && element.children.length === 0)
            .filter((element) => element.offsetHeight > 40 && element.offsetWidth > 1 && element.offsetWidth < 24)
            .map((element) => element.textContent)`);
        narrow.push(...found);
      }
      expect(narrow).toEqual([]);
    }));

  test('draws only the rows near the window, and reaches the last one', () =>
    inTab({}, async ({ page, open }) => {
      await open('services?sort=name');
      const rows = page.locator('[data-row]');
      expect(await rows.count()).toBeLessThan(120);
      await page.keyboard.press('End');
      await page.getByRole('link', { name: `svc-${SERVICE_COUNT - 1}` }).waitFor();
      expect(await rows.count()).toBeLessThan(120);
    }));

  test('shows failing services first, and finds one by typing', () =>
    inTab({}, async ({ page, open }) => {
      await open('services');
      expect(await page.locator('[data-row="0"]').textContent()).toContain('svc-0');
      expect(await page.locator('[data-row="1"]').textContent()).toContain('svc-97');
      await page.keyboard.press('/');
      await page.keyboard.type('svc-4321');
      await page.getByText('1 of 5,001').waitFor();
      await page.keyboard.press('ArrowDown');
      await page.keyboard.press('Enter');
      await page.getByRole('heading', { name: 'svc-4321' }).waitFor();
    }));

  test('one change among thousands is seen within a second', () =>
    inTab({}, async ({ page, open }) => {
      await open('services?q=svc-4999');
      const seenMs = async (): Promise<number> => {
        await page.locator('[data-row="0"]', { hasText: '1 passing' }).waitFor();
        await page.waitForTimeout(1_000);
        const startedMs = performance.now();
        await server.put('/v1/agent/check/warn/c-4999?note=slow');
        await page.locator('[data-row="0"]', { hasText: '1 warning' }).waitFor();
        const elapsedMs = performance.now() - startedMs;
        await server.put('/v1/agent/check/pass/c-4999');
        return elapsedMs;
      };
      expect(await shortest(4, SECOND_MS, seenMs)).toBeLessThan(SECOND_MS);
    }));
});

describeWith(CHROMIUM, 'the web page by keyboard, in the dark and without its agent', () => {
  let server: PageServer;
  beforeAll(async () => {
    server = await startPage();
    await register(server, 3);
  });
  afterAll(() => server?.stop());

  test('goes from page to page, down a list, into a row and out again', async () => {
    const { page, open, troubles, close } = await server.newTab();
    await open('');
    await page.keyboard.press('g');
    await page.keyboard.press('s');
    await page.getByRole('heading', { name: 'Services' }).waitFor();
    await page.keyboard.press('ArrowDown');
    const first = await focusedText(page);
    await page.keyboard.press('j');
    expect(await focusedText(page)).not.toBe(first);
    await page.keyboard.press('k');
    expect(await focusedText(page)).toBe(first);
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'svc-0' }).waitFor();
    await page.locator('.t-instances [data-row]').waitFor();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    await page.getByLabel('Instance svc-0').waitFor();
    await page.keyboard.press('Escape');
    await page.getByLabel('Instance svc-0').waitFor({ state: 'detached' });
    await page.keyboard.press('Enter');
    await page.getByLabel('Instance svc-0').waitFor();
    await page.keyboard.press('ArrowRight');
    expect(
      await page.getByRole('button', { name: 'Close details' }).evaluate((own) => own.matches(':focus')),
    ).toBe(true);
    await page.keyboard.press('Enter');
    await page.getByLabel('Instance svc-0').waitFor({ state: 'detached' });
    expect(await focusedText(page)).toContain('svc-0');
    await page.keyboard.press('?');
    await page.getByRole('dialog', { name: 'Keyboard' }).waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    expect(troubles()).toEqual([]);
    await close();
  });

  test('the first Tab leads past the navigation', async () => {
    const { page, open, close } = await server.newTab();
    await open('services');
    await page.keyboard.press('Tab');
    expect(await focusedText(page)).toBe('Skip to content');
    await page.keyboard.press('Enter');
    expect(await page.locator('main').evaluate((main) => main.matches(':focus'))).toBe(true);
    await close();
  });

  test('colours follow the system, and a choice outlives a reload', async () => {
    const { page, open, close } = await server.newTab({ colorScheme: 'dark' });
    await open('');
    const paper = (): Promise<string> =>
      page.evaluate<string>('getComputedStyle(document.body).backgroundColor');
    const dark = await paper();
    await page.getByRole('button', { name: 'Light colours' }).click();
    const light = await paper();
    expect(light).not.toBe(dark);
    await page.reload();
    await page.locator('main h1').waitFor();
    expect(await paper()).toBe(light);
    await close();
  });

  test('on a phone the pages are behind a button', async () => {
    const { page, open, close } = await server.newTab({ viewport: { width: 360, height: 740 } });
    await open('');
    const link = page.getByRole('link', { name: 'Services', exact: false }).first();
    expect(await page.locator('#navigation').isVisible()).toBe(false);
    await page.getByRole('button', { name: 'Menu' }).click();
    await link.click();
    await page.getByRole('heading', { name: 'Services' }).waitFor();
    expect(await page.locator('#navigation').isVisible()).toBe(false);
    await close();
  });
});

describeWith(CHROMIUM, 'the web page and an agent that goes away', () => {
  test('says so, keeps what it has, and recovers by itself', async () => {
    const dataDir = fs.mkdtempSync(path.join(os.tmpdir(), 'rollcall-away-'));
    const server = await startPage({ dataDir });
    const { page, open, close } = await server.newTab();
    try {
      await register(server, 2);
      await open('services');
      await page.getByRole('link', { name: 'svc-1' }).waitFor();
      await server.agent.kill();
      await page.getByText('The agent does not answer').waitFor();
      expect(await page.getByRole('link', { name: 'svc-1' }).isVisible()).toBe(true);
      const ports = { http: server.agent.httpPort, dns: server.agent.dnsPort };
      const config = { ui_config: { enabled: true, dir: server.dir } };
      const again = await startAgent({ dataDir, ports, config });
      await page.getByText('The agent does not answer').waitFor({ state: 'detached' });
      await fetch(`${again.httpUrl}/v1/agent/service/deregister/svc-1`, { method: 'PUT' });
      await page.getByRole('link', { name: 'svc-1' }).waitFor({ state: 'detached' });
      await again.stop();
    } finally {
      await close();
      await server.stop();
      fs.rmSync(dataDir, { recursive: true, force: true });
    }
  });
});
