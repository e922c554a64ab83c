/**
 * Client agents of a server with access control: tokens are asked of the server, and nobody sees or writes more through a
 * client than through the server itself.
 */
import dns from 'node:dns/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ClusterAgent } from '../support/cluster-agents.ts';

const SERVER = '127.25.1.1';
const ROOT = '9f2c41d7-6b0e-4c58-a3d9-0e7b15c2f846';
const RECOVERY = '0d8b0f6a-41f6-4cbb-b3d5-8f1f3c7a2e11';
const AGENT = 'c0ffee00-0000-4000-8000-0000000000a1';
const DNS = 'c0ffee00-0000-4000-8000-0000000000d1';
const READER = 'c0ffee00-0000-4000-8000-0000000000e1';
const WEB = 'c0ffee00-0000-4000-8000-0000000000f1';

const acl = (tokens: object) => ({
  acl: { enabled: true, default_policy: 'deny', token_ttl: '1s', policy_ttl: '1s', role_ttl: '1s', tokens },
});
const server = new ClusterAgent({
  name: 's1',
  address: SERVER,
  args: ['-server', '-bootstrap-expect', '1'],
  config: acl({ initial_management: ROOT, agent: ROOT }),
});
const client = new ClusterAgent({
  name: 'c1',
  address: '127.25.1.11',
  args: ['-retry-join', SERVER],
  config: acl({ agent: AGENT, agent_recovery: RECOVERY, dns: DNS }),
});

const as = (token: string, init: RequestInit = {}): RequestInit => ({
  ...init,
  ...(token !== '' && { headers: { 'X-Consul-Token': token } }),
});
const put = (token: string, body: unknown): RequestInit =>
  as(token, { method: 'PUT', body: typeof body === 'string' ? body : JSON.stringify(body) });

/** What an agent answers to a token: the status, and the body. */
async function ask(agent: ClusterAgent, url: string, init: RequestInit): Promise<readonly [number, unknown]> {
  const { status, body } = await agent.ask(url, init);
  return [status, body];
}

async function done(agent: ClusterAgent, url: string, init: RequestInit): Promise<unknown> {
  const [status, body] = await ask(agent, url, init);
  if (status !== 200) throw new Error(`${url}: ${status} ${String(body)}`);
  return body;
}

/** A token with this secret and these rules. */
async function grant(secret: string, name: string, rules: string): Promise<string> {
  await done(server, '/v1/acl/policy', put(ROOT, { Name: name, Rules: rules }));
  const made = await done(
    server,
    '/v1/acl/token',
    put(ROOT, { SecretID: secret, Policies: [{ Name: name }] }),
  );
  return (made as { AccessorID: string }).AccessorID;
}

async function srv(agent: ClusterAgent, service: string): Promise<readonly number[] | string> {
  const resolver = new dns.Resolver({ timeout: 3_000, tries: 1 });
  resolver.setServers([`${agent.address}:8600`]);
  try {
    return (await resolver.resolveSrv(`${service}.service.consul`)).map(({ port }) => port);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? '';
  }
}

const names = async (url: string, token: string): Promise<readonly string[]> =>
  ((await done(server, url, as(token))) as { ServiceName?: string; Name?: string }[]).map(
    ({ ServiceName, Name }) => ServiceName ?? Name ?? '',
  );

const members = (token: string): Promise<readonly string[]> => names('/v1/agent/members', token);

beforeAll(async () => {
  await server.start();
  await client.start();
}, 40_000);
afterAll(() => Promise.all([server, client].map((agent) => agent.remove())));

