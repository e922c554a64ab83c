/** npm's `consul` client, unchanged, against a real agent: everything that it can do. */
import Consul from 'consul';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type RunningAgent, startAgent } from '../support/start-agent.ts';

let agent: RunningAgent;
let consul: Consul;

beforeAll(async () => {
  agent = await startAgent();
  consul = new Consul({ host: '127.0.0.1', port: agent.httpPort });
});
afterAll(() => agent.stop());

/** The status of the refusal that a call ends with. */
async function statusOf(call: Promise<unknown>): Promise<number | undefined> {
  try {
    await call;
    return undefined;
  } catch (error) {
    return (error as { statusCode?: number }).statusCode;
  }
}

describe('agent', () => {
  test('self, members, join, forceLeave, reload', async () => {
    const self = (await consul.agent.self()) as { Config: { NodeName: string }; Member: { Addr: string } };
    expect(self.Config.NodeName).toBe('n1');
    const [member] = (await consul.agent.members()) as { Name: string; Addr: string }[];
    expect(member?.Name).toBe('n1');
    await consul.agent.join(self.Member.Addr);
    await consul.agent.forceLeave('n1');
    await consul.agent.reload();
    expect(await statusOf(consul.agent.forceLeave('nobody'))).toBe(500);
  });

  test('services: register, list, maintenance, deregister', async () => {
    await consul.agent.service.register({
      name: 'web',
      id: 'web-1',
      tags: ['v1'],
      address: '10.0.0.7',
      port: 8_080,
      meta: { zone: 'a' },
      check: { ttl: '30s', notes: 'a note', status: 'passing' },
    } as never);
    const services = (await consul.agent.service.list()) as Record<string, { Service: string; Port: number }>;
    expect(services['web-1']).toMatchObject({
      Service: 'web',
      Port: 8_080,
      Tags: ['v1'],
      Meta: { zone: 'a' },
    });
    expect(Object.keys(await consul.agent.services())).toEqual(['web-1']);
    await consul.agent.service.maintenance({ id: 'web-1', enable: true, reason: 'why not' });
    expect(Object.keys(await consul.agent.checks())).toContain('_service_maintenance:web-1');
    await consul.agent.service.maintenance({ id: 'web-1', enable: false });
    await consul.agent.service.deregister('web-1');
    expect(await consul.agent.service.list()).toEqual({});
  });

  test('checks: register, pass, warn, fail, list, deregister', async () => {
    await consul.agent.check.register({ name: 'beat', ttl: '30s' } as never);
    const status = async (): Promise<string | undefined> =>
      ((await consul.agent.check.list()) as Record<string, { Status: string }>)['beat']?.Status;
    expect(await status()).toBe('critical');
    await consul.agent.check.pass({ id: 'beat', note: 'fine' });
    expect(await status()).toBe('passing');
    await consul.agent.check.warn('beat');
    expect(await status()).toBe('warning');
    await consul.agent.check.fail('beat');
    expect(await status()).toBe('critical');
    await consul.agent.check.deregister('beat');
    expect(await consul.agent.checks()).toEqual({});
    expect(await statusOf(consul.agent.check.pass('beat'))).toBe(404);
  });

  test('maintenance of the node', async () => {
    await consul.agent.maintenance({ enable: true, reason: 'moving' });
    expect(Object.keys(await consul.agent.checks())).toEqual(['_node_maintenance']);
    await consul.agent.maintenance({ enable: false });
    expect(await consul.agent.checks()).toEqual({});
  });
});

describe('catalog and health', () => {
  beforeAll(async () => {
    await consul.catalog.register({
      node: 'ext',
      address: '10.1.1.1',
      service: { service: 'db', id: 'db-1', port: 5_432, tags: ['primary'] },
      check: { name: 'db up', checkid: 'db-up', status: 'passing', serviceid: 'db-1' },
    } as never);
  });

  test('datacenters, nodes and services', async () => {
    expect(await consul.catalog.datacenters()).toEqual(['dc1']);
    const nodes = (await consul.catalog.node.list()) as { Node: string }[];
    expect(nodes.map(({ Node }) => Node)).toEqual(['ext', 'n1']);
    expect(await consul.catalog.node.services('ext')).toMatchObject({
      Services: { 'db-1': { Port: 5_432 } },
    });
    expect(await consul.catalog.service.list()).toMatchObject({ consul: [], db: ['primary'] });
    expect(await consul.catalog.service.nodes('db')).toMatchObject([{ Node: 'ext', ServicePort: 5_432 }]);
    expect(await consul.catalog.connect.nodes('db')).toEqual([]);
  });

  test('health by node, service, check and state', async () => {
    expect(await consul.health.node('ext')).toMatchObject([{ CheckID: 'db-up' }]);
    expect(await consul.health.checks('db')).toMatchObject([{ ServiceID: 'db-1' }]);
    expect(await consul.health.service({ service: 'db', passing: true })).toMatchObject([
      { Node: { Node: 'ext' }, Service: { ID: 'db-1' }, Checks: [{ CheckID: 'db-up' }] },
    ]);
    const critical = (await consul.health.state('critical')) as unknown[];
    expect(critical).toEqual([]);
  });

  test('a watch reports the change that it waits for', async () => {
    const watch = consul.watch({
      method: consul.health.service,
      options: { service: 'db', wait: '10s' } as never,
      backoffFactor: 10,
    });
    const ports: number[] = [];
    const changed = new Promise<void>((resolve, reject) => {
      watch.on('error', reject);
      watch.on('change', (entries: { Service: { Port: number } }[]) => {
        ports.push(entries[0]?.Service.Port ?? 0);
        if (ports.length === 2) resolve();
        else
          void consul.catalog.register({
            node: 'ext',
            address: '10.1.1.1',
            service: { service: 'db', id: 'db-1', port: 5_433 },
          } as never);
      });
    });
    await changed;
    watch.end();
    expect(ports).toEqual([5_432, 5_433]);
  });

  test('deregister', async () => {
    await consul.catalog.deregister({ node: 'ext' } as never);
    expect(await consul.catalog.service.nodes('db')).toEqual([]);
  });
});

