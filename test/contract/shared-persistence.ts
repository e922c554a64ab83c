/**
 * What the write queue and the installer owe to a store that others write to as well, and whose replies may be lost: the
 * second half of the suite of persistence.ts. A driver that has no outside is put behind one (support/shared-store.ts).
 */
import { expect, test } from 'vitest';
import type { Persistence, Write } from '../../src/catalog/persistence.ts';
import { type PutChange, State } from '../../src/catalog/state.ts';
import { TABLES } from '../../src/catalog/tables.ts';
import { serviceTopic } from '../../src/catalog/topics.ts';
import type { NodeName } from '../../src/model/types.ts';
import { UNSTAMPED } from '../../src/model/types.ts';
import { deregister, registerService, service, startCatalog } from '../support/catalog.ts';
import { type SharedStore, sharedStore } from '../support/shared-store.ts';
import { type Place, rowsOf } from './persistence.ts';

type Catalog = Awaited<ReturnType<typeof startCatalog>>;

/** A catalog over a shared store, and whether afterwards memory says what the store says. */
async function start(driver: Persistence) {
  const store = sharedStore(driver);
  const catalog = await startCatalog(store);
  store.follow(catalog.state.index, catalog.installer);
  return { ...catalog, store };
}

async function expectSame(store: Persistence, { state }: Catalog): Promise<void> {
  const { rows, index } = await store.load();
  const stored = new State(TABLES);
  stored.load(rows, index);
  expect(rowsOf(state)).toEqual(rowsOf(stored));
  expect(state.index).toBe(index);
}

const web = registerService('n1', service({ name: 'web' }));
const db = registerService('n1', service({ name: 'db' }));

function foreignNode(name: string, address: string): PutChange {
  const row = { ...UNSTAMPED, name: name as NodeName, id: '', address, taggedAddresses: null, meta: null };
  return { op: 'put', table: 'nodes', row };
}

const codeOf = (submitted: Promise<unknown>): Promise<string> =>
  submitted.then(
    () => 'done',
    (error: { code: string }) => error.code,
  );

