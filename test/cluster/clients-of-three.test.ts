/**
 * Two client agents of three servers, of which one after the other is lost: their programs see little of it.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ClusterAgent, memberStatuses, srvPorts } from '../support/cluster-agents.ts';
import { describeWith } from '../support/needs-program.ts';

const ADDRESSES = ['127.13.22.1', '127.13.22.2', '127.13.22.3'];
const JOIN = ADDRESSES.flatMap((address) => ['-retry-join', address]);

describeWith('etcd', 'three servers and two clients', () => {
  const servers = ADDRESSES.map(
    (address, i) =>
      new ClusterAgent({ name: `s${i + 1}`, address, args: ['-server', '-bootstrap-expect', '3', ...JOIN] }),
  );
  const one = new ClusterAgent({ name: 'c1', address: '127.13.22.11', args: JOIN });
  const other = new ClusterAgent({ name: 'c2', address: '127.13.22.12', args: JOIN });
  const all = [...servers, one, other];

  beforeAll(() => Promise.all(all.map((agent) => agent.start())));
  afterAll(() => Promise.all(all.map((agent) => agent.remove())));

  const leader = async (): Promise<ClusterAgent | undefined> => {
    const address = await one.get<string>('/v1/status/leader').catch(() => '');
    return servers.find((server) => address.startsWith(`${server.address}:`));
  };

  test('every agent knows all members, whichever server it is connected to', async () => {
    for (const agent of all)
      await expect
        .poll(() => memberStatuses(agent).catch(() => ({})), { timeout: 60_000 })
        .toEqual({ s1: 1, s2: 1, s3: 1, c1: 1, c2: 1 });
  });

  test('an event that one client fires reaches every agent', async () => {
    await one.put('/v1/event/fire/deploy');
    for (const agent of all) await expect.poll(() => agent.get('/v1/event/list')).toHaveLength(1);
  });

  test('the loss of the leader stops no registration, and makes no client fail', async () => {
    await one.put('/v1/agent/service/register', { Name: 'web', Port: 80 });
    await expect.poll(() => srvPorts(other, 'web')).toEqual([80]);
    const lost = await leader();
    if (lost === undefined) throw new Error('nobody leads');
    await lost.kill();
    const { status } = await one.ask('/v1/agent/service/register', {
      method: 'PUT',
      body: JSON.stringify({ Name: 'meanwhile', Port: 81 }),
    });
    expect(status).toBe(200);
    expect(await srvPorts(other, 'web')).toEqual([80]);
    await expect.poll(() => srvPorts(other, 'meanwhile'), { timeout: 20_000 }).toEqual([81]);
    await expect
      .poll(() => memberStatuses(one).then((found) => found[lost.name]), { timeout: 20_000 })
      .toBe(4);
    expect(await memberStatuses(one)).toMatchObject({ c1: 1, c2: 1 });
    await lost.start();
    await expect
      .poll(() => memberStatuses(one).then((found) => found[lost.name]), { timeout: 60_000 })
      .toBe(1);
    expect(await one.get('/v1/catalog/service/meanwhile')).toHaveLength(1);
  });

  test('with all servers gone known names are answered, and everything recovers by itself', async () => {
    await Promise.all(servers.map((server) => server.kill()));
    await delay(2_000);
    expect(await srvPorts(other, 'web')).toEqual([80]);
    await one.put('/v1/agent/service/register', { Name: 'later', Port: 82 });
    await Promise.all(servers.map((server) => server.start()));
    await expect.poll(() => srvPorts(other, 'later'), { timeout: 60_000 }).toEqual([82]);
    expect(await other.get('/v1/catalog/service/later')).toHaveLength(1);
  });
});
