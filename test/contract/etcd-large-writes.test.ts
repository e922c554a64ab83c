/** Writes that are larger than one transaction of etcd: whole for everybody, whatever breaks while they are made. */
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import type { NumberedWrite, Persistence, Stored, Write } from '../../src/catalog/persistence.ts';
import { type PutChange, State } from '../../src/catalog/state.ts';
import { TABLES } from '../../src/catalog/tables.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { silentLogger } from '../../src/lib/logger.ts';
import { systemRandom } from '../../src/lib/random.ts';
import { type NodeName, UNSTAMPED } from '../../src/model/types.ts';
import type { EtcdClient } from '../../src/store/etcd/etcd-client.ts';
import { EtcdSpace, type SpaceState } from '../../src/store/etcd/etcd-space.ts';
import { etcdStore } from '../../src/store/etcd/etcd-store.ts';
import { requestBytesFor } from '../../src/store/etcd/member-options.ts';
import { registerService, service, startCatalog } from '../support/catalog.ts';
import { type EtcdCluster, startEtcd } from '../support/etcd-server.ts';
import { manualClock } from '../support/manual-clock.ts';
import { describeWith } from '../support/needs-program.ts';
import { rowsOf } from './persistence.ts';

/** So many rows need five pieces and more. */
const MANY = 600;
const OPERATIONS = 128;

const kv = { kind: 'kv', verb: 'set', flags: '0', index: 0, session: '' } as const;

let cluster: EtcdCluster;
const closing: (() => unknown)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

function node(at: number, address = '10.0.0.1', createIndex = 0): PutChange {
  const name = `n${at}` as NodeName;
  const row = { ...UNSTAMPED, createIndex, name, id: '', address, taggedAddresses: null, meta: null };
  return { op: 'put', table: 'nodes', row };
}

const many = (address?: string, createIndex?: number): readonly PutChange[] =>
  Array.from({ length: MANY }, (_, at) => node(at, address, createIndex));

const newPrefix = (): string => `/rollcall/${systemRandom.uuid()}/`;

function storeOf(
  client: EtcdClient,
  prefix: string,
  writer = 's1',
  maxRequestBytes = 1_500_000,
): Persistence {
  const store = etcdStore({
    client,
    prefix,
    specs: TABLES,
    writer,
    maxTxnOps: OPERATIONS,
    maxRequestBytes,
    watchIdleMs: 500,
    clock: systemClock,
    random: systemRandom,
    log: silentLogger,
  });
  closing.push(() => store.close());
  return store;
}

async function stateOf(store: Persistence): Promise<State> {
  const { rows, index } = await store.load();
  const state = new State(TABLES);
  state.load(rows, index);
  return state;
}

/** A replica; resolves `reached` when it is at an index. */
function replica(store: Persistence, state: State) {
  const told: string[] = [];
  let wake = (): void => {};
  const onReset = ({ rows, index }: Stored): void => {
    state.replace(rows, index);
    told.push(`reset ${index}`);
    wake();
  };
  const onWrite = ({ index, changes }: NumberedWrite): void => {
    state.install(changes, index);
    told.push(`write ${index} of ${changes.length}`);
    wake();
  };
  closing.push(store.follow(state.index, { onWrite, onReset }));
  const reached = (index: number): Promise<void> =>
    new Promise((resolve) => {
      wake = () => void (state.index >= index && resolve());
      wake();
    });
  return { told, reached };
}

/** A client whose server dies, or whose network does, before the n-th transaction from now on that has operations. */
function dying(client: EtcdClient, transactions: number, keepsReply = false): EtcdClient {
  let left = transactions;
  const gone = { kind: 'unknown', reason: 'connection-lost', text: 'gone' } as const;
  return {
    ...client,
    range: async (request) => (left < 0 ? gone : client.range(request)),
    txn: async (request) => {
      left -= 1;
      if (left >= 0) return client.txn(request);
      if (left === -1 && keepsReply) await client.txn(request);
      return gone;
    },
  };
}

/** Transactions of `many` as new rows: five to look whether they are there, one to clean up, five pieces, the switch. */
const PIECES = Math.ceil(MANY / (OPERATIONS - 4));
const BEFORE_SWITCH = PIECES + 1 + PIECES;

