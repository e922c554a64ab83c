/** The store on real etcd processes: the suite of every driver, and what only a store of several servers can meet. */
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { NumberedWrite, Persistence, Stored, Write } from '../../src/catalog/persistence.ts';
import { type PutChange, State } from '../../src/catalog/state.ts';
import { type CatalogKinds, TABLES } from '../../src/catalog/tables.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { silentLogger } from '../../src/lib/logger.ts';
import { systemRandom } from '../../src/lib/random.ts';
import { type NodeName, UNSTAMPED } from '../../src/model/types.ts';
import { type EtcdClient, etcdClient } from '../../src/store/etcd/etcd-client.ts';
import { type EtcdStoreParts, etcdStore } from '../../src/store/etcd/etcd-store.ts';
import { registerService, service, startCatalog } from '../support/catalog.ts';
import { type EtcdCluster, startEtcd } from '../support/etcd-server.ts';
import { describeWith } from '../support/needs-program.ts';
import { type TcpProxy, tcpProxy } from '../support/tcp-proxy.ts';
import { describePersistence, rowsOf } from './persistence.ts';

let cluster: EtcdCluster;
let proxy: TcpProxy;
const closing: (() => unknown)[] = [];

afterEach(async () => {
  proxy?.set('open');
  for (const close of closing.splice(0).reverse()) await close();
});

function node(name: string, address = '10.0.0.1', createIndex = 0): PutChange {
  const row = {
    ...UNSTAMPED,
    createIndex,
    name: name as NodeName,
    id: '',
    address,
    taggedAddresses: null,
    meta: null,
  };
  return { op: 'put', table: 'nodes', row };
}

const remove = (key: string): Write[number] => ({ op: 'remove', table: 'nodes', key });

function storeOf(
  client: EtcdClient,
  prefix: string,
  more: Partial<EtcdStoreParts<CatalogKinds>> = {},
): Persistence {
  return etcdStore({
    client,
    prefix,
    specs: TABLES,
    writer: 's1',
    maxTxnOps: 128,
    maxRequestBytes: 1_500_000,
    watchIdleMs: 500,
    commitTimeoutMs: 800,
    clock: systemClock,
    random: systemRandom,
    log: silentLogger,
    ...more,
  });
}

const newPrefix = (): string => `/rollcall/${systemRandom.uuid()}/`;

/** A client behind the bad network. */
function viaProxy(callTimeoutMs = 400): EtcdClient {
  const client = etcdClient({
    endpoints: [`http://127.0.0.1:${proxy.port}`],
    clock: systemClock,
    callTimeoutMs,
    connectTimeoutMs: 200,
  });
  closing.push(() => client.close());
  return client;
}

/** A replica: what a follower makes of what it is told. */
function replica(store: Persistence, state: State, from: number) {
  const told: string[] = [];
  const waiting = new Set<() => void>();
  const note = (what: string): void => {
    told.push(what);
    for (const look of waiting) look();
  };
  const stop = store.follow(from, {
    onWrite: ({ index, changes }: NumberedWrite) => {
      state.install(changes, index);
      note(`write ${index}`);
    },
    onReset: ({ rows, index }: Stored) => {
      state.replace(rows, index);
      note(`reset ${index}`);
    },
  });
  closing.push(stop);
  const reached = (index: number): Promise<void> =>
    new Promise((resolve) => {
      const look = (): void => {
        if (state.index >= index) resolve();
      };
      waiting.add(look);
      look();
    });
  return { told, reached, stop };
}

async function stateOf(store: Persistence): Promise<State> {
  const { rows, index } = await store.load();
  const state = new State(TABLES);
  state.load(rows, index);
  return state;
}

