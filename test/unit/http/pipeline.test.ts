/** What operations declare, and that the pipeline obeys: asked by somebody who may not do everything. */
import { beforeEach, describe, expect, test } from 'vitest';
import type { Authorizer } from '../../../src/http/access/right.ts';
import { ALLOW_ALL } from '../../../src/http/access/right.ts';
import { METHODS } from '../../../src/http/call-and-reply.ts';
import { ROUTES } from '../../../src/http/server.ts';
import { type Answer, startHttp, type TestServer } from '../../support/http-server.ts';
import { asker } from '../../support/limited-asker.ts';

let server: TestServer;
let authorizer: Authorizer = ALLOW_ALL;
/** Rights of those who name themselves by `?token=`. */
const tokens = new Map<unknown, Authorizer>();

beforeEach(async () => {
  authorizer = ALLOW_ALL;
  server = await startHttp({}, { authorizerOf: ({ query }) => tokens.get(query['token']) ?? authorizer });
  for (const [node, service] of [
    ['a', 'web'],
    ['b', 'web'],
    ['b', 'db'],
  ] as const)
    await server.put('/v1/catalog/register', {
      Node: node,
      Address: '10.0.0.1',
      Service: { Service: service },
      Checks: [
        { Name: `${service} up`, Status: 'passing', ServiceID: service },
        { Name: 'disk', Status: 'passing' },
      ],
    });
  for (const key of ['a/1', 'a/2', 'b/1', 'c']) await server.put(`/v1/kv/${key}`, key);
  return () => server.app.close();
});

/** Ask as somebody with these rights and no others. */
function as(...rights: readonly string[]) {
  const ask = async (method: string, url: string, body?: unknown): Promise<Answer> => {
    authorizer = asker(...rights);
    const answer = await server.request(
      method,
      url,
      body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) },
    );
    authorizer = ALLOW_ALL;
    return answer;
  };
  return {
    get: (url: string) => ask('GET', url),
    put: (url: string, body?: unknown) => ask('PUT', url, body),
    delete: (url: string) => ask('DELETE', url),
  };
}

const operations = ROUTES.flatMap(({ path, operations: own }) =>
  METHODS.flatMap((method) => {
    const operation = own[method];
    return operation === undefined ? [] : [{ name: `${method} ${path}`, method, operation }];
  }),
);

describe('declarations', () => {
  test('what needs no right is this and nothing else', () => {
    const open = operations.filter(
      ({ operation: { permission } }) =>
        permission.kind === 'open' && !permission.needs.endsWith('that it is switched off'),
    );
    expect(open.map(({ name }) => name)).toEqual([
      'GET /v1/catalog/datacenters',
      'GET /v1/status/leader',
      'GET /v1/status/peers',
      'GET /health/live',
      'GET /health/ready',
      'GET /v1/coordinate/datacenters',
      'GET /dns-query',
      'POST /dns-query',
      'PUT /v1/acl/bootstrap',
      'GET /v1/acl/replication',
      'PUT /v1/acl/create',
      'PUT /v1/acl/update',
      'PUT /v1/acl/destroy/*',
      'GET /v1/acl/info/*',
      'PUT /v1/acl/clone/*',
      'GET /v1/acl/list',
      'GET /v1/acl/rules/translate/*',
      'GET /v1/acl/token/self',
      'POST /v1/acl/login',
      'POST /v1/acl/logout',
      'GET /v1/acl/*',
      'PUT /v1/acl/*',
      'POST /v1/acl/*',
      'DELETE /v1/acl/*',
    ]);
  });

  test('what changes the catalog is the leader’s', () => {
    const elsewhere = operations.filter(
      ({ method, operation: { place, permission } }) =>
        method !== 'GET' &&
        place.at === 'catalog' &&
        permission.kind !== 'open' &&
        place.consistency !== 'leader',
    );
    expect(elsewhere).toEqual([]);
  });

  test('what is filtered and kept is not kept for everybody', () => {
    const careless = operations.filter(
      ({ operation: { permission, keyedBy } }) => permission.kind === 'filter' && keyedBy === 'url',
    );
    expect(careless).toEqual([]);
  });

  test('are told to programs', async () => {
    const { paths } = (await server.get('/v1/openapi.json')).json() as {
      paths: Record<string, Record<string, Record<string, string>>>;
    };
    expect(paths['/v1/kv/{key}']?.['put']).toMatchObject({
      'x-place': 'catalog (leader), `dc`',
      'x-permission': 'key:write on `*`',
    });
  });
});

