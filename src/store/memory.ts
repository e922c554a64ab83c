/**
 * The store of `-dev`: keeps nothing beyond the process, but hands out indexes and answers like every driver.
 *
 * It keeps a state of its own, so that `load` after `commit` shows what a durable store would show.
 */
import type { Persistence, Stored, Write } from '../catalog/persistence.ts';
import { type PutChange, State } from '../catalog/state.ts';
import { TABLE_NAMES } from '../catalog/tables.ts';
import type { ModifyIndex } from '../model/types.ts';

/** A store that forgets everything when it is dropped. */
export function memoryStore(): Persistence {
  let index: ModifyIndex = 0;
  return {
    load: async (): Promise<Stored> => ({ index: 0, rows: [] }),
    commit: async (batch: readonly Write[]) => batch.map(() => ++index),
    close: async () => {},
  };
}

/** As `memoryStore`, but `load` gives back what was committed; for tests and for agents that restart in one process. */
export function rememberingStore(): Persistence {
  const kept = new State();
  return {
    load: async (): Promise<Stored> => ({
      index: kept.index,
      rows: TABLE_NAMES.flatMap((table) =>
        [...kept.view[table].values()].map((row) => ({ op: 'put', table, row }) as PutChange),
      ),
    }),
    commit: async (batch: readonly Write[]) =>
      batch.map((write) => {
        kept.install(write, kept.index + 1);
        return kept.index;
      }),
    close: async () => {},
  };
}
