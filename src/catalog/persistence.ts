/**
 * The port to whatever keeps committed changes: memory, SQLite, later a replicated store.
 *
 * A driver promises: (1) `commit` is all or nothing for the whole batch and durable when it resolves; (2) the store
 * hands out the indexes, one for each write, strictly rising; (3) `load` gives back exactly what was committed, with
 * stamps as `State.install` would have made them; (4) a rejected commit leaves no trace. test/contract/persistence.ts
 * holds every driver to that.
 */
import type { ModifyIndex } from '../model/types.ts';
import type { Change, PutChange } from './state.ts';

/** The changes of one command, which share one index. */
export type Write = readonly Change[];

export interface Stored {
  /** The newest index that was handed out; 0 for an empty store. */
  readonly index: ModifyIndex;
  readonly rows: readonly PutChange[];
}

export interface Persistence {
  load(): Promise<Stored>;
  /** Make the writes durable; resolves to their indexes in the same order. Rejects with `store_failed`. */
  commit(batch: readonly Write[]): Promise<readonly ModifyIndex[]>;
  close(): Promise<void>;
}