describeWith('etcd', 'etcd', () => {
  beforeAll(async () => {
    cluster = await startEtcd();
    proxy = await tcpProxy(new URL(cluster.endpoints[0] as string).hostname, 2379);
  });
  afterAll(async () => {
    await proxy?.close();
    await cluster?.stop();
  });

  describePersistence('etcd', () => {
    const [client, prefix] = [cluster.client(), newPrefix()];
    return { open: () => storeOf(client, prefix), remove: () => {} };
  });

  describe('another server', () => {
    test('sees every write whole, in order, with the same stamps', async () => {
      const [client, prefix] = [cluster.client(), newPrefix()];
      const [leader, follower] = [storeOf(client, prefix), storeOf(client, prefix, { writer: 's2' })];
      const { writer, state } = await startCatalog(leader);
      const copy = await stateOf(follower);
      const { reached, told } = replica(follower, copy, copy.index);
      await Promise.all(
        Array.from({ length: 30 }, (_, at) =>
          writer.submit(registerService(`n${at % 7}`, service({ name: 'web', port: at }))),
        ),
      );
      await writer.submit({ kind: 'deregister', node: 'n3' });
      await reached(state.index);
      expect(rowsOf(copy)).toEqual(rowsOf(state));
      expect(told).toEqual(Array.from({ length: state.index }, (_, at) => `write ${at + 1}`));
      await writer.stop();
    });

    test('sees each write of a batch that changes a row again and again', async () => {
      const [client, prefix] = [cluster.client(), newPrefix()];
      const [leader, follower] = [storeOf(client, prefix), storeOf(client, prefix, { writer: 's2' })];
      const mine = await stateOf(leader);
      const copy = await stateOf(follower);
      const { reached, told } = replica(follower, copy, 0);
      const batches: Write[][] = [
        [[node('a')], [node('a', '10.0.0.2', 1)], [remove('a'), remove('nobody')], [node('a', '10.0.0.3')]],
        [[node('b'), node('b', '10.0.0.9')], [remove('a'), node('a', '10.0.0.4')], [remove('b')]],
      ];
      for (const batch of batches) {
        const outcome = await leader.commit(batch, mine.index);
        expect(outcome.outcome).toBe('done');
        for (const write of batch) mine.install(write, mine.index + 1);
      }
      await reached(7);
      expect(told).toEqual([1, 2, 3, 4, 5, 6, 7].map((index) => `write ${index}`));
      expect(rowsOf(copy)).toEqual(rowsOf(mine));
      expect(rowsOf(await stateOf(storeOf(client, prefix)))).toEqual(rowsOf(mine));
    });

    test('cannot write on top of what it did not see', async () => {
      const [client, prefix] = [cluster.client(), newPrefix()];
      const [one, other] = [storeOf(client, prefix), storeOf(client, prefix, { writer: 's2' })];
      await one.load();
      await other.load();
      expect(await one.commit([[node('a')]], 0)).toMatchObject({ outcome: 'done' });
      expect(await other.commit([[node('b')]], 0)).toMatchObject({ outcome: 'refused' });
      expect(await other.commit([[node('b')]], 1)).toMatchObject({ outcome: 'done' });
    });
  });

  describe('a fence', () => {
    test('keeps out a server that does not lead any more, whatever it believes', async () => {
      const [client, prefix] = [cluster.client(), newPrefix()];
      const key = Buffer.from(`${prefix}leader`);
      const take = async (): Promise<number> => {
        const answer = await client.txn({ success: [{ put: { key, value: Buffer.from('x') } }] });
        return answer.kind === 'done' ? (answer.reply.header?.revision ?? 0) : 0;
      };
      const fence = { key, createRevision: await take() };
      const store = storeOf(client, prefix, { fence: () => fence });
      expect(await store.commit([[node('a')]], 0)).toMatchObject({ outcome: 'done' });
      await client.txn({ success: [{ deleteRange: { key } }] });
      const lost = { outcome: 'refused', reason: { code: 'no_leader', message: 'No cluster leader' } };
      expect(await store.commit([[node('b')]], 1)).toMatchObject(lost);
      await take();
      expect(await store.commit([[node('b')]], 1)).toMatchObject(lost);
      expect(
        await storeOf(client, prefix, { fence: () => undefined }).commit([[node('b')]], 1),
      ).toMatchObject(lost);
      expect((await stateOf(store)).view.nodes.size).toBe(1);
    });
  });

  describe('a reply that is lost', () => {
    test('is found out as done', async () => {
      const prefix = newPrefix();
      const store = storeOf(viaProxy(), prefix);
      await store.load();
      proxy.set('replies-lost');
      const batch = [[node('a')], [node('b')]];
      expect(await store.commit(batch, 0)).toMatchObject({ outcome: 'unknown' });
      expect(await store.outcomeOf(batch, 0)).toMatchObject({ outcome: 'unknown' });
      proxy.set('open');
      const found = expect.poll(() => store.outcomeOf(batch, 0), { timeout: 5_000 });
      await found.toEqual({ outcome: 'done', indexes: [1, 2] });
      expect(await store.commit([[node('c')]], 2)).toMatchObject({ outcome: 'done' });
    });

    test('is found out as done also when another server has written since', async () => {
      const prefix = newPrefix();
      const [store, other] = [
        storeOf(viaProxy(), prefix),
        storeOf(cluster.client(), prefix, { writer: 's2' }),
      ];
      await store.load();
      proxy.set('replies-lost');
      expect(await store.commit([[node('a')]], 0)).toMatchObject({ outcome: 'unknown' });
      expect(await other.commit([[node('b')]], 1)).toMatchObject({ outcome: 'done' });
      proxy.set('open');
      const found = expect.poll(() => store.outcomeOf([[node('a')]], 0), { timeout: 5_000 });
      await found.toEqual({ outcome: 'done', indexes: [1] });
    });

    test('of a request that never arrives is asked for soon, and it is sent anew: nobody has to hear of it', async () => {
      const prefix = newPrefix();
      const direct = cluster.client();
      const held: (() => Promise<unknown>)[] = [];
      // As etcd loses proposals while its leader changes: no answer, to the commit and to the first question for it.
      const lossy: EtcdClient = {
        ...direct,
        txn: (request) => {
          if (held.length === 2) return direct.txn(request);
          held.push(() => direct.txn(request));
          return new Promise(() => {});
        },
      };
      const store = storeOf(lossy, prefix, { commitTimeoutMs: 5_000 });
      await store.load();
      const startedMs = performance.now();
      expect(await store.commit([[node('a')]], 0)).toEqual({ outcome: 'done', indexes: [1] });
      expect(performance.now() - startedMs).toBeLessThan(3_000);
      for (const late of held) expect(await late()).toMatchObject({ reply: { isSucceeded: false } });
      expect(await store.commit([[node('b')]], 1)).toMatchObject({ outcome: 'done' });
      expect((await stateOf(store)).view.nodes.size).toBe(2);
    });

    test('is no reason to do it twice: what happened is found before it is sent anew', async () => {
      const prefix = newPrefix();
      const direct = cluster.client();
      let lost = 1;
      const lossy: EtcdClient = {
        ...direct,
        txn: async (request) => {
          const answer = await direct.txn(request);
          lost -= 1;
          return lost < 0 ? answer : new Promise(() => {});
        },
      };
      const store = storeOf(lossy, prefix);
      await store.load();
      expect(await store.commit([[node('a')]], 0)).toEqual({ outcome: 'done', indexes: [1] });
      expect(await store.commit([[node('b')]], 1)).toEqual({ outcome: 'done', indexes: [2] });
      expect((await store.load()).rows.map(({ row }) => row.modifyIndex)).toEqual([1, 2]);
    });

    test('of a request that arrives when it was given up is made impossible, if nobody leads any more', async () => {
      const prefix = newPrefix();
      const direct = cluster.client();
      const key = Buffer.from(`${prefix}leader`);
      const taken = await direct.txn({ success: [{ put: { key, value: Buffer.from('x') } }] });
      const createRevision = taken.kind === 'done' ? (taken.reply.header?.revision ?? 0) : 0;
      let fence: { key: Buffer; createRevision: number } | undefined = { key, createRevision };
      let held: (() => Promise<unknown>) | undefined;
      const lossy: EtcdClient = {
        ...direct,
        txn: (request) => {
          if (held !== undefined) return direct.txn(request);
          held = () => direct.txn(request);
          fence = undefined;
          return new Promise(() => {});
        },
      };
      const store = storeOf(lossy, prefix, { fence: () => fence });
      await store.load();
      const lost = { outcome: 'refused', reason: { code: 'no_leader' } };
      expect(await store.commit([[node('a')]], 0)).toMatchObject(lost);
      expect(await held?.()).toMatchObject({ reply: { isSucceeded: false } });
    });
  });

  describe('a follower whose connection breaks', () => {
    test('goes on where it was', async () => {
      const prefix = newPrefix();
      const [store, leader] = [storeOf(viaProxy(), prefix), storeOf(cluster.client(), prefix)];
      const copy = await stateOf(store);
      const { reached, told } = replica(store, copy, 0);
      await leader.commit([[node('a')]], 0);
      await reached(1);
      proxy.set('refused');
      proxy.cut();
      await leader.commit([[node('b')]], 1);
      await leader.commit([[node('c')], [remove('a')]], 2);
      await delay(100);
      proxy.set('open');
      await reached(4);
      expect(told).toEqual(['write 1', 'write 2', 'write 3', 'write 4']);
    });

    test('gets a fresh copy when what it missed was compacted away', async () => {
      const prefix = newPrefix();
      const [store, leader] = [storeOf(viaProxy(), prefix), storeOf(cluster.client(), prefix)];
      const copy = await stateOf(store);
      const { reached, told } = replica(store, copy, 0);
      await leader.commit([[node('a')]], 0);
      await reached(1);
      proxy.set('refused');
      proxy.cut();
      await leader.commit([[node('b')], [remove('a')]], 1);
      await leader.commit([[node('b', '10.0.0.2', 2)]], 3);
      const { reply } = (await cluster.client().range({ key: Buffer.from('x') })) as {
        reply: { header: { revision: number } };
      };
      await cluster.client().compact(reply.header.revision);
      proxy.set('open');
      await reached(4);
      expect(told).toEqual(['write 1', 'reset 4']);
      expect([...copy.view.nodes.values()].map(({ name }) => name)).toEqual(['b']);
      await leader.commit([[node('c')]], 4);
      await reached(5);
      expect(told.at(-1)).toBe('write 5');
    });

    test('without anybody noticing asks, and finds another way', async () => {
      const prefix = newPrefix();
      const [store, leader] = [
        storeOf(viaProxy(), prefix, { watchIdleMs: 150 }),
        storeOf(cluster.client(), prefix),
      ];
      const copy = await stateOf(store);
      const { reached } = replica(store, copy, 0);
      await leader.commit([[node('a')]], 0);
      await reached(1);
      proxy.set('silent');
      await leader.commit([[node('b')]], 1);
      await delay(200);
      proxy.set('open');
      await reached(2);
    });
  });

  test('an etcd that is stopped makes a commit unknown, and answers when it goes on', async () => {
    const client = etcdClient({ endpoints: cluster.endpoints, clock: systemClock, callTimeoutMs: 300 });
    closing.push(() => client.close());
    const store = storeOf(client, newPrefix());
    await store.load();
    cluster.servers[0]?.pause();
    try {
      expect(await store.commit([[node('a')]], 0)).toMatchObject({ outcome: 'unknown' });
      expect(await store.outcomeOf([[node('a')]], 0)).toMatchObject({ outcome: 'unknown' });
    } finally {
      cluster.servers[0]?.resume();
    }
    await expect
      .poll(async () => (await store.outcomeOf([[node('a')]], 0)).outcome, { timeout: 5_000 })
      .not.toBe('unknown');
    const { index } = await store.load();
    expect(await store.commit([[node('b')]], index)).toMatchObject({ outcome: 'done' });
  });

  test('the largest value of a key fits, and 20,000 rows are read in pages', async () => {
    const client = cluster.client();
    const store = storeOf(client, newPrefix());
    const { writer, state } = await startCatalog(store);
    const kv = { kind: 'kv', verb: 'set', flags: '0', index: 0, session: '' } as const;
    await writer.submit({ ...kv, key: 'large', value: Buffer.alloc(524_288, 'x').toString('base64') });
    await writer.stop();
    const many = storeOf(client, newPrefix());
    for (let index = 0; index < 160; index += 1)
      await many.commit([Array.from({ length: 124 }, (_, at) => node(`n${index}-${at}`))], index);
    const loaded = await many.load();
    expect([loaded.index, loaded.rows.length]).toEqual([160, 160 * 124]);
    expect(rowsOf(await stateOf(store))).toEqual(rowsOf(state));
  });
});
