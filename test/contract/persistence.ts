/**
 * What every store driver owes to the catalog (the promises of src/catalog/persistence.ts), as one suite.
 *
 * A driver's test file calls `describePersistence` with a way to open a store on the same place again and again.
 */
import { describe, expect, test } from 'vitest';
import type { Persistence, Write } from '../../src/catalog/persistence.ts';
import { type PutChange, State } from '../../src/catalog/state.ts';
import { TABLE_NAMES, TABLES } from '../../src/catalog/tables.ts';
import { type NodeName, UNSTAMPED } from '../../src/model/types.ts';
import { registerService, service, startCatalog } from '../support/catalog.ts';
import { failingStore } from '../support/failing-store.ts';
import { describeSharing } from './shared-persistence.ts';

/** A place where stores can be opened; closing one and opening the next is a restart. */
export interface Place {
  open(): Persistence;
  remove(): void;
}

function node(name: string, address = '10.0.0.1'): PutChange {
  const row = { ...UNSTAMPED, name: name as NodeName, id: '', address, taggedAddresses: null, meta: null };
  return { op: 'put', table: 'nodes', row };
}

/** Everything in a state, in a form that can be compared. */
export const rowsOf = (state: State): unknown =>
  TABLE_NAMES.map((table) => [
    table,
    [...state.view[table].values()].map((row) => JSON.stringify(row)).sort(),
  ]);

/** The index of the last write of a batch that is committed after `after`. */
async function commit(store: Persistence, batch: readonly Write[], after: number): Promise<number> {
  const outcome = await store.commit(batch, after);
  expect(outcome).toEqual({ outcome: 'done', indexes: batch.map((_, i) => after + 1 + i) });
  return after + batch.length;
}

async function reload(place: Place): Promise<State> {
  const store = place.open();
  const { rows, index } = await store.load();
  const state = new State(TABLES);
  state.load(rows, index);
  await store.close();
  return state;
}

export function describePersistence(driver: string, newPlace: () => Place): void {
  describe(`${driver} as a store`, () => {
    const withPlace = (body: (place: Place) => Promise<void>) => async () => {
      const place = newPlace();
      try {
        await body(place);
      } finally {
        place.remove();
      }
    };

    test(
      'an empty store has index 0 and no rows',
      withPlace(async (place) => {
        const store = place.open();
        expect(await store.load()).toEqual({ index: 0, rows: [] });
        await store.close();
      }),
    );

    test(
      'numbers writes one after the other, across batches and restarts',
      withPlace(async (place) => {
        let store = place.open();
        let index = await commit(store, [[node('a')], [node('b')]], 0);
        index = await commit(store, [[node('c')]], index);
        await store.close();
        store = place.open();
        expect((await store.load()).index).toBe(index);
        expect(await commit(store, [[node('d'), node('e')]], index)).toBe(4);
        await store.close();
      }),
    );

    test(
      'refuses a batch that was made for another index than the newest one, and knows what became of each',
      withPlace(async (place) => {
        const store = place.open();
        await commit(store, [[node('a')]], 0);
        for (const after of [0, 2])
          expect(await store.commit([[node('b')]], after)).toMatchObject({
            outcome: 'refused',
            reason: { code: 'store_failed' },
          });
        const batch = [[node('c')], [node('d')]];
        expect(await store.outcomeOf(batch, 1)).toMatchObject({ outcome: 'refused' });
        await commit(store, batch, 1);
        expect(await store.outcomeOf(batch, 1)).toEqual({ outcome: 'done', indexes: [2, 3] });
        await store.close();
      }),
    );

    test(
      'a reload gives the rows and stamps that were installed',
      withPlace(async (place) => {
        const store = place.open();
        const installed = new State(TABLES);
        const writes: Write[] = [
          [node('a'), node('b')],
          [node('a', '10.0.0.2')],
          [{ op: 'remove', table: 'nodes', key: 'b' }],
          [node('c'), { op: 'remove', table: 'nodes', key: 'nobody' }],
          [{ op: 'remove', table: 'nodes', key: 'c' }, node('c', '10.0.0.3')],
        ];
        for (const write of writes) installed.install(write, await commit(store, [write], installed.index));
        await store.close();
        const reloaded = await reload(place);
        expect(rowsOf(reloaded)).toEqual(rowsOf(installed));
        expect(reloaded.index).toBe(installed.index);
      }),
    );

    test(
      'keeps every kind of content: unicode, control characters, null, empty lists',
      withPlace(async (place) => {
        const store = place.open();
        const odd = {
          ...service({ name: 'wéb\u0000\u{1f600}', tags: [] }),
          meta: { '': '\n"\\', k: '\u2028' },
        };
        const { writer, state } = await startCatalog(store);
        await writer.submit(registerService('n1', odd));
        await writer.stop();
        await store.close();
        expect(rowsOf(await reload(place))).toEqual(rowsOf(state));
      }),
    );

    test(
      'a commit that fails leaves no trace, whichever call it is',
      withPlace(async (place) => {
        const names = ['a', 'b', 'c', 'd'];
        for (let failAt = 1; failAt <= names.length; failAt += 1) {
          const store = failingStore(place.open(), failAt);
          const { writer, state } = await startCatalog(store);
          const outcomes: string[] = [];
          for (const name of names) {
            const submitted = writer.submit(registerService(`n${failAt}`, service({ name })));
            outcomes.push(
              await submitted.then(
                () => 'stored',
                (error: { code: string }) => error.code,
              ),
            );
          }
          await store.close();
          expect(outcomes.filter((outcome) => outcome === 'store_failed')).toHaveLength(1);
          expect(outcomes[failAt - 1]).toBe('store_failed');
          expect(rowsOf(await reload(place))).toEqual(rowsOf(state));
        }
      }),
    );

    describeSharing(newPlace);
  });
}
