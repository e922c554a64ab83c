import { afterEach, expect, it } from 'vitest';
import type { ServerRecord } from '../../../src/catalog/leader-lock.ts';
import { RpcPeers } from '../../../src/cluster/peers.ts';
import { systemClock } from '../../../src/lib/clock.ts';
import { silentLogger } from '../../../src/lib/logger.ts';
import { startRpcServer } from '../../../src/rpc/rpc-server.ts';
import { manualClock } from '../../support/manual-clock.ts';
import { RPC_LIMITS } from '../../support/rpc-limits.ts';

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function server(id: string) {
  const rpc = await startRpcServer({
    host: '127.0.0.1',
    port: 0,
    identity: undefined,
    methods: { 'who-are-you': async () => id, wait: () => new Promise(() => {}) },
    limits: RPC_LIMITS,
    clock: systemClock,
    log: silentLogger,
  });
  closing.push(() => rpc.close());
  const record: ServerRecord = { id, name: id, host: '127.0.0.1', port: rpc.port };
  return { rpc, record };
}

function peers(): RpcPeers {
  const made = new RpcPeers(systemClock, undefined);
  closing.push(() => made.close());
  return made;
}

it('each server is asked on one connection, however often', async () => {
  const [one, other] = [await server('one'), await server('other')];
  const made = peers();
  for (const { record } of [one, other, one, other])
    expect(await made.call(record, 'who-are-you', {}, {})).toEqual({ kind: 'answered', value: record.id });
  expect([one.rpc.connections, other.rpc.connections]).toEqual([1, 1]);
});

it('a server that has left is not connected to any more', async () => {
  const [one, other] = [await server('one'), await server('other')];
  const made = peers();
  for (const { record } of [one, other]) await made.call(record, 'who-are-you', {}, {});
  made.keepOnly([other.record]);
  await expect.poll(() => one.rpc.connections).toBe(0);
  expect(other.rpc.connections).toBe(1);
});

it('a connection that nobody used for a minute is closed when another one is made, one with a call under way is not', async () => {
  const clock = manualClock();
  const made = new RpcPeers(clock, undefined);
  closing.push(() => made.close());
  const [idle, busy, other] = [await server('idle'), await server('busy'), await server('other')];
  await made.call(idle.record, 'who-are-you', {}, {});
  const waiting = made.call(busy.record, 'wait', {}, {});
  await expect.poll(() => busy.rpc.connections).toBe(1);
  clock.stall(60_001);
  await made.call(other.record, 'who-are-you', {}, {});
  await expect.poll(() => idle.rpc.connections).toBe(0);
  expect([busy.rpc.connections, other.rpc.connections]).toEqual([1, 1]);
  made.close();
  expect(await waiting).toMatchObject({ kind: 'unknown' });
});
