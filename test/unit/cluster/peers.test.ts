import { afterEach, expect, it } from 'vitest';
import type { ServerRecord } from '../../../src/catalog/leader-lock.ts';
import { RpcPeers } from '../../../src/cluster/peers.ts';
import { systemClock } from '../../../src/lib/clock.ts';
import { silentLogger } from '../../../src/lib/logger.ts';
import { startRpcServer } from '../../../src/rpc/rpc-server.ts';

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function server(id: string) {
  const rpc = await startRpcServer({
    host: '127.0.0.1',
    port: 0,
    identity: undefined,
    methods: { 'who-are-you': async () => id },
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
