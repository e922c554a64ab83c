/**
 * What the web page needs of the server: its files under a policy, a summary of all services, and results of checks.
 */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { CheckId } from '../../../src/model/types.ts';
import { startHttp } from '../../support/http-server.ts';

describe('files of the page', () => {
  let dir = '';
  beforeAll(() => {
    dir = fs.mkdtempSync(path.join(os.tmpdir(), 'rollcall-files-'));
    fs.mkdirSync(path.join(dir, 'page', 'assets'), { recursive: true });
    fs.writeFileSync(path.join(dir, 'secret.txt'), 'outside');
    fs.writeFileSync(path.join(dir, 'page', '.hidden'), 'hidden');
    fs.writeFileSync(path.join(dir, 'page', 'index.html'), '<base href="/ui/" /><p>page</p>');
    fs.writeFileSync(path.join(dir, 'page', 'assets', 'index-Ab12_-xy.js'), 'run()');
  });
  afterAll(() => fs.rmSync(dir, { recursive: true }));
  const start = (more = {}) => startHttp({ isUiEnabled: true, uiDir: path.join(dir, 'page'), ...more });

  test('every address of the page itself is index.html, which is asked for again each time', async () => {
    const { get } = await start();
    const long = `/ui/${'x'.repeat(300)}`;
    for (const address of ['/ui/', '/ui/index.html', '/ui/services/web', '/ui/services/a.b', long]) {
      const answer = await get(address);
      expect([answer.status, answer.text]).toEqual([200, '<base href="/ui/" /><p>page</p>']);
      expect(answer.headers['cache-control']).toBe('no-cache');
    }
  });

  test('index.html is told where dashboards are, and no template can leave its attribute', async () => {
    const page = path.join(dir, 'page', 'index.html');
    const before = fs.readFileSync(page, 'utf8');
    fs.writeFileSync(page, '<base href="/ui/" /><meta name="dashboard-of-service" content="" />');
    const { get } = await start({ dashboardTemplate: 'https://x/?a="><script>$&{{Service.Name}}' });
    expect((await get('/ui/')).text).toBe(
      '<base href="/ui/" /><meta name="dashboard-of-service" content="https://x/?a=&quot;&gt;&lt;script&gt;$&amp;{{Service.Name}}" />',
    );
    fs.writeFileSync(page, before);
  });

  test('HEAD tells what GET would send, and is refused by the API', async () => {
    const { request } = await start();
    const head = await request('HEAD', '/ui/');
    expect([head.status, head.text, head.headers['content-length']]).toEqual([200, '', '31']);
    expect((await request('HEAD', '/')).status).toBe(301);
    const refused = await request('HEAD', '/v1/agent/self');
    expect([refused.status, refused.headers['allow']]).toEqual([405, 'OPTIONS,GET']);
  });

  test('files with a hash in their name may be kept for good', async () => {
    const { get } = await start();
    const answer = await get('/ui/assets/index-Ab12_-xy.js');
    expect([answer.status, answer.text]).toEqual([200, 'run()']);
    expect(answer.headers['content-type']).toBe('text/javascript; charset=utf-8');
    expect(answer.headers['cache-control']).toContain('immutable');
  });

  test('its policy allows this server alone, no frame around it, and no guessing of types', async () => {
    const { get } = await start();
    const { headers } = await get('/ui/');
    expect(headers['content-security-policy']).toMatch(/^default-src 'self'; .*frame-ancestors 'none'/);
    expect(headers['x-content-type-options']).toBe('nosniff');
    expect(headers['referrer-policy']).toBe('no-referrer');
  });

  test('nothing outside of the folder and nothing hidden is served', async () => {
    const { get } = await start();
    for (const name of ['..%2fsecret.txt', '%2e%2e%2fsecret.txt', 'assets/..%2f..%2fsecret.txt', '.hidden']) {
      const answer = await get(`/ui/${name}`);
      expect(answer.text).not.toContain('outside');
      expect(answer.text).not.toBe('hidden');
    }
    expect((await get('/ui/assets/missing.js')).status).toBe(404);
  });

  test('another content path is written into the page, and the root leads there', async () => {
    const { get } = await start({ uiContentPath: '/a/b/' });
    expect((await get('/a/b/nodes')).text).toContain('<base href="/a/b/"');
    const root = await get('/');
    expect([root.status, root.headers['location']]).toEqual([301, '/a/b/']);
    expect((await get('/ui/')).status).toBe(404);
  });

  test('a page that was not built says how to build it', async () => {
    const { get } = await start({ uiDir: undefined });
    const answer = await get('/ui/');
    expect(answer.status).toBe(404);
    expect(answer.text).toContain('npm run build');
  });

  test('a page that is switched off is not there', async () => {
    const { get } = await start({ isUiEnabled: false });
    expect((await get('/ui/')).status).toBe(404);
    expect((await get('/')).text).toContain('ui_config.enabled=true');
  });
});

describe('/v1/agent/check/:id/history', () => {
  const results = [
    { atMs: Date.UTC(2026, 0, 2), durationMs: 3, status: 'critical', output: 'refused' },
    { atMs: Date.UTC(2026, 0, 1), durationMs: 2.5, status: 'passing', output: 'ok' },
  ] as const;

  test('gives the latest results, newest first, also of an id with slashes', async () => {
    const checkHistory = (id: CheckId) => (id === 'a/b' ? { results, flaps: 1 } : undefined);
    const { get, put } = await startHttp({}, { checkHistory });
    await put('/v1/agent/check/register', { ID: 'a/b', Name: 'c', TTL: '10s' });
    const answer = await get('/v1/agent/check/a%2Fb/history');
    expect(answer.json()).toMatchObject({
      CheckID: 'a/b',
      Status: 'critical',
      Flaps: 1,
      Results: [
        { Time: '2026-01-02T00:00:00.000Z', Status: 'critical', DurationMs: 3, Output: 'refused' },
        { Time: '2026-01-01T00:00:00.000Z', Status: 'passing', DurationMs: 2.5, Output: 'ok' },
      ],
    });
  });

  test('knows the checks of this agent only', async () => {
    const { get } = await startHttp();
    expect((await get('/v1/agent/check/nope/history')).status).toBe(404);
  });
});
