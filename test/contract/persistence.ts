/**
 * What every store driver owes to the catalog (the promises of src/catalog/persistence.ts), as one suite.
 *
 * A driver's test file calls `describePersistence` with a way to open a store on the same place again and again.
 */
import { describe, expect, test } from 'vitest';
import type { Persistence, Write } from '../../src/catalog/persistence.ts';
import { type PutChange, State } from '../../src/catalog/state.ts';
import { TABLE_NAMES } from '../../src/catalog/tables.ts';
import { type NodeName, UNSTAMPED } from '../../src/model/types.ts';
import { registerService, service, startCatalog } from '../support/catalog.ts';
import { failingStore } from '../support/failing-store.ts';

/** A place where stores can be opened; closing one and opening the next is a restart. */
export interface Place {
  open(): Persistence;
  remove(): void;
}

function node(name: string, address = '10.0.0.1'): PutChange {
  const row = { ...UNSTAMPED, name: name as NodeName, id: '', address, taggedAddresses: null, meta: null };
  return { op: 'put', table: 'nodes', row };
}

const rowsOf = (state: State): unknown =>
  TABLE_NAMES.map((table) => [
    table,
    [...state.view[table].values()].map((row) => JSON.stringify(row)).sort(),
  ]);

async function reload(place: Place): Promise<State> {
  const store = place.open();
  const { rows, index } = await store.load();
  const state = new State();
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
      'hands out strictly rising indexes, one for each write, across batches and restarts',
      withPlace(async (place) => {
        let store = place.open();
        const first = await store.commit([[node('a')], [node('b')]]);
        const second = await store.commit([[node('c')]]);
        await store.close();
        store = place.open();
        await store.load();
        const third = await store.commit([[node('d'), node('e')]]);
        await store.close();
        const all = [...first, ...second, ...third];
        expect(all).toHaveLength(4);
        expect(all).toEqual([...new Set(all)].sort((a, b) => a - b));
        expect(all[0]).toBeGreaterThan(0);
      }),
    );

    test(
      'a reload gives the rows and stamps that were installed',
      withPlace(async (place) => {
        const store = place.open();
        const installed = new State();
        const writes: Write[] = [
          [node('a'), node('b')],
          [node('a', '10.0.0.2')],
          [{ op: 'remove', table: 'nodes', key: 'b' }],
          [node('c'), { op: 'remove', table: 'nodes', key: 'nobody' }],
          [{ op: 'remove', table: 'nodes', key: 'c' }, node('c', '10.0.0.3')],
        ];
        for (const write of writes) installed.install(write, (await store.commit([write]))[0] as number);
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
  });
}
