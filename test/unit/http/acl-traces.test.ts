/**
 * What requests leave behind: no secret in the log, whatever its level; none, and no name that is hidden, in metrics; and
 * nothing to be told by how an answer is found.
 */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { METHODS } from '../../../src/http/call-and-reply.ts';
import { ROUTES } from '../../../src/http/server.ts';
import type { Logger } from '../../../src/lib/logger.ts';
import { type AclServer, ROOT, startAclServer } from '../../support/acl-server.ts';

const SECRET = 'feedface-0000-4000-8000-00000000beef';
const lines: string[] = [];

/** A log that is kept whole, of every level. */
const everything: Logger = {
  trace: (...said: unknown[]) => void lines.push(JSON.stringify(said)),
  debug: (...said: unknown[]) => void lines.push(JSON.stringify(said)),
  info: (...said: unknown[]) => void lines.push(JSON.stringify(said)),
  warn: (...said: unknown[]) => void lines.push(JSON.stringify(said)),
  error: (...said: unknown[]) => void lines.push(JSON.stringify(said)),
  isDebug: () => true,
  child: () => everything,
} as unknown as Logger;

let server: AclServer;

beforeEach(async () => {
  lines.length = 0;
  server = await startAclServer({ log: everything });
});
afterEach(() => server.app.close());

const urls = (): readonly (readonly [string, string])[] =>
  ROUTES.flatMap(({ path, operations }) =>
    METHODS.filter((method) => operations[method] !== undefined && path !== '/v1/agent/monitor').map(
      (method) => [method, path.replace('*', 'name').replaceAll(/:\w+/g, 'name')] as const,
    ),
  );

/** Paths of older clients, which end in a secret. */
const OLD_PATHS = ['info', 'clone', 'destroy', 'rules/translate'].flatMap((verb) =>
  (['GET', 'PUT'] as const).map((method) => [method, `/v1/acl/${verb}/${SECRET}`] as const),
);

test('no secret is logged, however it was sent: known, unknown, in a URL, in a header, in a body', async () => {
  for (const [method, path] of [...urls(), ...OLD_PATHS])
    for (const secret of [ROOT, SECRET]) {
      const body = { BearerToken: secret, SecretID: secret, Token: secret, AuthMethod: 'm' };
      const sent = method === 'GET' ? {} : { body: JSON.stringify(body) };
      for (const headers of [{ 'X-Consul-Token': secret }, { Authorization: `Bearer ${secret}` }])
        await server.request(method, path, { ...sent, headers });
      await server.request(method, `${path}?token=${secret}`, sent);
      await server.request(method, `${path}?x=1&%74oken=${secret}&y=2`, sent);
    }
  expect(lines.length).toBeGreaterThan(500);
  expect(lines.filter((line) => line.includes(ROOT) || line.includes(SECRET))).toEqual([]);
});

test('metrics tell nothing of services and servers that may not be read, and hold no secret', async () => {
  for (const name of ['hidden', 'shown'])
    await server
      .as(ROOT)
      .put('/v1/catalog/register', { Node: 'n', Address: '10.0.0.1', Service: { Service: name } });
  await server.as(SECRET).get('/v1/kv/a');
  const reader = await server.grant(
    'agent_prefix "" { policy = "read" } service "shown" { policy = "read" }',
  );
  for (const url of ['/metrics', '/v1/agent/metrics']) {
    const [whole, seen] = [(await server.as(ROOT).get(url)).text, (await server.as(reader).get(url)).text];
    expect([whole.includes('hidden'), whole.includes('shown')], url).toEqual([true, true]);
    expect([seen.includes('hidden'), seen.includes('shown')], url).toEqual([false, true]);
    for (const secret of [ROOT, SECRET, reader]) expect(whole).not.toContain(secret);
  }
  expect((await server.as(SECRET).get('/metrics')).status).toBe(403);
});

test('an answer that was kept for one is made anew for another, so time tells nothing of who asked before', async () => {
  await server
    .as(ROOT)
    .put('/v1/catalog/register', { Node: 'n', Address: '10.0.0.1', Service: { Service: 'web' } });
  const url = '/v1/health/service/web';
  const other = await server.grant('service "other" { policy = "read" }');
  const { indexes } = server.parts;
  const looked = { times: 0 };
  const { of } = indexes;
  Object.assign(indexes, {
    of: (topics: readonly string[]) => {
      looked.times += 1;
      return of.call(indexes, topics);
    },
  });
  const timesOf = async (token: string): Promise<number> => {
    looked.times = 0;
    await server.as(token).get(url);
    return looked.times;
  };
  const fresh = await timesOf(other);
  for (let times = 0; times < 3; times += 1) await server.as(ROOT).get(url);
  const second = await server.grant('service "other2" { policy = "read" }');
  expect(await timesOf(second)).toBe(fresh);
  expect(await timesOf('')).toBe(fresh);
});
