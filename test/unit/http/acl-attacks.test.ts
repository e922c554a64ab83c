/**
 * Every operation of the API, asked by those who may not: nothing is written, nothing of what is there is told.
 *
 * What is there carries a mark in names, values and outputs; no answer to somebody without rights may hold the mark, or a
 * secret, in its body or its headers.
 */
import { beforeEach, describe, expect, test } from 'vitest';
import { METHODS, type Method } from '../../../src/http/call-and-reply.ts';
import type { Operation } from '../../../src/http/route.ts';
import { ROUTES } from '../../../src/http/server.ts';
import { type AclServer, ROOT, startAclServer } from '../../support/acl-server.ts';
import type { Answer } from '../../support/http-server.ts';

const MARK = 'hushhush';
const QUERY_SECRET = 'feedface-0000-4000-8000-00000000beef';

let server: AclServer;
let secrets: readonly string[];

beforeEach(async () => {
  server = await startAclServer();
  const root = server.as(ROOT);
  await root.put('/v1/catalog/register', {
    Node: `${MARK}-node`,
    Address: '10.0.0.9',
    Service: { ID: `${MARK}-id`, Service: `${MARK}-service`, Tags: [MARK], Meta: { of: MARK } },
    Checks: [
      { CheckID: `${MARK}-check`, Name: 'c', Status: 'passing', Output: MARK, ServiceID: `${MARK}-id` },
      { CheckID: `${MARK}-disk`, Name: 'd', Status: 'passing', Output: MARK },
    ],
  });
  await root.put('/v1/agent/service/register', { Name: `${MARK}-own`, Check: { TTL: '60s', Notes: MARK } });
  await root.put('/v1/agent/check/register', { Name: `${MARK}-alone`, TTL: '60s', Notes: MARK });
  await root.put(`/v1/kv/${MARK}`, MARK);
  await root.put('/v1/event/fire/'.concat(MARK), MARK);
  await root.post('/v1/query', {
    Name: `${MARK}-query`,
    Token: QUERY_SECRET,
    Service: { Service: `${MARK}-service` },
  });
  await root.put('/v1/session/create', { Name: MARK, NodeChecks: [], Node: `${MARK}-node` });
  await server.grant(`key "${MARK}" { policy = "write" }`);
  secrets = [
    ...[...server.state.view.aclTokens.values()].map(({ secretId }) => secretId),
    QUERY_SECRET,
  ].filter((secret) => secret !== 'anonymous');
  return () => server.app.close();
});

interface Asked {
  readonly method: Method;
  readonly url: string;
  readonly operation: Operation;
}

/** What stands for the parts of a path that are names. */
const NAMES: readonly string[] = [
  `${MARK}-node`,
  `${MARK}-id`,
  `${MARK}-service`,
  `${MARK}-own`,
  MARK,
  `${MARK}-query`,
];

function asked(): readonly Asked[] {
  return ROUTES.flatMap(({ path, operations }) =>
    METHODS.flatMap((method) => {
      const operation = operations[method];
      if (operation === undefined) return [];
      const isNamed = path.includes('*') || path.includes(':');
      const names = isNamed ? NAMES : [''];
      return names.map((name) => ({
        method,
        operation,
        url: path.replace('*', name).replaceAll(/:\w+/g, name),
      }));
    }),
  );
}

/** Bodies that each operation may take for its own: something that would change what is there. */
const BODIES: readonly unknown[] = [
  '',
  { Node: `${MARK}-node`, Address: '10.0.0.66', ServiceID: `${MARK}-id`, Name: `${MARK}-own` },
  [{ KV: { Verb: 'set', Key: MARK, Value: 'b3RoZXI=' } }],
];

/** Everything that is stored. */
function snapshot(): string {
  const { view } = server.state;
  const tables = [
    view.nodes,
    view.services,
    view.checks,
    view.kv,
    view.queries,
    view.sessions,
    view.settings,
  ];
  const acl = [view.aclTokens, view.aclPolicies, view.aclRoles, view.aclAuthMethods, view.aclBindingRules];
  const own = [...server.local.services().values(), ...server.local.checks().values()].map(
    ({ definition, source }) => [definition, source],
  );
  return JSON.stringify([...[...tables, ...acl].map((table) => [...table.values()]), own]);
}

/** Long streams are not waited for; what leaves or reloads is another test's. */
const isAsked = ({ url, method }: Asked): boolean => url !== '/v1/agent/monitor' || method !== 'GET';

function told({ text, headers }: Answer): string {
  return `${JSON.stringify(headers)}\n${text}`;
}

/** What an answer tells of what is there: the mark where the asker did not bring it, and secrets. */
function leaks(answer: Answer, url: string, body: unknown = ''): readonly string[] {
  const said = told(answer);
  const isEchoed = url.includes(MARK) || JSON.stringify(body).includes(MARK);
  return [...(isEchoed ? [] : [MARK]), ...secrets].filter((secret) => said.includes(secret));
}

const UNKNOWN = 'b0b0b0b0-0000-4000-8000-00000000b0b0';

