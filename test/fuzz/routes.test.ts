/**
 * Odd requests by the thousand: whatever a client sends, the answer is a refusal or a result, never a fault of ours, and
 * what is refused changes nothing.
 */
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { registerCheck } from '../support/catalog.ts';
import { startHttp, type TestServer } from '../support/http-server.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startHttp();
  await server.writer.submit(registerCheck('n1', { id: 'serfHealth', status: 'passing' }));
});
afterAll(() => server.app.close());

/** Names of fields that bodies have, so that random ones reach deep. */
const FIELDS = [
  'KV',
  'Node',
  'Service',
  'Check',
  'Verb',
  'Key',
  'Value',
  'Flags',
  'Index',
  'Session',
  'Name',
  'ID',
  'Address',
  'CheckID',
  'ServiceID',
  'Status',
  'Definition',
  'TTL',
  'LockDelay',
  'Behavior',
  'Checks',
  'NodeChecks',
  'ServiceChecks',
  'Template',
  'Type',
  'Regexp',
  'DNS',
  'Tags',
  'NodeMeta',
  'Failover',
  'NearestN',
  'Datacenters',
  'Targets',
  'Near',
  'OnlyPassing',
  'Coord',
  'Vec',
  'Error',
  'Height',
  'CleanupDeadServers',
  'ModifyIndex',
  'Weights',
  'TaggedAddresses',
  'Meta',
  'Port',
  'Proxy',
  'Connect',
  'Interval',
  'HTTP',
  '__proto__',
  'constructor',
  'toString',
];
const TEXTS = [
  '',
  'set',
  'get',
  'cas',
  'lock',
  'unlock',
  'get-tree',
  'delete-tree',
  'check-index',
  'delete-cas',
  'n1',
  'serfHealth',
  'passing',
  'release',
  '10s',
  '-1s',
  'name_prefix_match',
  '(a+)+$',
  '${match(1)}',
  '${',
  '\u0000',
  '\ud800',
  'eA==',
  'f174e4d1-0000-4000-8000-000000000000',
  '__proto__',
  '_agent',
  '_ip',
  'x'.repeat(300),
];
const BODIES = [
  'txn',
  'session/create',
  'query',
  'coordinate/update',
  'operator/autopilot/configuration',
] as const;

const { value } = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constantFrom(...TEXTS),
    fc.constantFrom(null, true, false, 0, 1, -1, 1.5, 1e300, 2 ** 53, 512),
    fc.string({ maxLength: 8 }),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.array(fc.tuple(fc.constantFrom(...FIELDS), tie('value')), { maxLength: 6 }).map(Object.fromEntries),
  ),
}));

/** Mostly of the right type. */
const near = <T>(right: fc.Arbitrary<T>): fc.Arbitrary<unknown> =>
  fc.oneof({ weight: 15, arbitrary: right as fc.Arbitrary<unknown> }, { weight: 1, arbitrary: value });
const text = near(fc.constantFrom(...TEXTS));
const index = near(fc.constantFrom(0, 1, 5, 2 ** 53));
const texts = near(fc.array(text, { maxLength: 3 }));
const map = near(fc.dictionary(fc.constantFrom(...TEXTS), text, { maxKeys: 2 }));
const some = (fields: Record<string, fc.Arbitrary<unknown>>): fc.Arbitrary<unknown> =>
  near(fc.record(fields, { requiredKeys: [] }));

const verb = near(
  fc.constantFrom(
    'set',
    'get',
    'cas',
    'lock',
    'unlock',
    'get-tree',
    'get-or-empty',
    'delete',
    'delete-tree',
    'delete-cas',
    'check-index',
    'check-session',
    'check-not-exists',
  ),
);
const name = near(fc.constantFrom('a', 'b', 'n1', 'web', ''));
const node = some({
  Node: name,
  ID: text,
  Address: text,
  Meta: map,
  TaggedAddresses: map,
  ModifyIndex: index,
});
const service = some({
  ID: name,
  Service: name,
  Port: index,
  Tags: texts,
  Meta: map,
  Kind: text,
  Weights: value,
  ModifyIndex: index,
});
const check = some({
  Node: name,
  CheckID: name,
  Name: name,
  Status: text,
  ServiceID: name,
  Definition: value,
  ModifyIndex: index,
});
const operation = some({
  KV: some({ Verb: verb, Key: name, Value: text, Flags: index, Index: index, Session: text }),
  Node: some({ Verb: verb, Node: node }),
  Service: some({ Verb: verb, Node: name, Service: service }),
  Check: some({ Verb: verb, Check: check }),
});
const query = some({
  Name: name,
  Session: text,
  Token: text,
  Template: some({
    Type: near(fc.constantFrom('', 'name_prefix_match')),
    Regexp: text,
    RemoveEmptyTags: near(fc.boolean()),
  }),
  Service: some({
    Service: name,
    Tags: texts,
    Near: text,
    NodeMeta: map,
    OnlyPassing: near(fc.boolean()),
    Failover: some({ NearestN: index, Datacenters: texts }),
    IgnoreCheckIDs: texts,
  }),
  DNS: some({ TTL: text }),
});
const BODY: Record<(typeof BODIES)[number], fc.Arbitrary<unknown>> = {
  txn: near(fc.array(operation, { maxLength: 4 })),
  'session/create': some({
    Name: text,
    Node: name,
    TTL: text,
    LockDelay: value,
    Behavior: text,
    Checks: texts,
    NodeChecks: texts,
    ServiceChecks: value,
  }),
  query,
  'coordinate/update': some({
    Node: name,
    Coord: some({
      Vec: near(fc.array(near(fc.double()), { minLength: 8, maxLength: 8 })),
      Error: near(fc.double()),
      Height: near(fc.double()),
    }),
  }),
  'operator/autopilot/configuration': some({
    CleanupDeadServers: near(fc.boolean()),
    LastContactThreshold: text,
    MaxTrailingLogs: index,
  }),
};
const anyBody = fc.oneof(
  ...BODIES.map((path) =>
    fc.tuple(
      fc.constant<string>(path),
      BODY[path].map((document) => JSON.stringify(document) ?? 'null'),
    ),
  ),
);

