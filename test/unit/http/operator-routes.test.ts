import { beforeEach, describe, expect, test } from 'vitest';
import { startHttp, type TestServer } from '../../support/http-server.ts';

let server: TestServer;
beforeEach(async () => {
  server = await startHttp();
  return () => server.app.close();
});

const SETTINGS = '/v1/operator/autopilot/configuration';

describe('a single server', () => {
  test('leads, is healthy, and is all there is', async () => {
    const own = { ID: 'id-1', Address: '127.0.0.1:8300', Leader: true, Voter: true };
    expect((await server.get('/v1/operator/raft/configuration')).json()).toMatchObject({
      Servers: [{ ...own, Node: 'n1' }],
      Index: 0,
    });
    expect((await server.get('/v1/operator/autopilot/health')).json()).toMatchObject({
      Healthy: true,
      FailureTolerance: 0,
      Servers: [{ ...own, Name: 'n1', SerfStatus: 'alive', Version: '1.2.3' }],
    });
    expect((await server.get('/v1/operator/autopilot/state')).json()).toMatchObject({
      Leader: 'id-1',
      Servers: { 'id-1': { Status: 'leader', NodeStatus: 'alive' } },
    });
    const { Usage } = (await server.get('/v1/operator/usage')).json() as { Usage: { dc1: object } };
    expect(Usage.dc1).toMatchObject({ Nodes: server.state.view.nodes.size });
  });

  test.each([
    ['DELETE', 'raft/peer', 400, 'Bad request: Must specify either ?id'],
    ['DELETE', 'raft/peer?id=a&address=b', 400, 'Bad request: Must specify only one of ?id or ?address'],
    ['DELETE', 'raft/peer?id=abc', 500, 'id "abc" was not found in the Raft configuration'],
    [
      'DELETE',
      'raft/peer?address=1.2.3.4:1',
      500,
      'address "1.2.3.4:1" was not found in the Raft configuration',
    ],
    ['DELETE', 'raft/peer?id=id-1', 500, 'the only server cannot be removed'],
    ['POST', 'raft/transfer-leader', 500, 'cannot transfer leadership'],
    ['GET', 'keyring', 500, 'Keyring is empty (encryption not enabled)'],
    [
      'GET',
      'keyring?relay-factor=9',
      400,
      'Bad request: Invalid relay-factor: Relay factor must be in range: [0, 5]',
    ],
    ['GET', 'keyring?relay-factor=x', 400, 'Bad request: Error parsing relay factor: strconv.ParseUint'],
    [
      'GET',
      'keyring?local-only=x',
      400,
      'Bad request: Error parsing local-only: strconv.ParseBool: parsing "x"',
    ],
    ['GET', 'raft/configuration?dc=nowhere', 500, 'No path to datacenter'],
  ])('answers %s %s with %i', async (method, path, status, text) => {
    const answer = await server.request(method, `/v1/operator/${path}`);
    expect(answer.status).toBe(status);
    expect(answer.text).toContain(text);
  });
});

describe('settings of the autopilot', () => {
  test('have defaults, and what a write leaves out becomes zero', async () => {
    const settings = async () => (await server.get(SETTINGS)).json();
    expect(await settings()).toMatchObject({
      CleanupDeadServers: true,
      LastContactThreshold: '200ms',
      MaxTrailingLogs: 250,
    });
    expect((await server.put(SETTINGS, { LastContactThreshold: '300ms' })).json()).toBe(true);
    expect(await settings()).toMatchObject({
      CleanupDeadServers: false,
      LastContactThreshold: '300ms',
      MaxTrailingLogs: 0,
      ServerStabilizationTime: '0s',
    });
  });

  test('are written under the right index only', async () => {
    const shown = async () =>
      (await server.get(SETTINGS)).json() as { CreateIndex: number; ModifyIndex: number };
    const write = async (cas: number | string) =>
      (await server.put(`${SETTINGS}?cas=${cas}`, { MinQuorum: 3 })).json();
    const first = await shown();
    expect([first.CreateIndex, first.ModifyIndex]).toEqual([1, 1]);
    for (const other of [0, 2, '18446744073709551615']) expect(await write(other)).toBe(false);
    expect(await write(first.ModifyIndex)).toBe(true);
    const second = await shown();
    expect(second.ModifyIndex).toBeGreaterThan(first.ModifyIndex);
    for (const other of [0, 1]) expect(await write(other)).toBe(false);
    expect(await write(second.ModifyIndex)).toBe(true);
  });

  test.each([
    ['?cas=abc', '{}', 'Error parsing cas value: strconv.ParseUint: parsing "abc": invalid syntax'],
    [
      '?cas=18446744073709551616',
      '{}',
      'Error parsing cas value: strconv.ParseUint: parsing "18446744073709551616": value out of range',
    ],
    ['', '{"Foo":1}', 'Error parsing autopilot config: json: unknown field "Foo"'],
    ['', '{"LastContactThreshold":"xx"}', 'Error parsing autopilot config: time: invalid duration "xx"'],
    ['', '{', 'Error parsing autopilot config: '],
  ])('refuse %s %s', async (query, body, text) => {
    const answer = await server.put(SETTINGS + query, body);
    expect(answer.status).toBe(400);
    expect(answer.text).toContain(`Bad request: ${text}`);
  });
});

