import { describe, expect, test } from 'vitest';
import { type Answer, startHttp, type TestServer } from '../../support/http-server.ts';

const WEB = { Node: 'a', Address: '10.0.0.1', Service: { Service: 'web', Port: 80 } };

async function indexOf(server: TestServer, url: string): Promise<string> {
  return String((await server.get(url)).headers['x-consul-index']);
}

/** Park a read; `done` tells whether it was answered. */
function park(server: TestServer, url: string): { answer: Promise<Answer>; isDone: () => boolean } {
  let isDone = false;
  const answer = server.get(url).then((given) => {
    isDone = true;
    return given;
  });
  return { answer, isDone: () => isDone };
}

async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

describe('a blocking read', () => {
  test('is answered at once when its index is behind', async () => {
    const server = await startHttp();
    await server.put('/v1/catalog/register', WEB);
    expect((await server.get('/v1/health/service/web?index=1&wait=5m')).json()).toHaveLength(1);
  });

  test('waits for a change of what it asked for, and no other', async () => {
    const server = await startHttp();
    await server.put('/v1/catalog/register', WEB);
    const index = await indexOf(server, '/v1/health/service/web');
    const parked = park(server, `/v1/health/service/web?index=${index}&wait=5m`);
    await server.put('/v1/catalog/register', { ...WEB, Service: { Service: 'other' } });
    await server.put('/v1/catalog/register', { Node: 'z', Address: '10.0.0.9' });
    await settle();
    expect(parked.isDone()).toBe(false);
    await server.put('/v1/catalog/register', { ...WEB, Service: { Service: 'web', Port: 81 } });
    const answer = await parked.answer;
    expect(answer.json()).toMatchObject([{ Service: { Port: 81 } }]);
    expect(Number(answer.headers['x-consul-index'])).toBeGreaterThan(Number(index));
  });

  test.each([
    ['a check of the instance', { ...WEB, Check: { Name: 'c', Status: 'critical', ServiceID: 'web' } }],
    ['a check of its node', { Node: 'a', SkipNodeUpdate: true, Check: { Name: 'n', Status: 'warning' } }],
    ['the address of its node', { Node: 'a', Address: '10.0.0.2' }],
  ])('of health is woken by %s', async (_what, body) => {
    const server = await startHttp();
    await server.put('/v1/catalog/register', WEB);
    const index = await indexOf(server, '/v1/health/service/web');
    const parked = park(server, `/v1/health/service/web?index=${index}&wait=5m`);
    await server.put('/v1/catalog/register', body);
    expect((await parked.answer).status).toBe(200);
  });

  test('returns with the same index after its wait and at most a sixteenth more', async () => {
    const server = await startHttp();
    await server.put('/v1/catalog/register', WEB);
    const index = await indexOf(server, '/v1/catalog/service/web');
    const parked = park(server, `/v1/catalog/service/web?index=${index}&wait=16s`);
    await settle();
    server.clock.advance(15_999);
    await settle();
    expect(parked.isDone()).toBe(false);
    server.clock.advance(1_002);
    const answer = await parked.answer;
    expect(answer.headers['x-consul-index']).toBe(index);
    expect(answer.json()).toHaveLength(1);
  });

  test('waits five minutes when it says nothing, ten at most when it asks for more', async () => {
    for (const [wait, atLeastMs, atMostMs] of [
      ['', 300_000, 318_750],
      ['&wait=1000h', 600_000, 637_500],
    ] as const) {
      const server = await startHttp();
      const index = await indexOf(server, '/v1/catalog/nodes');
      const parked = park(server, `/v1/catalog/nodes?index=${index}${wait}`);
      await settle();
      server.clock.advance(atLeastMs - 1);
      await settle();
      expect(parked.isDone()).toBe(false);
      server.clock.advance(atMostMs - atLeastMs + 2);
      await parked.answer;
    }
  });

  test('of a service that is removed gives the empty list under a higher index', async () => {
    const server = await startHttp();
    await server.put('/v1/catalog/register', WEB);
    const index = await indexOf(server, '/v1/health/service/web');
    const parked = park(server, `/v1/health/service/web?index=${index}&wait=5m`);
    await server.put('/v1/catalog/deregister', { Node: 'a' });
    const answer = await parked.answer;
    expect([answer.json(), Number(answer.headers['x-consul-index']) > Number(index)]).toEqual([[], true]);
  });

  test('is answered when the server closes', async () => {
    const server = await startHttp();
    const index = await indexOf(server, '/v1/catalog/nodes');
    const parked = park(server, `/v1/catalog/nodes?index=${index}`);
    await settle();
    await server.app.close();
    expect((await parked.answer).headers['connection']).toBe('close');
  });

  test('leaves nothing behind when its client goes away', async () => {
    const server = await startHttp();
    await server.app.listen({ host: '127.0.0.1', port: 0 });
    const index = await indexOf(server, '/v1/catalog/nodes');
    const { port } = server.app.server.address() as { port: number };
    const client = new AbortController();
    const url = `http://127.0.0.1:${port}/v1/catalog/nodes?index=${index}`;
    const gone = fetch(url, { signal: client.signal }).catch(() => 'gone');
    await expect.poll(() => server.watch.parked).toBe(1);
    client.abort();
    expect(await gone).toBe('gone');
    await expect.poll(() => server.watch.parked).toBe(0);
    await server.app.close();
  });
});