/** Method, path, the rights that are enough, a body. */
type Case = readonly [method: string, path: string, rights: readonly string[], body: unknown];
const ENOUGH: readonly Case[] = [
  ['GET', '/v1/agent/self', ['agent:read n1'], undefined],
  ['GET', '/metrics', ['agent:read n1'], undefined],
  ['GET', '/v1/agent/host', ['operator:read'], undefined],
  ['PUT', '/v1/agent/reload', ['agent:write n1'], undefined],
  ['PUT', '/v1/agent/maintenance?enable=true', ['node:write n1'], undefined],
  ['GET', '/v1/kv/a/1', ['key:read a/1'], undefined],
  ['PUT', '/v1/kv/a/1', ['key:write a/1'], 'x'],
  ['DELETE', '/v1/kv/a/1', ['key:write a/1'], undefined],
  ['DELETE', '/v1/kv/a/?recurse', ['key:write-prefix a/'], undefined],
  ['PUT', '/v1/session/create', ['session:write n1'], undefined],
  ['PUT', '/v1/session/create', ['session:write a'], { Node: 'a', Checks: [] }],
  ['PUT', '/v1/event/fire/deploy', ['event:write deploy'], undefined],
  ['POST', '/v1/query', ['query:write q'], { Name: 'q', Service: { Service: 'web' } }],
  ['PUT', '/v1/agent/service/register', ['service:write new'], { Name: 'new' }],
  ['PUT', '/v1/agent/check/register', ['node:write n1'], { Name: 'c', TTL: '10s' }],
  ['PUT', '/v1/catalog/register', ['node:write z'], { Node: 'z', Address: '10.0.0.9' }],
  [
    'PUT',
    '/v1/catalog/register',
    ['service:write db'],
    { Node: 'b', Address: '10.0.0.1', Service: { Service: 'db', Port: 9 } },
  ],
  [
    'PUT',
    '/v1/catalog/register',
    ['service:write x', 'service:write db'],
    { Node: 'b', SkipNodeUpdate: true, Service: { ID: 'db', Service: 'x' } },
  ],
  ['PUT', '/v1/catalog/deregister', ['node:write b'], { Node: 'b' }],
  ['PUT', '/v1/catalog/deregister', ['service:write db'], { Node: 'b', ServiceID: 'db' }],
  ['PUT', '/v1/catalog/deregister', ['node:write b'], { Node: 'b', ServiceID: 'db' }],
  ['PUT', '/v1/catalog/deregister', ['service:write db'], { Node: 'b', CheckID: 'db up' }],
  ['GET', '/v1/snapshot', ['acl:write'], undefined],
  ['GET', '/v1/operator/raft/configuration', ['operator:read'], undefined],
  ['GET', '/v1/coordinate/node/n1', ['node:read n1'], undefined],
];

describe('an operation is refused without its right and done with it:', () => {
  test.each(ENOUGH)('%s %s needs %j', async (method, path, rights, body) => {
    const ask = async (own: readonly string[]): Promise<Answer> => {
      authorizer = asker(...own);
      const text = typeof body === 'string' ? body : JSON.stringify(body);
      return server.request(method, path, body === undefined ? {} : { body: text });
    };
    const before = server.state.index;
    for (const missing of rights) {
      const refused = await ask(rights.filter((right) => right !== missing));
      expect([refused.status, refused.text]).toEqual([403, expect.stringMatching(/^Permission denied/)]);
    }
    expect(server.state.index).toBe(before);
    expect((await ask(rights)).status).not.toBe(403);
  });
});