describe.each([
  ['nobody', async (): Promise<string> => ''],
  ['an unknown token', async (): Promise<string> => UNKNOWN],
  [
    'another service',
    () => server.grant('service "other" { policy = "write" } node "other" { policy = "write" }'),
  ],
  [
    'a deleted token',
    async (): Promise<string> => {
      const secret = await server.grant(
        'operator = "write" acl = "write" key_prefix "" { policy = "write" }',
      );
      const [row] = server.state.view.aclTokens.by('secret', secret);
      await server.as(ROOT).delete(`/v1/acl/token/${row?.accessorId}`);
      return secret;
    },
  ],
  [
    'an expired token',
    async (): Promise<string> => {
      const made = await server.as(ROOT).put('/v1/acl/token', {
        Policies: [{ Name: 'global-management' }],
        ExpirationTTL: '60s',
      });
      server.clock.advance(61_000);
      return (made.json() as { SecretID: string }).SecretID;
    },
  ],
] as const)('%s', (_who, tokenOf) => {
  test('writes nothing and learns nothing, whatever is asked', async () => {
    const asker = server.as(await tokenOf());
    const before = snapshot();
    const wrong: string[] = [];
    for (const one of asked().filter(isAsked))
      for (const body of one.method === 'GET' ? [undefined] : BODIES) {
        const answer = await asker.ask(one.method, one.url, body);
        const leaked = leaks(answer, one.url, body);
        if (leaked.length > 0) wrong.push(`${one.method} ${one.url} tells ${leaked.join(', ')}`);
        if (answer.status >= 500 && answer.text === 'internal error')
          wrong.push(`${one.method} ${one.url}: bug`);
      }
    expect(wrong).toEqual([]);
    // `/v1/acl/bootstrap` works once for everybody who comes first; here the configured token has used it up.
    expect(snapshot()).toBe(before);
  });
});

test('who may only read writes nothing', async () => {
  const resources = ['agent', 'event', 'key', 'node', 'query', 'service', 'session'];
  const rules = [
    ...resources.map((name) => `${name}_prefix "" { policy = "read" }`),
    'acl = "read" operator = "read" keyring = "read"',
  ].join('\n');
  const asker = server.as(await server.grant(rules));
  const before = snapshot();
  const wrong: string[] = [];
  for (const one of asked().filter(isAsked))
    for (const body of one.method === 'GET' ? [undefined] : BODIES) {
      const answer = await asker.ask(one.method, one.url, body);
      const said = told(answer);
      const leaked = secrets.filter((secret) => said.includes(secret));
      if (leaked.length > 0) wrong.push(`${one.method} ${one.url} tells ${leaked.join(', ')}`);
    }
  expect(wrong).toEqual([]);
  expect(snapshot()).toBe(before);
});

test('an answer that was kept for somebody is nobody else’s', async () => {
  const own = await server.grant(
    `service_prefix "${MARK}" { policy = "read" } node_prefix "" { policy = "read" } key_prefix "" { policy = "read" }`,
  );
  const other = await server.grant('service "other" { policy = "read" }');
  const urls = [
    '/v1/catalog/services',
    `/v1/health/service/${MARK}-service`,
    '/v1/kv/?recurse',
    '/v1/agent/services',
  ];
  for (const url of urls) {
    for (const token of [ROOT, own]) {
      await server.as(token).get(url);
      expect(told(await server.as(token).get(url))).toContain(MARK);
    }
    for (const token of [other, '']) {
      await server.as(token).get(url);
      expect(leaks(await server.as(token).get(url), '')).toEqual([]);
    }
  }
});

test('a policy that is taken away counts for the next request, kept answers or not', async () => {
  const token = await server.grant(
    `service_prefix "${MARK}" { policy = "read" } node_prefix "" { policy = "read" }`,
  );
  const url = `/v1/health/service/${MARK}-service`;
  for (let times = 0; times < 2; times += 1) expect(told(await server.as(token).get(url))).toContain(MARK);
  const [row] = server.state.view.aclTokens.by('secret', token);
  await server.as(ROOT).put(`/v1/acl/policy/${row?.policies[0]}`, { Name: 'emptied', Rules: '' });
  expect((await server.as(token).get(url)).json()).toEqual([]);
  await server.as(ROOT).delete(`/v1/acl/token/${row?.accessorId}`);
  const refused = await server.as(token).get(url);
  expect([refused.status, refused.text]).toEqual([403, 'ACL not found']);
});

test('a wait that began with a right ends without what was revoked meanwhile', async () => {
  const token = await server.grant(`key_prefix "" { policy = "read" }`);
  const first = await server.as(token).get(`/v1/kv/${MARK}?raw`);
  const waiting = server
    .as(token)
    .get(`/v1/kv/${MARK}?index=${String(first.headers['x-consul-index'])}&wait=60s`);
  const [row] = server.state.view.aclTokens.by('secret', token);
  await server.as(ROOT).delete(`/v1/acl/token/${row?.accessorId}`);
  await server.as(ROOT).put(`/v1/kv/${MARK}`, 'later');
  const answer = await waiting;
  expect([answer.status, answer.text]).toEqual([403, 'ACL not found']);
});

test('the agent tells who may read it that access control is on', async () => {
  expect((await server.as(ROOT).get('/v1/agent/self')).json()).toMatchObject({
    Stats: { consul: { acl: 'enabled' } },
  });
});
