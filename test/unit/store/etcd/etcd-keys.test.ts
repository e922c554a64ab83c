/** Keys of etcd are followed for as long as they are wanted, whatever somebody wrote there, and whoever throws at it. */
import { expect, test } from 'vitest';
import type { ServerRecord } from '../../../../src/catalog/leader-lock.ts';
import { silentLogger } from '../../../../src/lib/logger.ts';
import { EtcdDirectory } from '../../../../src/store/etcd/etcd-directory.ts';
import { Layout } from '../../../../src/store/etcd/etcd-layout.ts';
import { EtcdLock } from '../../../../src/store/etcd/etcd-lock.ts';
import { seededRandom } from '../../../support/seeded-random.ts';
import { SimulatedEtcd } from '../../../support/simulation/etcd.ts';
import { simulatedClient } from '../../../support/simulation/etcd-client.ts';
import { Network } from '../../../support/simulation/network.ts';
import { Process } from '../../../support/simulation/process.ts';
import { WorldClock } from '../../../support/simulation/world-clock.ts';

const PREFIX = '/rollcall/dc1/';
const server = (id: string): ServerRecord => ({ id, name: id, host: '127.0.0.1', port: 1 });

function stand() {
  const clock = new WorldClock();
  const etcd = new SimulatedEtcd(clock);
  const world = { etcd, network: new Network(clock, seededRandom(1)), stalledUntilMs: 0 };
  const client = simulatedClient(world, new Process('s1', clock));
  const parts = { client, layout: new Layout(PREFIX), clock, log: silentLogger };
  const put = async (key: string, value: string): Promise<void> => {
    etcd.txn({ success: [{ put: { key: Buffer.from(PREFIX + key), value: Buffer.from(value) } }] });
    await clock.pass(2_000);
  };
  return { clock, parts, put };
}

test.each([
  ['from the start', true],
  ['while it is followed', false],
])(
  'who holds the lock is known again after somebody wrote there what nobody can read, %s',
  async (_when, isFirst) => {
    const { clock, parts, put } = stand();
    const lock = new EtcdLock(parts);
    const told: (string | undefined)[] = [];
    lock.observe((leader) => told.push(leader?.id));
    if (isFirst) await put('leader', '{');
    lock.start();
    await clock.pass(2_000);
    if (!isFirst) await put('leader', '{');
    await put('leader', JSON.stringify(server('s2')));
    expect(told.at(-1)).toBe('s2');
    lock.close();
  },
);

test('servers that come are told of, also after a listener has thrown at one', async () => {
  const { clock, parts, put } = stand();
  const directory = new EtcdDirectory(parts);
  let throws = 0;
  const told: string[][] = [];
  directory.onChanged(() => {
    if (throws > 0) {
      throws -= 1;
      throw new Error('the listener did not expect that');
    }
    told.push([...directory.servers.keys()]);
  });
  throws = 2;
  await put('servers/s1', JSON.stringify(server('s1')));
  directory.start();
  await clock.pass(2_000);
  expect(told).toEqual([['s1']]);
  throws = 1;
  await put('servers/s2', JSON.stringify(server('s2')));
  expect(told.at(-1)).toEqual(['s1', 's2']);
  directory.close();
});
