/**
 * What operators do with three real servers: look at them, have another one lead, take a dead one out, and what is refused
 * because the others would be no majority. One cluster for all of it, in this order.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { askServer } from '../support/ask-cluster.ts';
import { type FaultCluster, startFaultCluster } from '../support/faults/fault-cluster.ts';
import type { ServerProcess } from '../support/faults/server-process.ts';
import { describeWith } from '../support/needs-program.ts';

interface Server {
  readonly ID: string;
  readonly Name: string;
  readonly Address: string;
  readonly SerfStatus: string;
  readonly Leader: boolean;
  readonly Healthy: boolean;
  readonly Voter: boolean;
}

interface Health {
  readonly Healthy: boolean;
  readonly FailureTolerance: number;
  readonly Servers: readonly Server[];
}

const SECRET = Buffer.alloc(32, 9).toString('base64');

let cluster: FaultCluster;
const at = (which: number): ServerProcess => cluster.servers[which] as ServerProcess;

const ask = (server: ServerProcess, method: string, path: string) =>
  askServer(`${server.httpUrl}/v1/operator/${path}`, method);

async function health(server: ServerProcess): Promise<{ status: number; health: Health }> {
  const { status, text } = await ask(server, 'GET', 'autopilot/health');
  return { status, health: JSON.parse(text) as Health };
}

async function leaders(): Promise<readonly string[]> {
  const up = cluster.servers.filter(({ isUp }) => isUp);
  const answers = await Promise.all(up.map(({ httpUrl }) => askServer(`${httpUrl}/v1/status/leader`)));
  return answers.map(({ text }) => JSON.parse(text) as string);
}

describeWith('etcd', 'operators of three servers', () => {
  beforeAll(async () => {
    cluster = await startFaultCluster({ size: 3, args: ['-encrypt', SECRET] });
  });
  afterAll(() => cluster?.remove());

  test('see from each of them that all are healthy', async () => {
    for (const server of cluster.servers) {
      await expect.poll(async () => (await health(server)).status).toBe(200);
      const { health: shown } = await health(server);
      expect(shown).toMatchObject({ Healthy: true, FailureTolerance: 1 });
      expect(shown.Servers.map(({ Name }) => Name).toSorted()).toEqual(['s1', 's2', 's3']);
      expect(shown.Servers.filter(({ Leader }) => Leader)).toHaveLength(1);
    }
  });

  test('have the server lead that they name, asked on any of them', async () => {
    for (const wanted of [0, 1, 2]) {
      const { health: shown } = await health(at(0));
      const target = shown.Servers.find(({ Name }) => Name === `s${wanted + 1}`) as Server;
      const { status, text } = await ask(
        at((wanted + 1) % 3),
        'POST',
        `raft/transfer-leader?id=${target.ID}`,
      );
      expect([status, text]).toEqual([200, '{"Success":true}']);
      await expect.poll(leaders).toEqual([target.Address, target.Address, target.Address]);
    }
    const unknown = await ask(at(0), 'POST', 'raft/transfer-leader?id=nobody');
    expect([unknown.status, unknown.text]).toEqual([
      500,
      'id "nobody" was not found in the Raft configuration',
    ]);
  });

  test('keep settings of the autopilot that every server obeys', async () => {
    const body = JSON.stringify({
      CleanupDeadServers: true,
      LastContactThreshold: '2s',
      MaxTrailingLogs: 250,
    });
    const url = (server: ServerProcess) => `${server.httpUrl}/v1/operator/autopilot/configuration`;
    expect((await askServer(url(at(0)), 'PUT', body)).text).toBe('true');
    for (const server of cluster.servers)
      expect(JSON.parse((await askServer(url(server))).text)).toMatchObject({ LastContactThreshold: '2s' });
  });

  test('see one that was killed as failed, and the state of the others unchanged', async () => {
    const follower = cluster.servers.find(({ name }) => name !== 's3') as ServerProcess;
    await follower.kill();
    const [asked] = cluster.servers.filter(({ isUp }) => isUp) as [ServerProcess];
    await expect.poll(async () => (await health(asked)).status).toBe(429);
    await expect
      .poll(async () => {
        const { Servers } = (await health(asked)).health;
        return Servers.find(({ Name }) => Name === follower.name);
      })
      .toMatchObject({ SerfStatus: 'failed', Healthy: false, Voter: true, LastContact: '-1ns' });
    expect((await health(asked)).health).toMatchObject({ FailureTolerance: 0 });
  });

  test('are refused to remove one that is up while another is down, and may remove the one that is down', async () => {
    const [asked, other] = cluster.servers.filter(({ isUp }) => isUp) as [ServerProcess, ServerProcess];
    const down = cluster.servers.find(({ isUp }) => !isUp) as ServerProcess;
    const remove = ({ place }: ServerProcess) =>
      ask(asked, 'DELETE', `raft/peer?address=${place.address}:8300`);
    const refused = await remove(other);
    expect(refused.status).toBe(500);
    expect(refused.text).toContain('cannot be removed: without it 1 of 2 voting servers are up');
    const removed = await remove(down);
    expect([removed.status, removed.text]).toEqual([200, '']);
    await expect
      .poll(async () => JSON.parse((await askServer(`${other.httpUrl}/v1/status/peers`)).text))
      .toHaveLength(2);
    await expect.poll(async () => (await health(other)).status).toBe(200);
    expect((await remove(down)).text).toContain('was not found in the Raft configuration');
  });

  test('have a server back that was taken out while it was down: it joins as a new one', async () => {
    const down = cluster.servers.find(({ isUp }) => !isUp) as ServerProcess;
    down.start();
    const [asked] = cluster.servers.filter((one) => one !== down) as [ServerProcess];
    await expect
      .poll(async () => (await health(asked)).health, { timeout: 60_000 })
      .toMatchObject({ Healthy: true, FailureTolerance: 1 });
    await askServer(`${asked.httpUrl}/v1/kv/back`, 'PUT', 'yes');
    expect((await askServer(`${down.httpUrl}/v1/kv/back?raw`)).text).toBe('yes');
  });

  test('have a server leave: leadership, its node and its place go, and it ends', async () => {
    const [address] = await leaders();
    const leaves = cluster.servers.find(({ place }) => address === `${place.address}:8300`) as ServerProcess;
    const [asked] = cluster.servers.filter((one) => one !== leaves) as [ServerProcess];
    const left = await askServer(`${leaves.httpUrl}/v1/agent/leave`, 'PUT');
    expect([left.status, left.text]).toEqual([200, '']);
    await expect
      .poll(async () => JSON.parse((await askServer(`${asked.httpUrl}/v1/status/peers`)).text))
      .toHaveLength(2);
    const nodes = await askServer(`${asked.httpUrl}/v1/catalog/nodes`);
    expect(nodes.text).not.toContain(`"${leaves.name}"`);
    await expect.poll(async () => (await askServer(`${leaves.httpUrl}/v1/status/leader`)).status).toBe(0);
    expect((await askServer(`${asked.httpUrl}/v1/kv/after`, 'PUT', 'yes')).text).toBe('true');
  });

  test('still see the servers when nobody leads', async () => {
    const [asked, other] = cluster.servers.filter(({ isUp }) => isUp) as [ServerProcess, ServerProcess];
    await other.kill();
    await expect
      .poll(async () => (await askServer(`${asked.httpUrl}/v1/status/leader`)).text, { timeout: 20_000 })
      .toBe('""');
    const refused = await ask(asked, 'GET', 'raft/configuration');
    expect([refused.status, refused.text]).toEqual([500, 'No cluster leader']);
    const stale = await ask(asked, 'GET', 'raft/configuration?stale');
    expect(JSON.parse(stale.text)).toMatchObject({ Servers: [{ Leader: false }, { Leader: false }] });
    expect((await ask(asked, 'GET', 'autopilot/health')).text).toBe('No cluster leader');
  });
});