/** Paths of the API; those that end in a slash go on with a name. */
const ROUTES = [
  'GET kv/',
  'PUT kv/',
  'DELETE kv/',
  'GET session/info/',
  'PUT session/destroy/',
  'PUT session/renew/',
  'GET session/node/',
  'GET session/list',
  'PUT event/fire/',
  'GET event/list',
  'GET query/',
  'PUT query/',
  'DELETE query/',
  'GET query',
  'GET coordinate/node/',
  'GET coordinate/nodes',
  'GET operator/keyring',
  'DELETE operator/raft/peer',
  'GET snapshot',
  'GET operator/usage',
  'POST kv/',
  'DELETE session/list',
];
const PARAMETERS = [
  'raw',
  'keys',
  'recurse',
  'separator',
  'cas',
  'flags',
  'acquire',
  'release',
  'dc',
  'node',
  'service',
  'tag',
  'name',
  'limit',
  'near',
  'connect',
  'id',
  'address',
  'relay-factor',
  'stale',
  'cached',
  'max_stale',
  'pretty',
];
const piece = fc.oneof(
  fc.constantFrom(...TEXTS),
  fc.string({ maxLength: 6 }),
  fc.constantFrom('1', '0', '-1', '99999999999999999999'),
);
const encode = (text: string): string => encodeURIComponent(text.toWellFormed());

async function request(method: string, url: string, body?: string | Buffer): Promise<void> {
  const before = server.state.index;
  const answer = await server.request(method, url, body === undefined ? {} : { body });
  expect(answer.text, `${method} ${url}`).not.toContain('internal error');
  expect(answer.text).not.toMatch(/\bat \S+:\d+:\d+|\bTypeError\b|\bRangeError\b/);
  if (answer.status >= 400) expect(server.state.index, `${method} ${url} ${body ?? ''}`).toBe(before);
}

describe('whatever a client sends', () => {
  test('as a body is refused or done', async () => {
    await fc.assert(
      fc.asyncProperty(anyBody, async ([path, body]) => {
        await request(path === 'query' ? 'POST' : 'PUT', `/v1/${path}`, body);
      }),
      { numRuns: 4_000 },
    );
  });

  test('as a body that is cut or changed is refused or done', async () => {
    const change = fc.record({ at: fc.nat(), octet: fc.nat({ max: 255 }), isCut: fc.boolean() });
    await fc.assert(
      fc.asyncProperty(anyBody, change, async ([path, body], { at, octet, isCut }) => {
        const bytes = Buffer.from(body);
        bytes[at % bytes.length] = octet;
        const sent = isCut ? bytes.subarray(0, at % bytes.length) : bytes;
        await request(path === 'query' ? 'POST' : 'PUT', `/v1/${path}`, sent);
        await request('PUT', '/v1/snapshot', sent);
      }),
      { numRuns: 1_000 },
    );
  });

  test('as a path with parameters is refused or done', async () => {
    const parameter = fc.tuple(fc.constantFrom(...PARAMETERS), piece);
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...ROUTES),
        fc.array(piece, { maxLength: 2 }),
        fc.array(parameter, { maxLength: 3 }),
        async (route, pieces, parameters) => {
          const [method = '', path = ''] = route.split(' ');
          const names = path.endsWith('/') ? pieces.map(encode).join('/') : '';
          const parameterText = parameters.map(([name, text]) => `${name}=${encode(text)}`).join('&');
          await request(method, `/v1/${path}${names}?${parameterText}`);
        },
      ),
      { numRuns: 3_000 },
    );
  });
});