describe('coordinates', () => {
  const coord = { Vec: [1, 2, 3, 4, 5, 6, 7, 8], Error: 1, Adjustment: 0, Height: 0.1 };

  test('of known nodes are kept and shown', async () => {
    await server.put('/v1/catalog/register', { Node: 'tn', Address: '1.2.3.4' });
    for (const Node of ['tn', 'stranger'])
      expect((await server.put('/v1/coordinate/update', { Node, Coord: coord })).status).toBe(200);
    const place = { Node: 'tn', Segment: '', Coord: coord };
    expect((await server.get('/v1/coordinate/node/tn')).json()).toEqual([place]);
    expect((await server.get('/v1/coordinate/nodes')).json()).toContainEqual(place);
    expect((await server.get('/v1/coordinate/nodes?segment=x')).json()).toEqual([]);
    expect((await server.get('/v1/coordinate/node/stranger')).status).toBe(404);
    expect((await server.get('/v1/coordinate/datacenters')).json()).toMatchObject([
      { Datacenter: 'dc1', AreaID: 'wan', Coordinates: [{ Node: 'n1' }] },
    ]);
  });

  test('are kept by segment, and shown of one or all', async () => {
    await server.put('/v1/catalog/register', { Node: 'tn', Address: '1.2.3.4' });
    for (const Segment of ['beta', 'alpha'])
      await server.put('/v1/coordinate/update', { Node: 'tn', Segment, Coord: coord });
    const segments = async (path: string): Promise<unknown> => {
      const answer = await server.get(`/v1/coordinate/${path}`);
      if (answer.status !== 200) return answer.status;
      return (answer.json() as { Node: string; Segment: string }[]).map(
        ({ Node, Segment }) => Node + Segment,
      );
    };
    expect(await segments('nodes')).toEqual(['n1', 'tnalpha', 'tnbeta']);
    expect(await segments('nodes?segment=alpha')).toEqual(['tnalpha']);
    expect(await segments('nodes?segment=')).toEqual(['n1']);
    expect(await segments('node/tn')).toEqual(['tnalpha', 'tnbeta']);
    expect(await segments('node/tn?segment=beta')).toEqual(['tnbeta']);
    expect([await segments('node/tn?segment=gamma'), await segments('node/tn?segment=')]).toEqual([404, 404]);
  });

  test.each([
    ['GET', 'nodes'],
    ['GET', 'nodes?index=x'],
    ['GET', 'node/n1'],
    ['GET', 'datacenters'],
    ['PUT', 'update'],
  ])('are refused where they are switched off: %s %s', async (method, path) => {
    const without = await startHttp({ hasCoordinates: false });
    const answer = await without.request(method, `/v1/coordinate/${path}`);
    expect([answer.status, answer.text]).toEqual([401, 'Coordinate support disabled']);
    expect((await without.put('/v1/coordinate/nodes')).status).toBe(405);
    await without.app.close();
  });

  test.each([
    ['{', 400, 'Request decode failed: '],
    ['[]', 400, 'Request decode failed: json: cannot unmarshal array'],
    ['{"foo":1}', 400, 'Request decode failed: json: unknown field "foo"'],
    ['{"Node":"n1"}', 400, 'Request decode failed: missing field "Coord"'],
    ['{"Node":"n1","Coord":{"Vec":["x"]}}', 400, 'into Go struct field .Coord.Vec of type float64'],
    ['{"Node":"n1","Coord":{"Vec":[1]}}', 500, 'incompatible coordinate'],
  ])('refuse %s', async (body, status, text) => {
    const answer = await server.put('/v1/coordinate/update', body);
    expect(answer.status).toBe(status);
    expect(answer.text).toContain(text);
  });
});