describeWith('etcd', 'a write that is larger than a transaction', () => {
  beforeAll(async () => {
    cluster = await startEtcd();
  });
  afterAll(() => cluster?.stop());

  test('is one write, with the stamps of any other, for followers and for those who load', async () => {
    const [client, prefix] = [cluster.client(), newPrefix()];
    const follower = storeOf(client, prefix, 's2');
    const copy = await stateOf(follower);
    const { told, reached } = replica(follower, copy);
    const { writer, state } = await startCatalog(storeOf(client, prefix));
    await writer.submit(registerService('n1', service({ name: 'web' })));
    const all = Array.from({ length: MANY }, (_, at) => registerService(`n${at}`, service({ name: 'many' })));
    expect((await writer.submit({ kind: 'all', commands: all })).index).toBe(2);
    expect((await writer.submit(registerService('n1', service({ name: 'db' })))).index).toBe(3);
    await reached(3);
    expect(told).toEqual(['write 1 of 2', `write 2 of ${2 * MANY - 1}`, 'write 3 of 1']);
    expect(rowsOf(copy)).toEqual(rowsOf(state));
    expect(rowsOf(await stateOf(storeOf(client, prefix)))).toEqual(rowsOf(state));
    await writer.stop();
  });

  test('replaces the catalog at once: whoever loads meanwhile sees what was before or what is after', async () => {
    const [client, prefix] = [cluster.client(), newPrefix()];
    const sizes = new Set<string>();
    let isLooking = false;
    const looking: EtcdClient = {
      ...client,
      txn: async (request) => {
        const answer = await client.txn(request);
        if (isLooking) {
          const { view } = await stateOf(storeOf(client, prefix, 's3'));
          sizes.add(`${view.nodes.size} nodes, ${view.services.size} services`);
        }
        return answer;
      },
    };
    const { writer, state } = await startCatalog(storeOf(looking, prefix));
    for (let at = 0; at < 5; at += 1)
      await writer.submit(registerService(`old${at}`, service({ name: 'web' })));
    isLooking = true;
    await writer.submit({ kind: 'restore', rows: many(), areChecked: true, ownNode: 'self' });
    await writer.submit(registerService('n0')); // nothing to do
    await writer.submit(registerService('n0', service({ name: 'after' })));
    expect([...sizes]).toEqual([
      `5 nodes, 5 services`,
      `${MANY} nodes, 0 services`,
      `${MANY} nodes, 1 services`,
    ]);
    expect(rowsOf(await stateOf(storeOf(client, prefix)))).toEqual(rowsOf(state));
    await writer.stop();
  });

  test.each([1, PIECES + 1, BEFORE_SWITCH - 1])(
    'was not done when its server died before its transaction %i, and others go on',
    async (transactions) => {
      const [client, prefix] = [cluster.client(), newPrefix()];
      const store = storeOf(dying(client, transactions), prefix);
      await store.load();
      expect(await store.commit([many()], 0)).toMatchObject({ outcome: 'refused' });
      const other = storeOf(client, prefix, 's2');
      expect((await other.load()).rows).toEqual([]);
      expect(await other.commit([many('10.0.0.2')], 0)).toMatchObject({ outcome: 'done' });
      expect((await other.load()).rows.length).toBe(MANY);
    },
  );

  test.each([BEFORE_SWITCH + 1, BEFORE_SWITCH + 3, BEFORE_SWITCH + 1 + PIECES])(
    'was done when its server died after it, before transaction %i, and is put in place by who leads next',
    async (transactions) => {
      const [client, prefix] = [cluster.client(), newPrefix()];
      const store = storeOf(dying(client, transactions), prefix);
      await store.load();
      expect(await store.commit([many()], 0)).toEqual({ outcome: 'done', indexes: [1] });
      await store.close();
      const other = storeOf(client, prefix, 's2');
      expect(await other.load()).toMatchObject({ index: 1, rows: { length: MANY } });
      const more: Write[] = [[node(7, '10.7.7.7', 1), { op: 'remove', table: 'nodes', key: 'n8' }]];
      expect(await other.commit(more, 1)).toEqual({ outcome: 'done', indexes: [2] });
      const { view } = await stateOf(storeOf(client, prefix, 's3'));
      expect([view.nodes.size, view.nodes.get('n8')]).toEqual([MANY - 1, undefined]);
      expect(view.nodes.get('n7')).toMatchObject({ address: '10.7.7.7', createIndex: 1, modifyIndex: 2 });
      const left = await client.range({
        key: Buffer.from(`${prefix}staged/`),
        rangeEnd: Buffer.from(`${prefix}staged0`),
        isCountOnly: true,
      });
      expect(left).toMatchObject({ reply: { count: 0 } });
    },
  );

  test.each([
    ['never arrived', false, 'refused'],
    ['was done, its reply lost', true, 'done'],
  ] as const)('whose last step %s is found out', async (_, keepsReply, outcome) => {
    const [client, prefix] = [cluster.client(), newPrefix()];
    let inner = dying(client, BEFORE_SWITCH, keepsReply);
    const store = storeOf(
      { ...client, range: (request) => inner.range(request), txn: (request) => inner.txn(request) },
      prefix,
    );
    await store.load();
    const batch = [many()];
    expect(await store.commit(batch, 0)).toMatchObject({ outcome: 'unknown' });
    inner = client;
    expect(await store.outcomeOf(batch, 0)).toMatchObject({ outcome });
    const index = outcome === 'done' ? 1 : 0;
    expect(await store.commit([[node(MANY)]], index)).toMatchObject({ outcome: 'done' });
    expect((await store.load()).rows.length).toBe(1 + index * MANY);
  });

  test('that an earlier leader puts in place too late changes nothing that was written since', async () => {
    const [client, prefix] = [cluster.client(), newPrefix()];
    const held: (() => Promise<unknown>)[] = [];
    let count = 0;
    const late: EtcdClient = {
      ...client,
      txn: async (request) => {
        count += 1;
        if (count <= BEFORE_SWITCH + 1) return client.txn(request);
        held.push(() => client.txn(request));
        return { kind: 'unknown', reason: 'timeout', text: 'no answer' };
      },
    };
    const store = storeOf(late, prefix);
    await store.load();
    expect(await store.commit([many()], 0)).toMatchObject({ outcome: 'done' });
    await store.close();
    const other = storeOf(client, prefix, 's2');
    expect(await other.commit([[node(0, '10.0.0.9', 1)]], 1)).toMatchObject({ outcome: 'done' });
    expect(held.length).toBeGreaterThan(0);
    for (const send of held) expect(await send()).toMatchObject({ reply: { isSucceeded: false } });
    expect((await stateOf(other)).view.nodes.get('n0')?.address).toBe('10.0.0.9');
  });

  test('with a row that etcd cannot take is refused, naming the row, and leaves nothing behind', async () => {
    const [client, prefix] = [cluster.client(), newPrefix()];
    const { writer, state } = await startCatalog(storeOf(client, prefix, 's1', 20_000));
    const large = { ...kv, key: 'large', value: Buffer.alloc(30_000, 'x').toString('base64') };
    await expect(writer.submit(large)).rejects.toThrow(/kv "large" is too large for the store: .* octets/);
    const values = Array.from({ length: 20 }, (_, at) => ({
      ...kv,
      key: `k${at}`,
      value: 'A'.repeat(4_000),
    }));
    await writer.submit({ kind: 'all', commands: values });
    expect(state.view.kv.size).toBe(20);
    expect(rowsOf(await stateOf(storeOf(client, prefix)))).toEqual(rowsOf(state));
    await writer.stop();
  });

  test('values of keys as large as the configuration allows fit into a member that is started for them', async () => {
    const maxValueBytes = 3 * 1024 * 1024;
    const maxRequestBytes = requestBytesFor(maxValueBytes);
    const own = await startEtcd({ args: [`--max-request-bytes=${maxRequestBytes}`] });
    closing.push(() => own.stop());
    const { writer, state } = await startCatalog(storeOf(own.client(), newPrefix(), 's1', maxRequestBytes));
    const value = Buffer.alloc(maxValueBytes, 'x').toString('base64');
    await writer.submit({ ...kv, key: 'k'.repeat(2_000), value });
    expect(state.view.kv.size).toBe(1);
    await writer.stop();
  });

  test('and one that finds no space left are refused, certainly, and done once the server has made space', async () => {
    const quotaBytes = 3_000_000;
    const own = await startEtcd({ args: [`--quota-backend-bytes=${quotaBytes}`] });
    closing.push(() => own.stop());
    const [client, prefix] = [own.client(), newPrefix()];
    const { writer, state } = await startCatalog(storeOf(client, prefix));
    const put = (key: string, fill = 'x') =>
      writer.submit({ ...kv, key, value: Buffer.alloc(300_000, fill).toString('base64') });
    let failed: unknown;
    for (let at = 0; failed === undefined && at < 30; at += 1)
      await put('same', String(at)).catch((error) => {
        failed = error;
      });
    expect(failed).toMatchObject({
      code: 'store_failed',
      message: expect.stringContaining('space exceeded'),
    });
    await expect(put('other')).rejects.toMatchObject({ code: 'store_failed' });
    await expect(writer.submit({ kind: 'restore', rows: many(), ownNode: '' })).rejects.toMatchObject({
      code: 'store_failed',
    });
    const states: SpaceState[] = [];
    const clock = manualClock();
    const space = new EtcdSpace({
      client,
      url: own.endpoints[0] as string,
      quotaBytes,
      clock,
      log: silentLogger,
      onLook: (state) => void states.push(state),
    });
    space.start();
    for (let looks = 1; looks <= 2; looks += 1) {
      clock.advance(10_000);
      await expect.poll(() => states.length).toBe(looks);
      await expect.poll(() => clock.pendingCount()).toBe(1);
    }
    await space.stop();
    expect(states.map(({ isFull }) => isFull)).toEqual([true, false]);
    await put('small');
    expect([...state.view.kv.values()].map(({ key }) => key)).toEqual(['same', 'small']);
    expect(rowsOf(await stateOf(storeOf(client, prefix)))).toEqual(rowsOf(state));
    await writer.stop();
  });
});
