/** Following the store goes on whatever the follower makes of what it is told, and nothing is left out for it. */
import { expect, test } from 'vitest';
import type { Follower, NumberedWrite, Persistence, Stored } from '../../../../src/catalog/persistence.ts';
import type { PutChange } from '../../../../src/catalog/state.ts';
import { TABLES } from '../../../../src/catalog/tables.ts';
import { silentLogger } from '../../../../src/lib/logger.ts';
import { type NodeName, UNSTAMPED } from '../../../../src/model/types.ts';
import { etcdStore } from '../../../../src/store/etcd/etcd-store.ts';
import { seededRandom } from '../../../support/seeded-random.ts';
import { SimulatedEtcd } from '../../../support/simulation/etcd.ts';
import { simulatedClient } from '../../../support/simulation/etcd-client.ts';
import { Network } from '../../../support/simulation/network.ts';
import { Process } from '../../../support/simulation/process.ts';
import { WorldClock } from '../../../support/simulation/world-clock.ts';

function node(name: string): PutChange {
  const row = {
    ...UNSTAMPED,
    name: name as NodeName,
    id: '',
    address: '10.0.0.1',
    taggedAddresses: null,
    meta: null,
  };
  return { op: 'put', table: 'nodes', row };
}

/** A store that others write to, and a follower that throws as often as it is told to. */
function stand() {
  const clock = new WorldClock();
  const network = new Network(clock, seededRandom(1));
  const world = { etcd: new SimulatedEtcd(clock), network, stalledUntilMs: 0 };
  const open = (name: string): Persistence =>
    etcdStore({
      client: simulatedClient(world, new Process(name, clock)),
      writer: name,
      prefix: '/rollcall/dc1/',
      specs: TABLES,
      maxTxnOps: 128,
      maxRequestBytes: 1_500_000,
      watchIdleMs: 1_000,
      clock,
      random: network.random,
      log: silentLogger,
    });
  const told: string[] = [];
  const throws = { onWrite: 0, onReset: 0 };
  const mayThrow = (of: keyof typeof throws): void => {
    if (throws[of] === 0) return;
    throws[of] -= 1;
    throw new Error('the follower did not expect that');
  };
  const follower: Follower = {
    onWrite: ({ index }: NumberedWrite) => {
      mayThrow('onWrite');
      told.push(`write ${index}`);
    },
    onReset: ({ index, rows }: Stored) => {
      mayThrow('onReset');
      told.push(`all ${rows.length} at ${index}`);
    },
  };
  const writer = open('writer');
  let index = 0;
  const write = async (count: number): Promise<void> => {
    const rows = Array.from({ length: count }, (_, at) => node(`n${index}-${at}`));
    const written = writer.commit([rows], index);
    await clock.pass(5_000);
    expect((await written).outcome).toBe('done');
    index += 1;
  };
  return { clock, told, throws, write, follow: () => open('reader').follow(0, follower) };
}

test('a follower that throws at all there is gets it again, and what is written afterwards', async () => {
  const { clock, told, throws, write, follow } = stand();
  await write(1);
  throws.onReset = 2;
  follow();
  await clock.pass(2_000);
  expect(told).toEqual(['all 1 at 1']);
  await write(1);
  expect(told).toEqual(['all 1 at 1', 'write 2']);
});

test.each([
  ['a write', 1],
  ['a write in pieces', 200],
])('a follower that throws at %s is told of everything instead', async (_what, count) => {
  const { clock, told, throws, write, follow } = stand();
  await write(1);
  follow();
  await clock.pass(2_000);
  throws.onWrite = 1;
  await write(count);
  await clock.pass(2_000);
  expect(told).toEqual(['all 1 at 1', `all ${count + 1} at 2`]);
  await write(1);
  expect(told.at(-1)).toBe('write 3');
});

test('a follower that never takes what there is is asked less and less often, and not any more in the end', async () => {
  const { clock, told, throws, write, follow } = stand();
  await write(1);
  throws.onReset = 1_000;
  const stop = follow();
  await clock.pass(60_000);
  const tries = 1_000 - throws.onReset;
  expect(tries).toBeGreaterThan(10);
  expect(tries).toBeLessThan(30);
  stop();
  await clock.pass(60_000);
  expect(1_000 - throws.onReset).toBe(tries);
  expect(told).toEqual([]);
});
