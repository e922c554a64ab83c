/**
 * The store of `-dev`: keeps nothing beyond the process, but numbers and answers like every driver.
 *
 * `rememberingStore` keeps a state of its own, so that `load` after `commit` shows what a durable store would show.
 */
import {
  type CommitOutcome,
  doneAfter,
  NO_LIMITS,
  type Persistence,
  type Stored,
  type Write,
} from '../catalog/persistence.ts';
import { type PutChange, State } from '../catalog/state.ts';
import { type Kinds, type TableSpecs, tableNames } from '../catalog/table-set.ts';
import type { CatalogKinds } from '../catalog/tables.ts';
import { AppError } from '../model/errors.ts';
import type { ModifyIndex } from '../model/types.ts';

/** Numbers batches, each on top of the newest index, and hands what follows to `keep`. */
function numbering<K extends Kinds>(
  stored: () => Stored<K>,
  keep: (batch: readonly Write<K>[], after: ModifyIndex) => void,
): Persistence<K> {
  let index: ModifyIndex = stored().index;
  const outcomeOf = (batch: readonly Write<K>[], after: ModifyIndex): CommitOutcome =>
    index === after + batch.length
      ? doneAfter(after, batch.length)
      : {
          outcome: 'refused',
          reason: new AppError('store_failed', `the newest index is ${index}, not ${after}`),
        };
  return {
    limits: NO_LIMITS,
    load: async () => stored(),
    sizeOf: () => 0,
    commit: async (batch, after) => {
      if (index !== after) return outcomeOf([], after);
      index += batch.length;
      keep(batch, after);
      return doneAfter(after, batch.length);
    },
    outcomeOf: async (batch, after) => outcomeOf(batch, after),
    // Nobody else can write into the memory of this process.
    follow: () => () => {},
    close: async () => {},
  };
}

/** A store that forgets everything when it is dropped. */
export function memoryStore<K extends Kinds = CatalogKinds>(): Persistence<K> {
  return numbering<K>(
    () => ({ index: 0, rows: [] }),
    () => {},
  );
}

/** As `memoryStore`, but `load` gives back what was committed; for tests and for agents that restart in one process. */
export function rememberingStore<K extends Kinds>(specs: TableSpecs<K>): Persistence<K> {
  const kept = new State(specs);
  const rows = (): readonly PutChange<K>[] =>
    tableNames(specs).flatMap((table) =>
      [...kept.view[table].values()].map((row) => ({ op: 'put', table, row }) as PutChange<K>),
    );
  return numbering<K>(
    () => ({ index: kept.index, rows: rows() }),
    (batch, after) => {
      for (const [i, write] of batch.entries()) kept.install(write, after + 1 + i);
    },
  );
}
