/**
 * The web page stays true by itself: what changes is seen within a second, without polling; when the agent goes away the
 * page says so, keeps what it has, and comes back; and every way of writing does what it says.
 */
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { describeWith } from '../support/needs-program.ts';
import { CHROMIUM, type PageServer, shortest, startPage, type Tab } from '../support/open-page.ts';

const SECOND_MS = 1_000;

function until(page: Page, text: string): Promise<void> {
  return page.locator('main', { hasText: text }).waitFor();
}

const register = (id: string, status = 'passing') => ({
  ID: id,
  Name: 'web',
  Address: '10.0.0.1',
  Port: 80,
  Check: { CheckID: `${id}-check`, Name: 'health', TTL: '1h', Status: status },
});

describeWith(CHROMIUM, 'the web page, alive', () => {
  let server: PageServer;
  let tab: Tab;
  let page: Page;
  beforeAll(async () => {
    server = await startPage();
  });
  afterAll(() => server?.stop());
  beforeEach(async () => {
    await server.put('/v1/agent/service/register', register('web-1'));
    tab = await server.newTab();
    page = tab.page;
  });
  afterEach(async () => {
    const troubles = tab.troubles();
    await tab.close();
    expect(troubles).toEqual([]);
  });

  const json = async (path: string): Promise<unknown> => (await fetch(server.agent.httpUrl + path)).json();
  const dialog = () => page.getByRole('dialog');

  test('what changed is told by the agent, also after a reload, and on the page of the service', async () => {
    await server.put('/v1/agent/check/fail/web-1-check?note=disk+full');
    for (const place of ['', 'services/web', 'dc1/services/web']) {
      await tab.open(place);
      await until(page, 'health turned critical: disk full');
    }
    expect(new URL(page.url()).pathname).toBe('/ui/services/web');
    await server.put('/v1/agent/check/pass/web-1-check');
    await until(page, 'health is no longer failing');
  });

  test('a service that has lost one of its instances is degraded, one that has lost all is down', async () => {
    await server.put('/v1/agent/service/register', register('web-2', 'critical'));
    await tab.open('');
    await until(page, '1 service is degraded');
    await server.put('/v1/agent/check/fail/web-1-check');
    await until(page, '1 service is down');
    await tab.open('services');
    await until(page, 'down: 2 critical');
    await server.put('/v1/agent/service/deregister/web-2');
    await server.put('/v1/agent/check/pass/web-1-check');
  });

  test('a registration is in the list within a second', async () => {
    await tab.open('services');
    const seenMs = async (): Promise<number> => {
      await page.waitForTimeout(300);
      const startedMs = performance.now();
      await server.put('/v1/agent/service/register', { Name: 'brand-new' });
      await page.getByRole('link', { name: 'brand-new' }).waitFor();
      const elapsedMs = performance.now() - startedMs;
      await server.put('/v1/agent/service/deregister/brand-new');
      await page.getByRole('link', { name: 'brand-new' }).waitFor({ state: 'detached' });
      return elapsedMs;
    };
    expect(await shortest(4, SECOND_MS, seenMs)).toBeLessThan(SECOND_MS);
  });

  test('a check that fails is on the overview within a second, and in its timeline', async () => {
    await tab.open('');
    let round = 0;
    const seenMs = async (): Promise<number> => {
      round += 1;
      await until(page, 'Every check is passing');
      await page.waitForTimeout(300);
      const startedMs = performance.now();
      await server.put(`/v1/agent/check/fail/web-1-check?note=disk%20full%20${round}`);
      await until(page, `disk full ${round}`);
      const elapsedMs = performance.now() - startedMs;
      await server.put('/v1/agent/check/pass/web-1-check');
      return elapsedMs;
    };
    expect(await shortest(4, SECOND_MS, seenMs)).toBeLessThan(SECOND_MS);
    await until(page, 'turned critical');
    await server.put('/v1/agent/check/fail/web-1-check');
    await expect.poll(() => page.title()).toBe('(1) Overview · rollcall');
    await server.put('/v1/agent/check/pass/web-1-check');
    await expect.poll(() => page.title()).toBe('Overview · rollcall');
    await until(page, 'is no longer failing');
  });

  test('changes come by one stream: no question is parked for them', async () => {
    const asked: string[] = [];
    page.on('request', (request) => asked.push(request.url()));
    await tab.open('services');
    await page.waitForTimeout(1_000);
    await server.put('/v1/agent/service/register', { Name: 'told-by-stream' });
    await page.getByRole('link', { name: 'told-by-stream' }).waitFor();
    expect(asked.filter((url) => url.includes('/v1/stream?'))).toHaveLength(1);
    expect(asked.filter((url) => url.includes('wait='))).toEqual([]);
    await server.put('/v1/agent/service/deregister/told-by-stream');
  });

  test('a quiet page asks nothing while nothing changes', async () => {
    await tab.open('services');
    await page.waitForTimeout(1_000);
    let asked = 0;
    page.on('request', () => {
      asked += 1;
    });
    await page.waitForTimeout(2_500);
    expect(asked).toBe(0);
  });

  test('six tabs of one browser share its connections: each sees changes, and the last one can ask', async () => {
    await server.put('/v1/kv/app/limit', '42');
    const addresses = [
      'services/web?at=n1/web-1',
      'nodes/n1',
      'checks',
      'kv?in=app/&key=app/limit',
      'events',
    ];
    const tabs = [tab, ...(await Promise.all(addresses.slice(1).map(() => tab.another())))];
    for (const [at, address] of addresses.entries()) await tabs[at]?.open(address);
    await page.waitForTimeout(1_500);
    const last = await tab.another();
    await last.open('dns?name=web.service.consul');
    await until(last.page, 'NOERROR');
    await server.put('/v1/agent/check/fail/web-1-check?note=seen%20by%20all');
    await Promise.all([0, 2].map((at) => until(tabs[at]?.page ?? page, 'seen by all')));
    await until(last.page, 'NXDOMAIN');
    expect([...tabs, last].flatMap((each) => each.troubles())).toEqual([]);
    await server.put('/v1/agent/check/pass/web-1-check');
  });

  test('an instance is registered by the form, which says what is wrong before the agent does', async () => {
    await tab.open('services');
    await page.getByRole('button', { name: 'Register' }).click();
    await dialog().getByLabel('Service').fill('by-hand');
    await dialog().getByLabel('Port').fill('9000');
    await dialog().getByLabel('Tags').fill('v2, primary');
    await dialog().getByLabel('Check', { exact: true }).selectOption('http');
    await dialog().getByLabel('HTTP check').fill('http://127.0.0.1:1/');
    await dialog().getByLabel('Every').fill('soon');
    await dialog().getByRole('button', { name: 'Register' }).click();
    await dialog().getByRole('alert').waitFor();
    expect(await dialog().getByRole('alert').textContent()).toContain('“soon” is no time: write 10s');
    expect(tab.troubles()).toEqual([]);
    await dialog().getByLabel('Every').fill('10s');
    await dialog().getByRole('button', { name: 'Register' }).click();
    await page.getByRole('link', { name: 'by-hand' }).waitFor();
    const services = (await json('/v1/agent/services')) as Record<string, { Port: number; Tags: string[] }>;
    expect(services['by-hand']).toMatchObject({ Port: 9000, Tags: ['v2', 'primary'] });
    await server.put('/v1/agent/service/deregister/by-hand');
  });

  test('a check of each kind can be registered', async () => {
    const typed: Readonly<Record<string, Readonly<Record<string, string>>>> = {
      tcp: { 'TCP check': '127.0.0.1:1' },
      udp: { 'UDP check': '127.0.0.1:1' },
      grpc: { 'gRPC check': '127.0.0.1:1/web' },
      h2ping: { 'HTTP/2 check': '127.0.0.1:1' },
      ttl: { Time: '30s' },
      alias: { 'Id of the instance': 'web-1' },
      os_service: { Unit: 'nothing.service' },
    };
    await tab.open('services');
    for (const [kind, fields] of Object.entries(typed)) {
      await page.getByRole('button', { name: 'Register' }).click();
      await dialog()
        .getByLabel('Service')
        .fill(`by-${kind.replace('_', '-')}`);
      await dialog().getByLabel('Check', { exact: true }).selectOption(kind);
      for (const [label, text] of Object.entries(fields))
        await dialog().getByLabel(label, { exact: true }).fill(text);
      await dialog().getByRole('button', { name: 'Register' }).click();
      await dialog().waitFor({ state: 'detached' });
    }
    const checks = (await json('/v1/agent/checks')) as Record<string, { ServiceName: string; Type: string }>;
    const types = Object.values(checks)
      .filter(({ ServiceName }) => ServiceName.startsWith('by-'))
      .map(({ Type }) => Type);
    expect(types.toSorted()).toEqual(
      ['alias', 'grpc', 'h2ping', 'os_service', 'tcp', 'ttl', 'udp'].toSorted(),
    );
    for (const kind of Object.keys(typed))
      await server.put(`/v1/agent/service/deregister/by-${kind.replace('_', '-')}`);
  });

  test('an instance is drained: out of DNS at once, how long it takes, and deregistered then', async () => {
    await server.put('/v1/agent/service/register', register('web-9'));
    await tab.open('services/web?at=n1/web-9');
    await page.getByRole('button', { name: 'Drain' }).click();
    await dialog().getByLabel('For at most').fill('a while');
    await dialog().getByRole('button', { name: 'Drain' }).click();
    await dialog().getByText('is no time').waitFor();
    await dialog().getByLabel('For at most').fill('4s');
    await dialog().getByLabel('Deregister it afterwards').check();
    await dialog().getByRole('button', { name: 'Drain' }).click();
    await page.getByText(/Draining, for \d s at most/).waitFor();
    const answered = (await json('/v1/health/service/web?passing')) as { Service: { ID: string } }[];
    expect(answered.map(({ Service }) => Service.ID)).not.toContain('web-9');
    await page.getByRole('link', { name: 'web-9' }).waitFor({ state: 'detached' });
  });

  test('maintenance goes on and off, after a question each time', async () => {
    await tab.open('services/web?at=n1/web-1');
    await page.getByRole('button', { name: 'Maintenance' }).click();
    await dialog().getByLabel('Reason').fill('new disks');
    await dialog().getByRole('button', { name: 'Start maintenance' }).click();
    await until(page, 'new disks');
    expect(await page.getByRole('status').allTextContents()).toContain('web-1 is in maintenance.');
    await page.getByRole('button', { name: 'End maintenance' }).click();
    await dialog().getByRole('button', { name: 'End maintenance' }).click();
    await page.getByRole('button', { name: 'Maintenance', exact: true }).waitFor();
    expect(await json('/v1/health/state/critical')).toEqual([]);
  });

  test('an instance is deregistered after a question; no is no', async () => {
    await server.put('/v1/agent/service/register', register('web-2'));
    await tab.open('services/web?at=n1/web-2');
    await page.getByRole('button', { name: 'Deregister' }).click();
    await dialog().getByRole('button', { name: 'Cancel' }).click();
    expect(Object.keys((await json('/v1/agent/services')) as object)).toContain('web-2');
    await page.getByRole('button', { name: 'Deregister' }).click();
    await dialog().getByRole('button', { name: 'Deregister' }).click();
    await page.getByRole('link', { name: 'web-2' }).waitFor({ state: 'detached' });
    expect(Object.keys((await json('/v1/agent/services')) as object)).not.toContain('web-2');
  });

  test('a node without an agent is deregistered after a question; the own node cannot be', async () => {
    const Service = { ID: 'old', Service: 'old', Port: 1 };
    await server.put('/v1/catalog/register', { Node: 'dead', Address: '10.9.9.9', Service });
    await tab.open('nodes/dead');
    await page.getByRole('button', { name: 'Deregister' }).click();
    await dialog().getByText('1 instance').waitFor();
    await dialog().getByRole('button', { name: 'Deregister' }).click();
    await page.getByRole('heading', { name: 'Nodes' }).waitFor();
    await page.getByRole('link', { name: 'dead' }).waitFor({ state: 'detached' });
    expect(await json('/v1/catalog/service/old')).toEqual([]);
    await page.getByRole('link', { name: 'n1' }).click();
    await page.getByRole('button', { name: 'Maintenance' }).waitFor();
    expect(await page.getByRole('button', { name: 'Deregister' }).count()).toBe(0);
  });

  test('a session is invalidated after a question, and its lock with it', async () => {
    const { ID } = (await server.put('/v1/session/create', { Name: 'leader' })) as { ID: string };
    await server.put(`/v1/kv/lock?acquire=${ID}`, 'me');
    await tab.open('nodes/n1');
    await page.getByRole('button', { name: 'Find the locks' }).click();
    await page.getByRole('link', { name: 'lock', exact: true }).waitFor();
    await page.getByRole('button', { name: 'Invalidate' }).click();
    await dialog().getByRole('button', { name: 'Invalidate' }).click();
    await until(page, '0 sessions');
    expect(await json('/v1/session/list')).toEqual([]);
  });

  test('prepared queries are created, run, explained and deleted', async () => {
    await tab.open('queries');
    await page.getByRole('button', { name: 'Create' }).click();
    await dialog().getByLabel('Name').fill('near');
    await dialog().getByLabel('Service').fill('web');
    await dialog().getByRole('button', { name: 'Create' }).click();
    await page.getByRole('link', { name: 'near' }).click();
    await page.getByRole('button', { name: 'Run' }).click();
    await until(page, '1 instance in dc1');
    await page.getByRole('button', { name: 'Explain' }).click();
    await until(page, '"Service": "web"');
    await page.getByRole('button', { name: 'Delete' }).click();
    await dialog().getByRole('button', { name: 'Delete' }).click();
    await until(page, 'No prepared queries yet');
  });

  test('a prepared query is changed in place: what the form does not show stays, and nobody is overwritten', async () => {
    const send = (method: string, path: string, body: unknown) =>
      fetch(server.agent.httpUrl + path, { method, body: JSON.stringify(body) });
    const Failover = { NearestN: 2, Datacenters: ['dc2'] };
    const Service = { Service: 'web', Tags: ['v1', '!old'], OnlyPassing: true, NodeMeta: { rack: 'r1' } };
    const before = { Name: 'near', Service: { ...Service, Failover }, DNS: { TTL: '7s' } };
    const { ID } = (await (await send('POST', '/v1/query', before)).json()) as { ID: string };
    await tab.open(`queries?at=${ID}`);
    await page.getByRole('button', { name: 'Edit' }).click();
    expect(await dialog().getByLabel('Tags').inputValue()).toBe('v1, !old');
    expect(await dialog().getByLabel('DNS TTL').inputValue()).toBe('7s');
    await dialog().getByLabel('Name').fill('nearer');
    await dialog().getByLabel('Tags').fill('v2');
    await dialog().getByRole('button', { name: 'Save' }).click();
    await page.getByRole('heading', { name: 'nearer' }).waitFor();
    const after = { ...before, Name: 'nearer', Service: { ...before.Service, Tags: ['v2'] } };
    expect(await json(`/v1/query/${ID}`)).toMatchObject([after]);
    await page.getByRole('button', { name: 'Edit' }).click();
    await send('PUT', `/v1/query/${ID}`, { ...after, Name: 'theirs' });
    await dialog().getByLabel('Name').fill('mine');
    await dialog().getByRole('button', { name: 'Save' }).click();
    await dialog().getByText('Somebody else changed this query').waitFor();
    expect(await json(`/v1/query/${ID}`)).toMatchObject([{ Name: 'theirs' }]);
    await send('DELETE', `/v1/query/${ID}`, {});
  });

  test('an event is fired and listed', async () => {
    await tab.open('events');
    await page.getByRole('button', { name: 'Fire', exact: true }).click();
    await dialog().getByLabel('Name').fill('deploy');
    await dialog().getByLabel('Payload').fill('1.2.3');
    await dialog().getByRole('button', { name: 'Fire' }).click();
    await until(page, '1.2.3');
  });

  test('the answer of DNS follows the health of an instance', async () => {
    await tab.open('services/web?tab=dns');
    await until(page, '1 of 1 in');
    await server.put('/v1/agent/check/fail/web-1-check?note=gone');
    await until(page, '0 of 1 in');
    await until(page, 'NXDOMAIN');
    await server.put('/v1/agent/check/pass/web-1-check');
    await until(page, '1 of 1 in');
  });
});