test('an index is never 0, also for what never was', async () => {
  const { get } = await startHttp();
  for (const url of ['/v1/health/service/nope', '/v1/catalog/node/nope', '/v1/kv/nope', '/v1/session/list'])
    expect(Number((await get(url)).headers['x-consul-index'])).toBeGreaterThan(0);
});

describe('kept answers', () => {
  test('follow every change', async () => {
    const server = await startHttp();
    const url = '/v1/health/service/web?passing';
    const ports = async (): Promise<number[]> =>
      ((await server.get(url)).json() as { Service: { Port: number } }[]).map(({ Service }) => Service.Port);
    for (const port of [80, 81, 82]) {
      await server.put('/v1/catalog/register', { ...WEB, Service: { Service: 'web', Port: port } });
      expect([await ports(), await ports()]).toEqual([[port], [port]]);
    }
    await server.put('/v1/catalog/register', {
      ...WEB,
      Check: { Name: 'c', Status: 'critical', ServiceID: 'web' },
    });
    expect(await ports()).toEqual([]);
  });

  test('of registrations follow the agent', async () => {
    const { get, put } = await startHttp();
    expect((await get('/v1/agent/services')).json()).toEqual({});
    await put('/v1/agent/service/register', { Name: 'web' });
    expect(Object.keys((await get('/v1/agent/services')).json() as object)).toEqual(['web']);
    await put('/v1/agent/service/deregister/web');
    expect((await get('/v1/agent/services')).json()).toEqual({});
  });
});

describe('the hash of a registration', () => {
  test('is waited for until it is another', async () => {
    const server = await startHttp();
    await server.put('/v1/agent/service/register', { Name: 'web', Port: 1 });
    const hash = String((await server.get('/v1/agent/service/web')).headers['x-consul-contenthash']);
    expect(hash).toMatch(/^[0-9a-f]{16}$/);
    const parked = park(server, `/v1/agent/service/web?hash=${hash}&wait=5m`);
    await server.put('/v1/agent/service/register', { Name: 'other' });
    await settle();
    expect(parked.isDone()).toBe(false);
    await server.put('/v1/agent/service/register', { Name: 'web', Port: 2 });
    const answer = await parked.answer;
    expect(answer.json()).toMatchObject({ Port: 2 });
    expect(answer.headers['x-consul-contenthash']).not.toBe(hash);
  });

  test('ends with a 404 when the service goes, and after its wait', async () => {
    const server = await startHttp();
    await server.put('/v1/agent/service/register', { Name: 'web' });
    const hash = String((await server.get('/v1/agent/service/web')).headers['x-consul-contenthash']);
    const expired = park(server, `/v1/agent/service/web?hash=${hash}&wait=1s`);
    const gone = park(server, `/v1/agent/service/web?hash=${hash}&wait=1h`);
    await settle();
    server.clock.advance(1_100);
    expect((await expired.answer).status).toBe(200);
    await server.put('/v1/agent/service/deregister/web');
    expect((await gone.answer).status).toBe(404);
  });
});