describe('events', () => {
  const fire = (path: string, body = '') => server.put(`/v1/event/fire/${path}`, body);

  test('are shown as they were fired, and listed by name', async () => {
    const fired = (await fire('deploy?node=n.*', 'payload')).json();
    const event = {
      ID: expect.stringMatching(/^[0-9a-f-]{36}$/),
      Name: 'deploy',
      Payload: 'cGF5bG9hZA==',
      NodeFilter: 'n.*',
      ServiceFilter: '',
      TagFilter: '',
      Version: 1,
    };
    expect(fired).toEqual({ ...event, LTime: 0 });
    await fire('a/b');
    const Time = '2026-01-01T00:00:00.000Z';
    expect((await server.get('/v1/event/list?name=deploy')).json()).toEqual([{ ...event, LTime: 1, Time }]);
    expect((await server.get('/v1/event/list')).json()).toMatchObject([
      { Name: 'deploy' },
      { Name: 'a/b', Payload: null },
    ]);
    expect((await server.get('/v1/event/list?name=none')).headers['x-consul-index']).toBe('1');
  });

  test('wake who waits for the next one, by its name too', async () => {
    await fire('x');
    const { headers } = await server.get('/v1/event/list?name=x');
    const waiting = server.get(`/v1/event/list?name=x&index=${headers['x-consul-index']}&wait=60s`);
    await fire('y');
    await fire('x', 'second');
    expect((await waiting).json()).toMatchObject([{ Name: 'x' }, { Name: 'x', Payload: btoa('second') }]);
  });

  test('are waited for until the time is over', async () => {
    const waiting = server.get('/v1/event/list?index=1&wait=10s');
    await server.clock.advanceAndSettle(11_000);
    expect((await waiting).json()).toEqual([]);
  });

  test.each([
    ['', 400, 'Missing name'],
    ['e?node=(', 500, 'Invalid node filter: error parsing regexp: missing closing )'],
    ['e?tag=x', 500, 'Cannot provide tag filter without service filter'],
    ['e?dc=nowhere', 500, 'No path to datacenter'],
  ])('refuse %s', async (path, status, text) => {
    const answer = await fire(path);
    expect(answer.status).toBe(status);
    expect(answer.text).toContain(text);
  });
});

describe('a snapshot', () => {
  test('restores what it saved, and refuses a damaged file without a change', async () => {
    await server.put('/v1/kv/kept', 'x');
    const saved = await server.app.inject({ method: 'GET', url: '/v1/snapshot' });
    expect(saved.headers).toMatchObject({ 'content-type': 'application/x-gzip' });
    await server.put('/v1/kv/late', 'x');
    const damaged = Buffer.from(saved.rawPayload);
    damaged[damaged.length >> 1] = (damaged[damaged.length >> 1] ?? 0) ^ 1;
    const refused = await server.request('PUT', '/v1/snapshot', { body: damaged });
    expect(refused.status).toBe(500);
    expect((await server.get('/v1/kv/?keys')).json()).toEqual(['kept', 'late']);
    const restored = await server.request('PUT', '/v1/snapshot', { body: saved.rawPayload });
    expect([restored.status, restored.text]).toEqual([200, '']);
    expect((await server.get('/v1/kv/?keys')).json()).toEqual(['kept']);
  });

  test('is not restored from a server that may be behind', async () => {
    const refused = await server.request('PUT', '/v1/snapshot?stale', { body: 'x' });
    expect([refused.status, refused.text]).toEqual([500, 'stale not allowed for restore']);
  });

  test('that cannot be kept while it arrives is refused with the reason, and changes nothing', async () => {
    const missing = await startHttp({ uploadDir: '/nonexistent/folder' });
    await missing.put('/v1/kv/kept', 'x');
    const saved = await missing.app.inject({ method: 'GET', url: '/v1/snapshot' });
    await missing.put('/v1/kv/late', 'x');
    const { index } = missing.state;
    const refused = await missing.request('PUT', '/v1/snapshot', { body: saved.rawPayload });
    expect(refused.status).toBe(500);
    expect(refused.text).toMatch(/^the body of the request cannot be kept on disk: ENOENT/);
    expect(missing.state.index).toBe(index);
  });

  test('wakes who waits for what it changes', async () => {
    const saved = await server.app.inject({ method: 'GET', url: '/v1/snapshot' });
    await server.put('/v1/kv/w', 'x');
    const index = (await server.get('/v1/kv/w')).headers['x-consul-index'];
    const waiting = server.get(`/v1/kv/w?index=${index}&wait=60s`);
    await server.request('PUT', '/v1/snapshot', { body: saved.rawPayload });
    expect((await waiting).status).toBe(404);
  });
});

test('keys are refused by name where there is a secret and no ring', async () => {
  const withSecret = await startHttp({ hasSecret: true });
  for (const method of ['GET', 'PUT', 'POST', 'DELETE']) {
    const { status, text } = await withSecret.request(method, '/v1/operator/keyring', {
      body: '{"Key":"x"}',
    });
    expect([status, text.split(':')[0]]).toEqual([501, 'There is no keyring']);
  }
  await withSecret.app.close();
});
