/**
 * Two datacenters with a server each, and a client agent in the first: what one asks of the other, and what the loss of the
 * other costs.
 */
import dns from 'node:dns/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ClusterAgent } from '../support/cluster-agents.ts';

const HERE = '127.13.21.1';
const here = new ClusterAgent({ name: 's1', address: HERE, args: ['-server', '-bootstrap-expect', '1'] });
const there = new ClusterAgent({
  name: 't1',
  address: '127.13.21.2',
  args: ['-server', '-bootstrap-expect', '1', '-datacenter', 'dc2', '-retry-join-wan', HERE],
});
const client = new ClusterAgent({ name: 'c1', address: '127.13.21.11', args: ['-retry-join', HERE] });

beforeAll(async () => {
  await here.start();
  await Promise.all([there.start(), client.start()]);
  await there.put('/v1/agent/service/register', { Name: 'web', Port: 82 });
});
afterAll(() => Promise.all([here, there, client].map((agent) => agent.remove())));

async function srv(agent: ClusterAgent, name: string): Promise<readonly number[] | string> {
  const resolver = new dns.Resolver({ timeout: 6_000, tries: 1 });
  resolver.setServers([`${agent.address}:8600`]);
  try {
    return (await resolver.resolveSrv(name)).map(({ port }) => port);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? '';
  }
}

async function addressesOf(agent: ClusterAgent, name: string): Promise<readonly string[]> {
  const resolver = new dns.Resolver({ timeout: 6_000, tries: 1 });
  resolver.setServers([`${agent.address}:8600`]);
  return resolver.resolve4(name);
}

test('each knows the other, and lists the servers of both', async () => {
  await expect.poll(() => here.get('/v1/catalog/datacenters'), { timeout: 20_000 }).toEqual(['dc1', 'dc2']);
  expect(await there.get('/v1/catalog/datacenters')).toEqual(['dc2', 'dc1']);
  expect(await client.get('/v1/catalog/datacenters')).toEqual(['dc1', 'dc2']);
  const members = await here.get<readonly { Name: string }[]>('/v1/agent/members?wan=1');
  expect(members.map(({ Name }) => Name).sort()).toEqual(['s1.dc1', 't1.dc2']);
});

test('reads and writes with a datacenter are done there, from a server and from a client', async () => {
  for (const agent of [here, client]) {
    expect(await agent.get('/v1/health/service/web?dc=dc2')).toHaveLength(1);
    expect(await agent.get('/v1/health/service/web')).toEqual([]);
    expect(await agent.put(`/v1/kv/from-${agent.name}?dc=dc2`, 'hello')).toBe(true);
    expect(await there.get(`/v1/kv/from-${agent.name}?raw`)).toBe('hello');
  }
  await here.put('/v1/catalog/register', { Datacenter: 'dc2', Node: 'ext', Address: '10.9.9.9' });
  expect(await there.get('/v1/catalog/node/ext')).toMatchObject({ Node: { Address: '10.9.9.9' } });
});

test('names with a datacenter are answered by it, and those of one that is not known do not exist', async () => {
  for (const agent of [here, client]) {
    expect(await srv(agent, 'web.service.dc2.consul')).toEqual([82]);
    expect(await srv(agent, 'web.service.dc9.consul')).toBe('ENOTFOUND');
    expect(await addressesOf(agent, 't1.node.dc2.consul')).toEqual([there.address]);
    expect(await addressesOf(agent, 's1.node.dc1.consul')).toEqual([HERE]);
  }
});