describe('a client agent of a server with access control', () => {
  test('is no member as long as its token does not exist, but forwards and asks about tokens', async () => {
    expect(await members(ROOT)).toEqual(['s1']);
    expect(await ask(client, '/v1/agent/self', as(''))).toEqual([403, expect.stringContaining('agent:read')]);
    expect((await ask(client, '/v1/agent/self', as(ROOT)))[0]).toBe(200);
    expect((await ask(client, '/v1/agent/self', as(RECOVERY)))[0]).toBe(200);
    expect(await ask(client, '/v1/agent/self', as('unknown'))).toEqual([403, 'ACL not found']);
    expect(await done(client, '/v1/kv/a', put(ROOT, 'x'))).toBe(true);
    expect(client.output).toContain('this agent is no member yet');
    expect(client.output).not.toContain(AGENT);
  });

  test('is a member once its token allows its name', async () => {
    await grant(AGENT, 'agent-c1', 'node "c1" { policy = "write" }');
    await expect.poll(() => members(ROOT), { timeout: 5_000 }).toEqual(['s1', 'c1']);
    const nodes = (await done(server, '/v1/catalog/nodes', as(ROOT))) as { Node: string }[];
    expect(nodes.map(({ Node }) => Node)).toEqual(['c1', 's1']);
  });

  test('its services enter the catalog with the token that registered them, and no others', async () => {
    await grant(WEB, 'web', 'service "web" { policy = "write" }');
    const register = (token: string, name: string, port: number) =>
      ask(client, '/v1/agent/service/register', put(token, { Name: name, Port: port }));
    expect(await register(WEB, 'db', 1)).toEqual([403, expect.stringContaining('\'service:write\' on "db"')]);
    expect((await register(WEB, 'web', 80))[0]).toBe(200);
    expect((await register(ROOT, 'hidden', 81))[0]).toBe(200);
    expect(await names('/v1/catalog/service/web', ROOT)).toEqual(['web']);
    expect(await names('/v1/catalog/service/hidden', ROOT)).toEqual(['hidden']);
  });

  test('what a caller may not see is hidden in HTTP and DNS, from memory and forwarded alike', async () => {
    await grant(READER, 'reader', 'service "web" { policy = "read" } node_prefix "" { policy = "read" }');
    await grant(DNS, 'dns', 'service "web" { policy = "read" } node_prefix "" { policy = "read" }');
    const seen = async (token: string, name: string): Promise<number> =>
      ((await done(client, `/v1/health/service/${name}`, as(token))) as unknown[]).length;
    expect(await Promise.all([seen(ROOT, 'hidden'), seen(ROOT, 'web')])).toEqual([1, 1]);
    expect(await Promise.all([seen(READER, 'hidden'), seen(READER, 'web')])).toEqual([0, 1]);
    expect(await Promise.all([seen('', 'hidden'), seen('', 'web')])).toEqual([0, 0]);
    await expect.poll(() => srv(client, 'web'), { timeout: 5_000 }).toEqual([80]);
    expect(await srv(client, 'hidden')).toBe('ENOTFOUND');
    expect(await ask(client, '/v1/health/service/web', as('unknown'))).toEqual([
      403,
      expect.stringContaining('ACL not found'),
    ]);
    const ofMembers = async (token: string) =>
      ((await done(client, '/v1/agent/members', as(token))) as unknown[]).length;
    expect(await Promise.all([ofMembers(''), ofMembers(READER), ofMembers(RECOVERY)])).toEqual([0, 2, 2]);
  });

  test('a token that was revoked sees nothing after its time, and DNS neither', async () => {
    const url = '/v1/health/service/web';
    expect(await done(client, url, as(READER))).toHaveLength(1);
    for (const secret of [READER, DNS]) {
      const self = (await done(server, '/v1/acl/token/self', as(secret))) as { AccessorID: string };
      await done(server, `/v1/acl/token/${self.AccessorID}`, as(ROOT, { method: 'DELETE' }));
    }
    await delay(2_500);
    expect(await ask(client, url, as(READER))).toEqual([403, expect.stringContaining('ACL not found')]);
    await expect.poll(() => srv(client, 'web'), { timeout: 3_000 }).toBe('ESERVFAIL');
  });

  test('its tokens can be set at run time', async () => {
    await grant(
      'c0ffee00-0000-4000-8000-0000000000d2',
      'dns-2',
      'service_prefix "" { policy = "read" } node_prefix "" { policy = "read" }',
    );
    const set = { Token: 'c0ffee00-0000-4000-8000-0000000000d2' };
    expect((await ask(client, '/v1/agent/token/dns', put('', set)))[0]).toBe(403);
    await done(client, '/v1/agent/token/dns', put(RECOVERY, set));
    await expect.poll(() => srv(client, 'hidden'), { timeout: 3_000 }).toEqual([81]);
    await done(client, '/v1/agent/token/default', put(RECOVERY, set));
    expect(await done(client, '/v1/health/service/hidden', as(''))).toHaveLength(1);
    expect(await done(client, '/v1/catalog/service/hidden?stale', as(''))).toHaveLength(1);
    await done(client, '/v1/agent/token/default', put(RECOVERY, { Token: '' }));
  });

  test('with the server away known tokens count on, the recovery token works, and unknown ones get nothing', async () => {
    expect(await done(client, '/v1/health/service/web', as(ROOT))).toHaveLength(1);
    await server.kill();
    await delay(2_500);
    expect(await done(client, '/v1/health/service/web', as(ROOT))).toHaveLength(1);
    expect((await ask(client, '/v1/agent/self', as(RECOVERY)))[0]).toBe(200);
    expect((await ask(client, '/v1/agent/self', as('never seen')))[0]).toBe(403);
    expect(await srv(client, 'hidden')).toEqual([81]);
    await server.start();
    await expect.poll(() => members(ROOT), { timeout: 8_000 }).toEqual(['s1', 'c1']);
  });
});
