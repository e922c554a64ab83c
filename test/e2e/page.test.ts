/**
 * The web page in a real browser, page by page: it shows what the agent knows, stays on its own server, and is usable
 * by everybody.
 */
import fs from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import axe from 'axe-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { seriousFindings } from '../support/axe-findings.ts';
import { describeWith } from '../support/needs-program.ts';
import { CHROMIUM, type PageServer, shortest, startPage, type Tab } from '../support/open-page.ts';

const MAX_GZIPPED_BYTES = 60 * 1024;
const MAX_LATER_BYTES = 16 * 1024;
const MAX_FIRST_PAINT_MS = 200;

/** Address of each page, and a text that it must show. */
const PAGES: readonly (readonly [address: string, text: string])[] = [
  ['', 'degraded'],
  ['services', 'web'],
  ['services/web', 'connection refused'],
  ['services/web?at=n1/web-2', '10.0.0.2:8082'],
  ['services/web?tab=dns', 'web.service.consul. 0 IN A 10.0.0.1'],
  ['nodes', '127.0.0.1'],
  ['map', 'critical'],
  ['map?as=table', 'critical'],
  ['servers', 'One server'],
  ['nodes/n1', 'leader-election'],
  ['checks', 'connection refused'],
  ['checks?at=n1/web-2-check', 'connection refused'],
  ['kv', 'app/'],
  ['kv?in=app/&key=app/limit', 'never locked'],
  ['queries', 'near-web'],
  ['events', 'deploy'],
  ['history?service=web', 'registered'],
  ['dns?name=web.service.consul&type=SRV', 'NOERROR'],
  ['agent', 'event loop late'],
  ['agent?tab=config', 'ports.dns'],
  ['agent?tab=log', 'info'],
  ['nowhere', 'no such page'],
];

/** A button of each page that opens a dialog. */
const DIALOGS: readonly (readonly [address: string, button: string])[] = [
  ['services', 'Register'],
  ['services/web?at=n1/web-2', 'Maintenance'],
  ['services/web?at=n1/web-2', 'Drain'],
  ['services/web?at=n1/web-2', 'Deregister'],
  ['nodes/n1', 'Maintenance'],
  ['nodes/n1', 'Drain'],
  ['nodes/n1', 'Invalidate'],
  ['kv?in=app/', 'Create'],
  ['kv?in=app/', 'Delete folder'],
  ['kv?in=app/&key=app/limit', 'Delete'],
  ['queries', 'Create'],
  ['events', 'Fire'],
  ['', 'Sign in'],
  ['', 'Keyboard'],
  ['', 'Search Ctrl K'],
];

async function fill({ put, agent }: PageServer): Promise<void> {
  for (const n of [1, 2]) {
    const check = { CheckID: `web-${n}-check`, Name: 'health', TTL: '1h', Status: 'passing' };
    const place = { Address: `10.0.0.${n}`, Port: 8080 + n, Tags: ['v2'], Meta: { team: 'core' } };
    await put('/v1/agent/service/register', { ID: `web-${n}`, Name: 'web', ...place, Check: check });
  }
  await put('/v1/agent/check/fail/web-2-check?note=connection%20refused');
  await put('/v1/kv/app/limit', '42');
  await put('/v1/session/create', { Name: 'leader-election' });
  await put('/v1/event/fire/deploy', '1.2.3');
  const query = { Name: 'near-web', Service: { Service: 'web' } };
  await fetch(`${agent.httpUrl}/v1/query`, { method: 'POST', body: JSON.stringify(query) });
}