test('a prepared query that finds nothing here goes on in the other datacenter, over HTTP and DNS', async () => {
  const Service = { Service: 'web', Failover: { NearestN: 1, Datacenters: ['dc9', 'dc2'] } };
  await here.ask('/v1/query', { method: 'POST', body: JSON.stringify({ Name: 'anywhere', Service }) });
  for (const agent of [here, client]) {
    expect(await agent.get('/v1/query/anywhere/execute')).toMatchObject({
      Service: 'web',
      Datacenter: 'dc2',
      Failovers: 1,
      Nodes: [{ Node: { Node: 't1', Datacenter: 'dc2' }, Service: { Port: 82 } }],
    });
    expect(await srv(agent, 'anywhere.query.consul')).toEqual([82]);
  }
});

test('servers and agents know where they are: of each other, and among datacenters', async () => {
  type Placed = { readonly Node: string };
  const nodes = async (): Promise<readonly string[]> =>
    (await client.get<readonly Placed[]>('/v1/coordinate/nodes')).map(({ Node }) => Node);
  await expect.poll(nodes, { timeout: 30_000 }).toEqual(['c1', 's1']);
  const areas = async () => {
    const all = await client.get<readonly { Datacenter: string; Coordinates: readonly Placed[] }[]>(
      '/v1/coordinate/datacenters',
    );
    return all.map(({ Datacenter, Coordinates }) => [Datacenter, ...Coordinates.map(({ Node }) => Node)]);
  };
  await expect.poll(areas, { timeout: 15_000 }).toEqual([
    ['dc1', 's1'],
    ['dc2', 't1'],
  ]);
});

test('a query that nothing fits anywhere says who was asked last, and one that names nobody known who was not', async () => {
  const queries = { nowhere: { NearestN: 1 }, unknown: { Datacenters: ['dc9'] } };
  for (const [Name, Failover] of Object.entries(queries)) {
    const body = JSON.stringify({ Name, Service: { Service: 'nothing', Failover } });
    await here.ask('/v1/query', { method: 'POST', body });
  }
  const execute = (name: string) => here.get(`/v1/query/${name}/execute`);
  expect(await execute('nowhere')).toMatchObject({ Datacenter: 'dc2', Failovers: 1, Nodes: [] });
  expect(await execute('unknown')).toMatchObject({ Datacenter: 'dc1', Failovers: 0, Nodes: [] });
  expect(await srv(here, 'nowhere.query.consul')).toBe('ENOTFOUND');
});

test('what is not known is said in the words of Consul', async () => {
  expect(await here.ask('/v1/kv/a?dc=dc9')).toMatchObject({ status: 500, body: 'No path to datacenter' });
  expect(await client.ask('/v1/kv/a?dc=dc9')).toMatchObject({
    status: 500,
    body: 'rpc error making call: No path to datacenter',
  });
});

test('a datacenter that does not answer costs one bounded wait, then none, and local answers nothing', async () => {
  const timed = async (work: () => Promise<unknown>): Promise<number> => {
    const startedMs = performance.now();
    await work();
    return performance.now() - startedMs;
  };
  there.signal('SIGSTOP');
  try {
    expect(await timed(() => srv(here, 'web.service.dc2.consul'))).toBeLessThan(4_000);
    expect(await timed(() => here.ask('/v1/query/anywhere/execute'))).toBeLessThan(4_000);
    await expect.poll(() => here.ask('/v1/kv/a?dc=dc2'), { timeout: 15_000 }).toMatchObject({ status: 500 });
    expect(await srv(here, 'web.service.dc2.consul')).toBe('ESERVFAIL');
    for (const agent of [here, client])
      expect(await timed(() => agent.ask('/v1/kv/a?dc=dc2'))).toBeLessThan(1_500);
    expect(await timed(() => srv(here, 'anywhere.query.consul'))).toBeLessThan(1_000);
    expect(await here.get('/v1/query/anywhere/execute')).toMatchObject({ Failovers: 1, Nodes: [] });
    expect(await srv(here, 'consul.service.consul')).toEqual([8300]);
  } finally {
    there.signal('SIGCONT');
  }
  await expect.poll(() => srv(here, 'web.service.dc2.consul'), { timeout: 20_000 }).toEqual([82]);
});
