/**
 * A machine dies for good and another one takes its place: the new server votes, and the dead one is taken out by itself.
 */
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { askServer } from '../support/ask-cluster.ts';
import { type FaultCluster, startFaultCluster } from '../support/faults/fault-cluster.ts';
import { ServerProcess } from '../support/faults/server-process.ts';
import { describeWith } from '../support/needs-program.ts';

const SECRET = Buffer.alloc(32, 11).toString('base64');
const STABLE = { CleanupDeadServers: true, LastContactThreshold: '2s', ServerStabilizationTime: '1s' };

let cluster: FaultCluster;
let fourth: ServerProcess;
const first = (): ServerProcess => cluster.servers[0] as ServerProcess;

/** A server beside the others, at the next address. */
function another(): ServerProcess {
  const { place } = cluster.servers.at(-1) as ServerProcess;
  const octets = place.address.split('.');
  const address = [...octets.slice(0, 3), Number(octets[3]) + 1].join('.');
  const joining = cluster.servers.flatMap((server) => ['-retry-join', server.place.address]);
  return new ServerProcess({
    name: 's4',
    address,
    dataDir: path.join(path.dirname(place.dataDir), 's4'),
    args: ['-bootstrap-expect', '3', '-encrypt', SECRET, ...joining],
  });
}

async function peers(): Promise<readonly string[]> {
  return JSON.parse((await askServer(`${first().httpUrl}/v1/status/peers`)).text) as string[];
}

describeWith('etcd', 'a server in the place of a dead one', () => {
  beforeAll(async () => {
    cluster = await startFaultCluster({ size: 3, args: ['-encrypt', SECRET] });
    const url = `${first().httpUrl}/v1/operator/autopilot/configuration`;
    await askServer(url, 'PUT', JSON.stringify({ ...STABLE, MaxTrailingLogs: 250 }));
    fourth = another();
  });
  afterAll(async () => {
    await fourth?.kill();
    await cluster?.remove();
  });

  test('is added, votes, and the dead one goes, but not before', async () => {
    const dead = cluster.servers[2] as ServerProcess;
    await dead.kill();
    await expect
      .poll(async () => (await askServer(`${first().httpUrl}/v1/operator/autopilot/health`)).text)
      .toContain('"SerfStatus":"failed"');
    expect(await peers()).toHaveLength(3);
    fourth.start();
    const alive = [first(), cluster.servers[1] as ServerProcess, fourth];
    const addresses = alive.map(({ place }) => `${place.address}:8300`);
    await expect.poll(async () => (await peers()).toSorted()).toEqual(addresses.toSorted());
    expect((await askServer(`${fourth.httpUrl}/v1/kv/replaced`, 'PUT', 'yes')).text).toBe('true');
  });
});