describeWith(CHROMIUM, 'the web page', () => {
  let server: PageServer;
  let tab: Tab;
  beforeAll(async () => {
    server = await startPage();
    await fill(server);
  });
  afterAll(() => server?.stop());
  beforeEach(async () => {
    tab = await server.newTab();
  });
  afterEach(async () => {
    const troubles = tab.troubles();
    await tab.close();
    expect(troubles).toEqual([]);
  });

  for (const [address, text] of PAGES) {
    test(`/${address} shows "${text}", and axe calls nothing serious, in light and in dark`, async () => {
      await tab.page.emulateMedia({ colorScheme: 'light', reducedMotion: 'reduce' });
      await tab.open(address);
      await tab.page.locator('main', { hasText: text }).waitFor();
      await tab.page.evaluate(axe.source);
      expect(await seriousFindings(tab.page)).toEqual([]);
      await tab.page.emulateMedia({ colorScheme: 'dark', reducedMotion: 'reduce' });
      expect(await seriousFindings(tab.page, ['color-contrast'])).toEqual([]);
    });
  }

  for (const [address, button] of DIALOGS) {
    test(`the dialog behind "${button}" of /${address}: axe calls nothing serious, the focus goes in and back`, async () => {
      await tab.page.emulateMedia({ reducedMotion: 'reduce' });
      await tab.open(address);
      const opener = tab.page.getByRole('button', { name: button, exact: true });
      await opener.focus();
      await tab.page.keyboard.press('Enter');
      const dialog = tab.page.getByRole('dialog');
      expect(await dialog.evaluate((own) => own.matches(':focus-within'))).toBe(true);
      await tab.page.evaluate(axe.source);
      expect(await seriousFindings(tab.page)).toEqual([]);
      await tab.page.keyboard.press('Escape');
      await dialog.waitFor({ state: 'detached' });
      expect(await opener.evaluate((own) => own.matches(':focus'))).toBe(true);
    });
  }

  test('who wants no motion gets none', async () => {
    await tab.page.emulateMedia({ reducedMotion: 'reduce' });
    await tab.open('services');
    const moving = await tab.page.evaluate<number>(`
      [...document.querySelectorAll('*')].map((element) => getComputedStyle(element)).filter(
        (style) => style.transitionDuration !== '0s' || style.animationName !== 'none',
      ).length`);
    expect(moving).toBe(0);
  });

  test('what every visitor loads is under 60 KiB when compressed, and each page that is loaded when asked for under 16', () => {
    const files = fs.readdirSync(server.dir, { recursive: true, encoding: 'utf8' });
    const sizes = files
      .map((file) => path.join(server.dir, file))
      .filter((file) => fs.statSync(file).isFile())
      .map((file) => ({ file, size: gzipSync(fs.readFileSync(file)).length }));
    const page = fs.readFileSync(path.join(server.dir, 'index.html'), 'utf8');
    const named = (text: string): readonly string[] =>
      [...text.matchAll(/from\s*"\.\/([^"]+\.js)"/g)].map(([, name]) => name ?? '');
    const atOnce = new Set(files.map((file) => path.basename(file)).filter((name) => page.includes(name)));
    // A set grows while it is walked: what the first file imports, and what that imports.
    for (const name of atOnce)
      if (name.endsWith('.js'))
        for (const other of named(fs.readFileSync(path.join(server.dir, 'assets', name), 'utf8')))
          atOnce.add(other);
    const isLater = (file: string): boolean => file.endsWith('.js') && !atOnce.has(path.basename(file));
    const first = sizes.filter(({ file }) => !isLater(file));
    expect(first.length).toBeGreaterThan(2);
    expect(first.reduce((sum, { size }) => sum + size, 0)).toBeLessThan(MAX_GZIPPED_BYTES);
    const later = sizes.filter(({ file }) => isLater(file));
    expect(later.length).toBeLessThanOrEqual(8);
    for (const { size } of later) expect(size).toBeLessThan(MAX_LATER_BYTES);
  });

  test('the first paint of a local agent comes within 200 ms', async () => {
    await tab.open('services');
    const paintMs = async (): Promise<number> => {
      await tab.page.reload();
      await tab.page.waitForFunction(() => performance.getEntriesByName('first-contentful-paint').length > 0);
      return tab.page.evaluate(
        () => performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? Infinity,
      );
    };
    expect(await shortest(8, MAX_FIRST_PAINT_MS, paintMs)).toBeLessThan(MAX_FIRST_PAINT_MS);
  });

  test('its policy forbids inline scripts and other servers', async () => {
    const { headers } = await fetch(`${server.agent.httpUrl}/ui/`);
    const policy = headers.get('content-security-policy') ?? '';
    expect(policy).toContain("default-src 'self'");
    expect(policy).not.toContain('unsafe');
    expect(headers.get('x-content-type-options')).toBe('nosniff');
  });

  test('a refusal for want of rights leads to signing in', async () => {
    await tab.page.route('**/v1/internal/ui/services*', (route) =>
      route.fulfill({ status: 403, body: 'Permission denied' }),
    );
    await tab.open('services');
    await tab.page.getByRole('alert').getByText('Permission denied').waitFor();
    await tab.page.getByRole('alert').getByRole('button', { name: 'Sign in' }).click();
    await tab.page.getByRole('dialog', { name: 'Sign in' }).waitFor();
    tab.forgive((trouble) => trouble.includes('status of 403'));
  });

  test('the token goes into a header and never into an address', async () => {
    await tab.open('services');
    const addresses: string[] = [];
    const withToken = tab.page.waitForRequest((request) => request.headers()['x-consul-token'] === 's3cret');
    tab.page.on('request', (request) => addresses.push(request.url()));
    await tab.page.getByRole('button', { name: 'Sign in' }).click();
    const dialog = tab.page.getByRole('dialog');
    await dialog.getByLabel('Secret of the token').fill('s3cret');
    await dialog.getByRole('button', { name: 'Sign in' }).click();
    await withToken;
    // It is tried before it is taken.
    await dialog.waitFor({ state: 'detached' });
    const afterwards = tab.page.waitForRequest((request) => request.headers()['x-consul-token'] === 's3cret');
    await tab.page.reload();
    await afterwards;
    expect(addresses.filter((address) => address.includes('s3cret'))).toEqual([]);
    expect(tab.page.url()).not.toContain('s3cret');
    // Access control is off here, which is what the agent says when it is asked whose token that is.
    tab.forgive((trouble) => trouble.includes('status of 401'));
  });
});

describeWith(CHROMIUM, 'the web page elsewhere', () => {
  test('a service leads to its dashboard where a template says where that is', async () => {
    const service = 'https://grafana.example/d/x?var-service={{Service.Name}}&var-dc={{Datacenter}}';
    const server = await startPage({ config: { ui_config: { dashboard_url_templates: { service } } } });
    try {
      await server.put('/v1/agent/service/register', { Name: 'web & co' });
      const tab = await server.newTab();
      await tab.open('services/web%20%26%20co');
      expect(await tab.page.getByRole('link', { name: 'Dashboard' }).getAttribute('href')).toBe(
        'https://grafana.example/d/x?var-service=web%20%26%20co&var-dc=dc1',
      );
      expect(tab.troubles()).toEqual([]);
    } finally {
      await server.stop();
    }
  });

  test('ui_config.content_path moves it, and the root leads there', async () => {
    const server = await startPage({ config: { ui_config: { content_path: '/console/' } } });
    try {
      const tab = await server.newTab();
      await tab.page.goto(`${server.agent.httpUrl}/`);
      await tab.page.locator('main h1').waitFor();
      expect(new URL(tab.page.url()).pathname).toBe('/console/');
      await tab.open('nodes/n1');
      await tab.page.getByRole('link', { name: 'Services' }).first().click();
      expect(new URL(tab.page.url()).pathname).toBe('/console/services');
      expect(tab.troubles()).toEqual([]);
    } finally {
      await server.stop();
    }
  });
});