describe('kv, sessions and transactions', () => {
  test('set, get, keys, cas, del', async () => {
    expect(await consul.kv.set('a/b', 'one')).toBe(true);
    expect(await consul.kv.set({ key: 'a/c', value: 'two', flags: 42 })).toBe(true);
    const found = (await consul.kv.get('a/b')) as unknown as { Value: string; ModifyIndex: number };
    expect(found.Value).toBe('one');
    expect(await consul.kv.keys('a/')).toEqual(['a/b', 'a/c']);
    expect(await consul.kv.get({ key: 'a/', recurse: true })).toMatchObject([
      { Key: 'a/b' },
      { Key: 'a/c', Flags: 42 },
    ]);
    expect(await consul.kv.get({ key: 'a/b', raw: true })).toEqual(Buffer.from('one'));
    expect(await consul.kv.set({ key: 'a/b', value: 'x', cas: 1 })).toBeFalsy();
    expect(await consul.kv.set({ key: 'a/b', value: 'x', cas: found.ModifyIndex })).toBe(true);
    await consul.kv.del({ key: 'a/', recurse: true });
    expect(await consul.kv.get('a/b')).toBeUndefined();
  });

  test('a lock has one holder', async () => {
    const [first, second] = (await Promise.all([
      consul.session.create({ name: 'first', ttl: '30s', lockdelay: '0s' } as never),
      consul.session.create({ name: 'second' } as never),
    ])) as { ID: string }[];
    const [one, two] = [first?.ID ?? '', second?.ID ?? ''];
    expect(await consul.kv.set({ key: 'lock', value: 'me', acquire: one })).toBe(true);
    expect(await consul.kv.set({ key: 'lock', value: 'me', acquire: two })).toBeFalsy(); // what the client makes of `false`
    expect(await consul.kv.set({ key: 'lock', value: 'me', release: one })).toBe(true);
    expect(await consul.kv.set({ key: 'lock', value: 'me', acquire: two })).toBe(true);
    expect(await consul.session.list()).toHaveLength(2);
    expect(await consul.session.node('n1')).toHaveLength(2);
    expect(await consul.session.get(one)).toMatchObject({ Name: 'first' });
    expect(await consul.session.renew(one)).toMatchObject([{ ID: one }]);
    await consul.session.destroy(one);
    await consul.session.destroy(two);
    expect(await consul.session.list()).toEqual([]);
  });

  test('a transaction does all or nothing', async () => {
    const value = Buffer.from('v').toString('base64');
    await consul.transaction.create([
      { KV: { Verb: 'set', Key: 't/1', Value: value } },
      { KV: { Verb: 'set', Key: 't/2', Value: value } },
    ] as never);
    expect(await consul.kv.keys('t/')).toEqual(['t/1', 't/2']);
    const refused = consul.transaction.create([
      { KV: { Verb: 'delete', Key: 't/1' } },
      { KV: { Verb: 'check-not-exists', Key: 't/2' } },
    ] as never);
    expect(await statusOf(refused)).toBe(409);
    expect(await consul.kv.keys('t/')).toEqual(['t/1', 't/2']);
  });
});

describe('events, queries and status', () => {
  test('fire and list', async () => {
    const fired = (await consul.event.fire('deploy', 'payload')) as { ID: string };
    expect(await consul.event.list('deploy')).toMatchObject([{ ID: fired.ID, Name: 'deploy' }]);
  });

  test('create, get, update, list, execute, explain and destroy a query', async () => {
    await consul.agent.service.register({ name: 'api', port: 80 });
    const { ID } = (await consul.query.create({ name: 'q', service: { service: 'api' } } as never)) as {
      ID: string;
    };
    expect(await consul.query.get(ID)).toMatchObject({ Name: 'q' });
    expect(await consul.query.execute('q')).toMatchObject({
      Service: 'api',
      Nodes: [{ Service: { Port: 80 } }],
    });
    await consul.query.explain('q'); // resolves; the client looks for a list and gives nothing back
    await consul.query.update({ query: ID, name: 'r', service: { service: 'api' } } as never);
    expect(await consul.query.list()).toMatchObject([{ Name: 'r' }]);
    await (consul.query as unknown as { destroy(id: string): Promise<void> }).destroy(ID);
    expect(await consul.query.list()).toEqual([]);
    await consul.agent.service.deregister('api');
  });

  test('leader and peers', async () => {
    const leader = (await consul.status.leader()) as string;
    expect(leader).toMatch(/^127\.0\.0\.1:\d+$/);
    expect(await consul.status.peers()).toEqual([leader]);
  });

  test('access control answers that it is switched off', async () => {
    expect(await statusOf(consul.acl.bootstrap() as Promise<unknown>)).toBe(401);
    expect(await statusOf(consul.acl.replication() as Promise<unknown>)).toBe(401);
  });
});

test('leaving ends the agent', async () => {
  const own = await startAgent();
  const client = new Consul({ host: '127.0.0.1', port: own.httpPort });
  const response = await fetch(`${own.httpUrl}/v1/agent/leave`, { method: 'PUT' });
  expect(response.status).toBe(200);
  await expect
    .poll(() => statusOf(client.status.leader() as Promise<unknown>), { timeout: 10_000 })
    .toBeUndefined();
  await own.stop();
});
