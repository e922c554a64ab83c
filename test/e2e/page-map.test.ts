/**
 * The map of health by pointer, by keyboard and as a table, small and large; and that text of lists can be copied.
 */
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { describeWith } from '../support/needs-program.ts';
import { CHROMIUM, type PageServer, shortest, startPage, type Tab } from '../support/open-page.ts';

const register = (node: string, service: string, id: string, status: string) => ({
  Node: node,
  Address: '10.0.0.1',
  Service: {
    ID: id,
    Service: service,
    Tags: ['canary', 'a-tag-of-some-length', 'another-tag-of-some-length'],
  },
  Check: { CheckID: `c-${id}`, ServiceID: id, Name: 'ping', Status: status },
});

const said = (page: Page): Promise<string> => page.locator('.heat-said').textContent() as Promise<string>;

describeWith(CHROMIUM, 'the map of health', () => {
  let server: PageServer;
  let tab: Tab;
  let page: Page;
  beforeAll(async () => {
    server = await startPage();
    await server.put('/v1/catalog/register', register('n2', 'web', 'web-1', 'passing'));
    await server.put('/v1/catalog/register', register('n2', 'web', 'web-2', 'critical'));
    await server.put('/v1/catalog/register', register('n3', 'web', 'web-3', 'passing'));
    await server.put('/v1/catalog/register', register('n3', 'db', 'db-1', 'warning'));
    for (const n of [1, 2, 3])
      await server.put('/v1/catalog/register', register(`calm-${n}`, 'calm', `calm-${n}`, 'passing'));
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

  test('walked by keys: the next bad place is said, and Enter opens the worst instance there', async () => {
    await tab.open('map');
    await page.locator('.heat').focus();
    await page.keyboard.press('n');
    await page.locator('.heat-said', { hasText: 'web on n2: critical' }).waitFor();
    await page.keyboard.press('n');
    await page.locator('.heat-said', { hasText: 'db on n3: warning' }).waitFor();
    await page.keyboard.press('ArrowUp');
    await page.keyboard.press('Home');
    await page.locator('.heat-said', { hasText: 'web on n2' }).waitFor();
    await page.keyboard.press('Enter');
    await page.getByLabel('Instance web-2').waitFor();
    expect(new URL(page.url()).pathname).toBe('/ui/services/web');
  });

  test('what is pointed at is said, and a click opens it', async () => {
    await tab.open('map');
    const box = await page.locator('.heat').boundingBox();
    if (!box) throw new Error('no map');
    // Rightward and downward from the corner until a place with an instance is under the pointer.
    let at = { x: box.x + 150, y: box.y + 76 };
    await expect
      .poll(async () => {
        at = { x: at.x + 7, y: at.y + 3 };
        await page.mouse.move(at.x, at.y);
        return said(page);
      })
      .toMatch(/ on n\d: (critical|warning|passing)/);
    await page.mouse.click(at.x, at.y);
    await page.locator('.inspector').waitFor();
  });

  test('says the same as a table, the worst first, and changes by itself', async () => {
    await tab.open('map');
    await page.getByRole('button', { name: 'Table', exact: true }).click();
    const row = (n: number) => page.locator(`[data-row="${n}"]`);
    await row(0).locator('.c-node', { hasText: 'n2' }).waitFor();
    expect(await row(0).textContent()).toContain('critical');
    expect(await row(1).textContent()).toContain('db');
    await server.put('/v1/catalog/register', register('n3', 'db', 'db-1', 'critical'));
    await page.locator('[data-row="0"]', { hasText: 'db' }).waitFor();
    await server.put('/v1/catalog/register', register('n3', 'db', 'db-1', 'warning'));
  });

  test('a node is as healthy as what runs on it, and says which', async () => {
    await tab.open('nodes');
    await page.locator('[data-row="0"]', { hasText: 'web critical' }).waitFor();
    await tab.open('nodes/n2');
    await page.getByText('because of web-2').waitFor();
  });

  test('text of a row can be selected without going anywhere; a click beside the link goes', async () => {
    await tab.open('nodes');
    await page.locator('[data-row="0"]', { hasText: 'n2' }).waitFor();
    const address = page.locator('[data-row="0"] .c-address .mono');
    const box = await address.boundingBox();
    if (!box) throw new Error('no address');
    await page.mouse.move(box.x + 1, box.y + box.height / 2);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width - 1, box.y + box.height / 2, { steps: 5 });
    await page.mouse.up();
    expect(await page.evaluate<string>('getSelection().toString()')).toContain('10.0.0');
    expect(new URL(page.url()).pathname).toBe('/ui/nodes');
    await page.locator('[data-row="0"] .c-reason').click();
    await page.getByRole('heading', { name: 'n2' }).waitFor();
  });

  test('a chip in a list is whole or not there', async () => {
    await tab.page.setViewportSize({ width: 1_200, height: 700 });
    await tab.open('services');
    await page.locator('.row .tag').first().waitFor();
    const cut = await page.evaluate<number>(`
      [...document.querySelectorAll('.row .tag')].filter((tag) => {
        const [own, box] = [tag.getBoundingClientRect(), tag.parentElement.getBoundingClientRect()];
        const isSeen = own.top < box.bottom - 1;
        return isSeen && (own.right > box.right + 1 || own.bottom > box.bottom + 1);
      }).length`);
    expect(cut).toBe(0);
  });

  test('the head of a list stays while it is scrolled', async () => {
    await tab.page.setViewportSize({ width: 1_100, height: 300 });
    await tab.open('map?as=table');
    await page.locator('[data-row="4"]').scrollIntoViewIfNeeded();
    await expect.poll(() => page.evaluate<number>('scrollY')).toBeGreaterThan(150);
    expect((await page.locator('.row.head').boundingBox())?.y).toBeGreaterThanOrEqual(0);
  });

  test('with 200 nodes and 500 services a step of the cursor is drawn and said at once', async () => {
    const nodes = Array.from({ length: 200 }, (_, n) => `node-${n}`);
    const lines = Array.from({ length: 500 }, (_, n) => ({
      Name: `service-${n}`,
      Critical: nodes.slice(n % 200, (n % 200) + 1),
      Warning: [],
      Maintenance: [],
      Passing: nodes.filter((_node, at) => at !== n % 200),
    }));
    await page.route('**/v1/internal/ui/health-map*', (route) =>
      route.fulfill({ json: lines, headers: { 'X-Consul-Index': '0' } }),
    );
    await tab.open('map');
    await page.getByText('all 100,000').waitFor();
    await page.locator('.heat').focus();
    await page.keyboard.press('ArrowDown');
    const stepMs = async (): Promise<number> => {
      const before = await said(page);
      const startedMs = performance.now();
      await page.keyboard.press('ArrowDown');
      await expect.poll(() => said(page), { interval: 5 }).not.toBe(before);
      await page.evaluate(
        'new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)))',
      );
      return performance.now() - startedMs;
    };
    expect(await shortest(10, 150, stepMs)).toBeLessThan(150);
  });
});