describe('an answer is filtered', () => {
  const names = (answer: Answer, field: string): unknown[] =>
    (answer.json() as Record<string, unknown>[]).map((entry) => entry[field]);

  test('by service and node', async () => {
    const some = as('service:read web', 'node:read a');
    expect(names(await some.get('/v1/catalog/service/web'), 'Node')).toEqual(['a']);
    expect((await some.get('/v1/health/service/web')).json()).toMatchObject([{ Node: { Node: 'a' } }]);
    expect((await some.get('/v1/health/service/db')).json()).toEqual([]);
    expect((await some.get('/v1/catalog/services')).json()).toEqual({ web: [] });
    expect(names(await some.get('/v1/catalog/nodes'), 'Node')).toEqual(['a']);
    expect(names(await some.get('/v1/health/state/any'), 'Name')).toEqual(['disk', 'web up']);
    expect((await some.get('/v1/catalog/node/b')).json()).toBeNull();
    expect((await some.get('/v1/catalog/node/a')).json()).toMatchObject({ Services: { web: {} } });
    expect((await some.get('/v1/internal/ui/node/b')).status).toBe(404);
    expect((await some.get('/v1/internal/ui/services')).json()).toMatchObject([
      { Name: 'web', Nodes: ['a'] },
    ]);
  });

  test('by keys; nothing left is nothing there', async () => {
    const some = as('key:read a/*', 'key:read c');
    expect(names(await some.get('/v1/kv/?recurse'), 'Key')).toEqual(['a/1', 'a/2', 'c']);
    expect((await some.get('/v1/kv/?keys&separator=/')).json()).toEqual(['a/', 'c']);
    expect((await some.get('/v1/kv/b?recurse')).status).toBe(404);
    expect((await as().get('/v1/kv/?keys')).json()).toEqual([]);
    expect((await some.get('/v1/kv/b/1')).status).toBe(403);
    expect((await some.get('/v1/kv/b/none')).status).toBe(403);
  });

  test('in transactions, whose refused writes are named all at once', async () => {
    const some = as('key:read a/1', 'key:write c');
    const get = (Key: string) => ({ KV: { Verb: 'get', Key } });
    const set = (Key: string) => ({ KV: { Verb: 'set', Key, Value: 'eA==' } });
    const read = await some.put('/v1/txn', [get('a/1'), get('b/1')]);
    expect(read.json()).toMatchObject({ Results: [{ KV: { Key: 'a/1' } }], Errors: null });
    const refused = await some.put('/v1/txn', [set('c'), set('a/1'), get('c'), set('b/1')]);
    expect([refused.status, refused.json()]).toEqual([
      409,
      {
        Results: null,
        Errors: [
          { OpIndex: 1, What: 'Permission denied' },
          { OpIndex: 3, What: 'Permission denied' },
        ],
      },
    ]);
    expect((await server.get('/v1/kv/c?raw')).text).toBe('c');
  });

  test('or refused, as its asker’s rights are when a wait ends', async () => {
    tokens.set('t', asker('key:read a/1'));
    const index = (await server.get('/v1/kv/a/1?token=t')).headers['x-consul-index'];
    const waiting = server.get(`/v1/kv/a/1?token=t&index=${index}&wait=5m`);
    while (server.watch.parked === 0) await new Promise((resolve) => setImmediate(resolve));
    tokens.set('t', asker());
    await server.put('/v1/kv/a/1', 'secret');
    const answer = await waiting;
    expect([answer.status, answer.text]).toEqual([403, expect.stringMatching(/^Permission denied/)]);
  });
});

describe('a kept answer', () => {
  const url = '/v1/health/service/web';

  test('is shared by those who have the same rights only', async () => {
    const count = async (answer: Promise<Answer>): Promise<number> =>
      ((await answer).json() as unknown[]).length;
    for (let round = 0; round < 2; round += 1) {
      expect(await count(server.get(url))).toBe(2);
      expect(await count(as('service:read web', 'node:read a').get(url))).toBe(1);
      expect(await count(as().get(url))).toBe(0);
    }
  });

  test.each([
    ['X-Consul-Partition', 'far', 400],
    ['X-Consul-Namespace', 'far', 400],
    ['X-Consul-Partition', 'default', 200],
    ['Cache-Control', 'max-age=x', 400],
  ])('does not hide that %s: %s is a %i', async (name, value, status) => {
    expect((await server.get(url, { [name]: value })).status).toBe(status);
    expect((await server.get(url)).status).toBe(200);
    expect((await server.get(url, { [name]: value })).status).toBe(status);
  });

  test('stands under one spelling of its path', async () => {
    const first = await server.get('/v1/health/service/web');
    await server.put('/v1/kv/else', 'x');
    expect((await server.get('/v1/health/%73ervice%2fweb')).text).toBe(first.text);
  });
});

test('a datacenter that is not there is refused in one place, and where it means nothing it is not', async () => {
  for (const [method, path, body] of [
    ['GET', '/v1/catalog/nodes?dc=far'],
    ['GET', '/v1/operator/usage?dc=far'],
    ['PUT', '/v1/kv/x?dc=far', 'x'],
    ['PUT', '/v1/operator/autopilot/configuration?dc=far', '{}'],
    ['PUT', '/v1/catalog/register', '{"Node":"q","Address":"1.1.1.1","Datacenter":"far"}'],
    ['PUT', '/v1/coordinate/update?dc=far', '{"Node":"a"}'],
  ] as const) {
    const answer = await server.request(method, path, body === undefined ? {} : { body });
    expect([path, answer.status, answer.text]).toEqual([path, 500, 'No path to datacenter']);
  }
  for (const path of ['/v1/agent/services', '/v1/event/list', '/v1/catalog/datacenters'])
    expect((await server.get(`${path}?dc=far`)).status).toBe(200);
});
