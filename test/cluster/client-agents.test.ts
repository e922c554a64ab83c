/**
 * Client agents around a server: what programs beside them see, while the server is there and while it is not.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ClusterAgent, memberStatuses, srvPorts } from '../support/cluster-agents.ts';

const SERVER = '127.13.20.1';
const server = new ClusterAgent({
  name: 's1',
  address: SERVER,
  args: ['-server', '-bootstrap-expect', '1'],
});
const client = (name: string, last: number): ClusterAgent =>
  new ClusterAgent({ name, address: `127.13.20.${last}`, args: ['-retry-join', SERVER] });
const one = client('c1', 11);
const other = client('c2', 12);

beforeAll(async () => {
  await server.start();
  await Promise.all([one.start(), other.start()]);
});
afterAll(() => Promise.all([server, one, other].map((agent) => agent.remove())));

const register = (agent: ClusterAgent, name: string, port: number): Promise<unknown> =>
  agent.put('/v1/agent/service/register', { Name: name, Port: port });

describe('while the server is there', () => {
  test('every agent is a member, and every agent knows all of them', async () => {
    for (const agent of [server, one, other])
      await expect.poll(() => memberStatuses(agent)).toEqual({ s1: 1, c1: 1, c2: 1 });
  });

  test('what one client registers is in the answers of the server at once, and of the other client', async () => {
    await register(one, 'web', 80);
    expect(await server.get('/v1/catalog/service/web')).toHaveLength(1);
    expect(await srvPorts(other, 'web')).toEqual([80]);
    expect(await one.get('/v1/health/service/web?passing')).toHaveLength(1);
  });

  test('a blocking query at a client is woken by what another client registers', async () => {
    const first = await other.ask('/v1/health/service/woken');
    const index = first.headers.get('x-consul-index');
    const waiting = other.get<readonly unknown[]>(`/v1/health/service/woken?index=${index}&wait=30s`);
    await register(one, 'woken', 81);
    expect(await waiting).toHaveLength(1);
  });

  test('keys, sessions and transactions are done by the server', async () => {
    expect(await one.put('/v1/kv/a/b', 'hello')).toBe(true);
    expect(await other.get('/v1/kv/a/b?raw')).toBe('hello');
    const { ID } = (await one.put('/v1/session/create', { Name: 'mine' })) as { ID: string };
    expect(await other.get(`/v1/session/info/${ID}`)).toHaveLength(1);
  });

  test('a blocking query that a server answers returns when the key changes', async () => {
    const before = await one.ask('/v1/kv/blocked');
    expect(before.status).toBe(404);
    const index = before.headers.get('x-consul-index');
    const waiting = one.get<string>(`/v1/kv/blocked?raw&index=${index}&wait=30s`);
    await other.put('/v1/kv/blocked', 'now');
    expect(await waiting).toBe('now');
  });

  test('a body of megabytes reaches the server, and comes back', async () => {
    const archive = await fetch(`${server.url}/v1/snapshot`);
    const octets = Buffer.from(await archive.arrayBuffer());
    const through = await fetch(`${one.url}/v1/snapshot`);
    expect(through.status).toBe(200);
    const restored = await fetch(`${one.url}/v1/snapshot`, { method: 'PUT', body: octets });
    expect(restored.status).toBe(200);
    const value = 'x'.repeat(400_000);
    expect(await one.put('/v1/kv/large', value)).toBe(true);
    expect(await other.get('/v1/kv/large?raw')).toBe(value);
  });

  test('an event that one agent fires is listed by all', async () => {
    await one.put('/v1/event/fire/deploy', 'x');
    for (const agent of [server, one, other])
      await expect.poll(() => agent.get('/v1/event/list?name=deploy')).toHaveLength(1);
  });

  test('what others delete of a client comes back', async () => {
    await server.put('/v1/catalog/deregister', { Node: 'c1', ServiceID: 'web' });
    await expect.poll(() => srvPorts(server, 'web'), { timeout: 10_000 }).toEqual([80]);
  });

  test('an agent that is killed has failed within four seconds, and is back when it starts again', async () => {
    await register(other, 'fragile', 90);
    await expect.poll(() => srvPorts(one, 'fragile')).toEqual([90]);
    const killedMs = performance.now();
    await other.kill();
    await expect.poll(() => srvPorts(one, 'fragile'), { timeout: 10_000, interval: 50 }).toBe('ENOTFOUND');
    expect(performance.now() - killedMs).toBeLessThan(4_000);
    expect((await memberStatuses(server))['c2']).toBe(4);
    await other.start();
    await expect.poll(() => srvPorts(one, 'fragile')).toEqual([90]);
    expect((await memberStatuses(server))['c2']).toBe(1);
  });

  test('an agent that is stopped has failed within five seconds, and is back when it goes on', async () => {
    const stoppedMs = performance.now();
    other.signal('SIGSTOP');
    await expect.poll(() => srvPorts(one, 'fragile'), { timeout: 10_000, interval: 50 }).toBe('ENOTFOUND');
    expect(performance.now() - stoppedMs).toBeLessThan(5_000);
    other.signal('SIGCONT');
    await expect.poll(() => srvPorts(one, 'fragile')).toEqual([90]);
  });
});

describe('while the server is away', () => {
  test('known names are answered, unknown ones refused, registrations taken and seen afterwards', async () => {
    await server.kill();
    await delay(2_000);
    expect(await srvPorts(one, 'web')).toEqual([80]);
    expect(await srvPorts(one, 'never-asked')).toBe('ESERVFAIL');
    const known = await one.ask('/v1/health/service/web');
    expect([known.status, known.headers.get('x-consul-knownleader')]).toEqual([200, 'false']);
    expect(await one.ask('/v1/kv/a')).toMatchObject({ status: 500, body: 'No known Consul servers' });
    await register(one, 'later', 99);
    await server.start();
    await expect.poll(() => srvPorts(other, 'later'), { timeout: 10_000 }).toEqual([99]);
    expect(await server.get('/v1/catalog/service/later')).toHaveLength(1);
  });
});

describe('leaving', () => {
  test('who leaves is left at once, and its services are gone', async () => {
    await other.put('/v1/agent/leave');
    expect((await memberStatuses(server))['c2']).toBe(3);
    expect(await server.get('/v1/catalog/service/fragile')).toEqual([]);
    await other.ended();
    await delay(4_000);
    expect((await memberStatuses(server))['c2']).toBe(3);
  });

  test('who has failed can be taken for left, or forgotten', async () => {
    await other.start();
    await expect.poll(() => memberStatuses(server)).toMatchObject({ c2: 1 });
    await other.kill();
    await expect.poll(() => memberStatuses(server), { timeout: 10_000 }).toMatchObject({ c2: 4 });
    await one.put('/v1/agent/force-leave/c2');
    expect(await memberStatuses(server)).toMatchObject({ c2: 3 });
    await one.put('/v1/agent/force-leave/c2?prune');
    expect(await memberStatuses(server)).not.toHaveProperty('c2');
  });
});
