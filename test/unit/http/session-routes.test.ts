import { beforeEach, describe, expect, test } from 'vitest';
import { registerCheck } from '../../support/catalog.ts';
import { startHttp, type TestServer } from '../../support/http-server.ts';

let server: TestServer;
beforeEach(async () => {
  server = await startHttp();
  await server.writer.submit(registerCheck('n1', { id: 'serfHealth', status: 'passing' }));
  return () => server.app.close();
});

async function create(body?: unknown): Promise<string> {
  return ((await server.put('/v1/session/create', body)).json() as { ID: string }).ID;
}

async function info(id: string): Promise<unknown> {
  return ((await server.get(`/v1/session/info/${id}`)).json() as unknown[])[0];
}

const PLAIN = {
  Name: '',
  Node: 'n1',
  LockDelay: 15_000_000_000,
  Behavior: 'release',
  TTL: '',
  NodeChecks: ['serfHealth'],
  ServiceChecks: null,
};

describe('a session', () => {
  test('has the defaults of Consul, with and without a body', async () => {
    for (const body of [undefined, {}, { Name: null }])
      expect(await info(await create(body))).toMatchObject(PLAIN);
  });

  test.each([
    [{ LockDelay: 30 }, { LockDelay: 30_000_000_000 }],
    [{ LockDelay: 1_000 }, { LockDelay: 1_000 }],
    [{ LockDelay: 0.001 }, { LockDelay: 1_000_000 }],
    [{ LockDelay: '100ms' }, { LockDelay: 100_000_000 }],
    [
      { lockdelay: '1s', NAME: 'x' },
      { LockDelay: 1_000_000_000, Name: 'x' },
    ],
    [
      { TTL: '10.0s', Behavior: 'delete' },
      { TTL: '10.0s', Behavior: 'delete' },
    ],
    [{ Checks: [] }, { NodeChecks: [] }],
    [{ NodeChecks: [], Checks: ['gone'] }, { NodeChecks: [] }],
    [{ Checks: ['serfHealth'] }, { NodeChecks: ['serfHealth'] }],
    [{ LockDelay: 1e300 }, { LockDelay: 9e15 }],
    [{ LockDelay: -1 }, { LockDelay: -1_000_000_000 }],
    [{ Unknown: 1, node_checks: [] }, PLAIN],
  ])('%j is %j', async (body, expected) => {
    const session = (await info(await create(body))) as object;
    expect(session).toMatchObject(expected);
    expect(session).not.toHaveProperty('Checks');
  });

  test('is listed by itself, by its node and with all, until it is destroyed', async () => {
    const id = await create({ Name: 'mine' });
    for (const path of [`info/${id}`, 'list', 'node/n1', 'node/N1'])
      expect((await server.get(`/v1/session/${path}`)).json()).toMatchObject([{ ID: id, Name: 'mine' }]);
    expect((await server.get('/v1/session/node/other')).json()).toEqual([]);
    expect((await server.put(`/v1/session/destroy/${id}`)).json()).toBe(true);
    expect((await server.put(`/v1/session/destroy/${id}`)).json()).toBe(true);
    for (const path of [`info/${id}`, 'list', 'node/n1'])
      expect((await server.get(`/v1/session/${path}`)).json()).toEqual([]);
  });

  test('is renewed as long as it is there', async () => {
    const id = await create({ TTL: '10s' });
    expect((await server.put(`/v1/session/renew/${id}`)).json()).toMatchObject([{ ID: id }]);
    await server.put(`/v1/session/destroy/${id}`);
    const gone = await server.put(`/v1/session/renew/${id}`);
    expect([gone.status, gone.text]).toEqual([404, `Session id '${id}' not found`]);
  });

  test('wakes who waits for it when it ends', async () => {
    const id = await create();
    const index = (await server.get(`/v1/session/info/${id}`)).headers['x-consul-index'];
    const waiting = server.get(`/v1/session/info/${id}?index=${index}&wait=60s`);
    await create();
    await server.put(`/v1/session/destroy/${id}`);
    expect((await waiting).json()).toEqual([]);
  });
});

describe('a refusal', () => {
  test.each([
    ['{', 400, /^Request decode failed: /],
    ['[]', 400, /^Request decode failed: json: cannot unmarshal array into Go value of type /],
    [
      '{"TTL":10}',
      400,
      /^Request decode failed: json: cannot unmarshal number into Go struct field \.TTL of type string$/,
    ],
    ['{"LockDelay":1e400}', 400, /^Request decode failed: json: number is out of range$/],
    ['{"LockDelay":"xx"}', 400, /^Request decode failed: time: invalid duration "xx"$/],
    ['{"LockDelay":"5"}', 400, /^Request decode failed: time: missing unit in duration "5"$/],
    ['{"ServiceChecks":["x"]}', 400, /^Request decode failed: json: cannot unmarshal string/],
    ['{"TTL":"5s"}', 500, /^Invalid Session TTL '5000000000', must be between \[10s=24h0m0s\]$/],
    ['{"TTL":"abc"}', 500, /^Session TTL 'abc' invalid: time: invalid duration "abc"$/],
    ['{"Behavior":"explode"}', 500, /^Invalid Behavior setting 'explode'$/],
    ['{"Checks":["nocheck"]}', 500, /^Missing check 'nocheck' registration$/],
    ['{"Node":"nonode"}', 500, /^Missing node registration$/],
    ['{"Node":""}', 500, /^Must provide Node$/],
  ])('of %s', async (body, status, text) => {
    const answer = await server.put('/v1/session/create', body);
    expect(answer.status).toBe(status);
    expect(answer.text).toMatch(text);
    expect(server.state.view.sessions.size).toBe(0);
  });

  test('of paths without a name, or with what is no id', async () => {
    const answers = await Promise.all([
      server.put('/v1/session/destroy/'),
      server.put('/v1/session/renew/'),
      server.get('/v1/session/info/'),
      server.get('/v1/session/node/'),
      server.get('/v1/session/info/abc'),
      server.put('/v1/session/destroy/abc'),
    ]);
    const uuid = 'failed session lookup: index error: UUID must be 36 characters';
    expect(answers.map(({ status, text }) => [status, text])).toEqual([
      [400, 'Missing session'],
      [400, 'Missing session'],
      [400, 'Missing session'],
      [400, 'Missing node name'],
      [500, uuid],
      [500, uuid],
    ]);
  });
});