export function describeSharing(newPlace: () => Place): void {
  const over = (body: (store: SharedStore, catalog: Catalog) => Promise<void>) => async () => {
    const place = newPlace();
    const { store, ...catalog } = await start(place.open());
    try {
      await body(store, catalog);
      await catalog.writer.stop();
      await expectSame(store, catalog);
    } finally {
      await store.close();
      place.remove();
    }
  };

  test.each(['reply lost', 'rejected promise'] as const)(
    'committed, but %s: the submitter hears that it may have happened, and it did',
    (fate) =>
      over(async (store, { writer, state, installed }) => {
        store.doom(fate);
        const [lost, next] = [writer.submit(web), writer.submit(deregister('n1', 'nothing'))];
        await expect(lost).rejects.toMatchObject({ code: 'outcome_unknown' });
        await expect(lost).rejects.toThrow('it may have been');
        await codeOf(next);
        await writer.submit(db);
        expect([...state.view.services.values()].map(({ name }) => name)).toEqual(['web', 'db']);
        expect(installed).toEqual([1, 2]);
      })(),
  );

  test(
    'a request that was lost did not happen, and the queue goes on',
    over(async (store, { writer, state }) => {
      store.doom('request lost');
      expect(await codeOf(writer.submit(web))).toBe('outcome_unknown');
      expect((await writer.submit(db)).index).toBe(1);
      expect([...state.view.services.values()].map(({ name }) => name)).toEqual(['db']);
    }),
  );

  test(
    'while an outcome cannot be asked for, writes are refused and nothing is installed; then all is well',
    over(async (store, { writer, state, clock }) => {
      store.doom('reply lost');
      store.cutOff(2);
      const lost = codeOf(writer.submit(web));
      expect(await lost).toBe('outcome_unknown');
      const refused = codeOf(writer.submit(db));
      await clock.advanceAndSettle(1_000);
      expect([await refused, state.view.services.size]).toEqual(['store_failed', 0]);
      const next = writer.submit(db);
      await clock.advanceAndSettle(1_000);
      expect((await next).index).toBe(2);
      expect(state.view.services.size).toBe(2);
    }),
  );

  test('stopping does not wait for an outcome that nobody can tell', async () => {
    const place = newPlace();
    const { store, writer, state } = await start(place.open());
    store.doom('reply lost');
    store.cutOff(Infinity);
    expect(await codeOf(writer.submit(web))).toBe('outcome_unknown');
    const waiting = codeOf(writer.submit(db));
    await writer.stop();
    expect([await waiting, state.view.services.size]).toEqual(['stopping', 0]);
    await store.close();
    place.remove();
  });

  test(
    'what arrived twice is installed once',
    over(async (store, { writer, installed }) => {
      store.echoes = 2;
      expect((await writer.submit(web)).index).toBe(1);
      await store.elsewhere([foreignNode('n2', '10.0.0.2')]);
      expect((await writer.submit(db)).index).toBe(3);
      expect(installed).toEqual([1, 2, 3]);
    }),
  );

  test(
    'what arrived from elsewhere during a batch is there at once, and the batch that did not see it is refused',
    over(async (store, { writer, state }) => {
      const release = store.hold();
      const overtaken = codeOf(writer.submit(web));
      await new Promise((resolve) => setImmediate(resolve));
      await store.elsewhere([foreignNode('n2', '10.0.0.2')]);
      expect(state.view.nodes.size).toBe(1);
      release();
      expect(await overtaken).toBe('store_failed');
      expect(state.view.services.size).toBe(0);
      expect((await writer.submit(web)).index).toBe(2);
    }),
  );

  test(
    'a reset wakes those whose rows changed and nobody else, with the stamps of the store',
    over(async (store, { writer, state, watch, indexes }) => {
      await writer.submit(web);
      await writer.submit(registerService('n2', service({ name: 'db' })));
      await writer.submit(registerService('n3', service({ name: 'gone' })));
      const kept = state.view.nodes.get('n2');
      store.disconnect();
      const change: Write = [
        { ...foreignNode('n1', '10.9.9.9') },
        { op: 'remove', table: 'services', key: 'n3\u0000gone' },
      ];
      const index = await store.elsewhere(change);
      const ended: string[] = [];
      for (const name of ['web', 'db', 'gone'])
        void watch.wait([serviceTopic(name)], 60_000).then((how) => ended.push(`${name} ${how}`));
      await store.reset();
      await new Promise((resolve) => setImmediate(resolve));
      expect(ended.sort()).toEqual(['gone woken', 'web woken']);
      expect(state.view.nodes.get('n2')).toBe(kept);
      expect(state.view.nodes.get('n1')).toMatchObject({ createIndex: 1, modifyIndex: index });
      expect(indexes.of([serviceTopic('db')])).toBe(2);
      expect(indexes.of([serviceTopic('web')])).toBe(index);
      watch.abandonAll();
    }),
  );

  test('a batch takes no more than the store takes at once, and what never fits is refused', async () => {
    const place = newPlace();
    const driver = place.open();
    const sizes: number[] = [];
    const { writer, state } = await startCatalog({
      ...driver,
      limits: { maxOperations: 3, maxBytes: 400, isLargeWriteTaken: false },
      sizeOf: (write) => JSON.stringify(write).length,
      commit: (batch, after) => {
        sizes.push(batch.flat().length);
        return driver.commit(batch, after);
      },
    });
    const names = ['n1', 'n2', 'n3', 'n4'];
    await Promise.all(names.map((name) => writer.submit(registerService(name))));
    expect(sizes.every((size) => size <= 3)).toBe(true);
    expect(sizes.reduce((sum, size) => sum + size)).toBe(4);
    const kv = { kind: 'kv', verb: 'set', flags: '0', index: 0, session: '' } as const;
    const [large, small] = await Promise.allSettled([
      writer.submit({ ...kv, key: 'large', value: 'A'.repeat(1_000) }),
      writer.submit({ ...kv, key: 'small', value: 'A' }),
    ]);
    expect(large).toMatchObject({ reason: { code: 'invalid_command' } });
    expect(String((large as PromiseRejectedResult).reason)).toContain('too large for the store');
    expect([small.status, state.view.kv.size]).toEqual(['fulfilled', 1]);
    const all = names.map((name) => registerService(name, service({ name: 'many' })));
    await expect(writer.submit({ kind: 'all', commands: all })).rejects.toThrow('the store takes 3 rows');
    await writer.stop();
    await driver.close();
    place.remove();
  });
}
