/**
 * The port to whatever keeps committed changes: memory, SQLite, a store that several machines share.
 *
 * What a driver promises; test/contract/persistence.ts holds every driver to it.
 * 1. Whole batches: `commit` makes all writes of a batch durable or none. Their indexes are the ones that follow on the
 *    index the batch was made for, without gaps; each row gets the stamps that `State.install` would give it.
 * 2. No write on top of what nobody looked at: a batch that was made for another index than the newest one is refused.
 * 3. A commit ends as one of three values. `done` and `refused` are certain; whatever is not (a time limit, a lost
 *    connection, a reply that never came) is `unknown`, and `outcomeOf` finds out. A rejected promise counts as unknown.
 * 4. Everybody's writes arrive: a follower is told of every write above `from`, in index order, each as a whole, and of
 *    its own commits too if the driver cannot tell them apart (before or after they are answered, also twice; indexes
 *    tell). Where writes are missing the driver hands over a fresh snapshot instead. An index never falls while
 *    somebody follows: a store that was put back to an older copy needs a restart of those who follow it.
 * 5. Rows are looked at before they are believed (`TableSpecs`' shape): one that cannot be read is put aside, and named.
 * 6. Every promise ends within a time that the driver bounds.
 */
import type { AppError } from '../model/errors.ts';
import type { ModifyIndex } from '../model/types.ts';
import type { Change, PutChange } from './state.ts';
import type { Kinds } from './table-set.ts';
import type { CatalogKinds } from './tables.ts';

/** The changes of one command, in order; they share one index. A key may occur twice: the last change holds. */
export type Write<K extends Kinds = CatalogKinds> = readonly Change<K>[];

export interface NumberedWrite<K extends Kinds = CatalogKinds> {
  readonly index: ModifyIndex;
  readonly changes: Write<K>;
}

export interface Stored<K extends Kinds = CatalogKinds> {
  /** The newest index that was handed out; 0 for an empty store. */
  readonly index: ModifyIndex;
  readonly rows: readonly PutChange<K>[];
  /** Rows that have not the shape of their table: left where they are, and not served. */
  readonly unreadable?: readonly UnreadableRow[];
}

export interface UnreadableRow {
  readonly table: string;
  readonly key: string;
  /** What is wrong with it. */
  readonly why: string;
}

export type CommitOutcome =
  /** Durable. The indexes of the writes, in their order. */
  | { readonly outcome: 'done'; readonly indexes: readonly ModifyIndex[] }
  /** Not stored, and never will be. */
  | { readonly outcome: 'refused'; readonly reason: AppError }
  /** Stored or not, now or in a moment. */
  | { readonly outcome: 'unknown'; readonly reason: AppError };

/** What fits into one batch. Infinity is no limit. */
export interface BatchLimits {
  /** Changes of all its writes together. */
  readonly maxOperations: number;
  /** Octets of all its writes together, as `sizeOf` counts them. */
  readonly maxBytes: number;
  /** Whether a write that is larger by itself is taken all the same, alone, and as whole as any other. */
  readonly isLargeWriteTaken: boolean;
}

/** Whoever wants to know what is written; see promise 4. */
export interface Follower<K extends Kinds = CatalogKinds> {
  /** One whole write, from this process or another. */
  onWrite(write: NumberedWrite<K>): void;
  /** Writes are missing: this is everything, at an index not below the newest that was told; own writes may be newer. */
  onReset(stored: Stored<K>): void;
}

export interface Persistence<K extends Kinds = CatalogKinds> {
  readonly limits: BatchLimits;
  /** Everything that is stored. Rejects with AppError when it cannot be read. */
  load(): Promise<Stored<K>>;
  /** Octets that a write takes in a batch; asked for where `limits.maxBytes` is finite. */
  sizeOf(write: Write<K>): number;
  /** Make the writes durable, as the ones that follow on index `after`. One commit at a time. */
  commit(batch: readonly Write<K>[], after: ModifyIndex): Promise<CommitOutcome>;
  /** What became of a commit that ended as unknown, read from the store itself; unknown again when it cannot be read. */
  outcomeOf(batch: readonly Write<K>[], after: ModifyIndex): Promise<CommitOutcome>;
  /** Tell `follower` of all writes above `from` until the returned function is called. */
  follow(from: ModifyIndex, follower: Follower<K>): () => void;
  /** End everything; what is under way ends first. */
  close(): Promise<void>;
}

export const NO_LIMITS: BatchLimits = Object.freeze({
  maxOperations: Infinity,
  maxBytes: Infinity,
  isLargeWriteTaken: true,
});

/** The outcome of `count` writes that were stored after index `after`. */
export function doneAfter(after: ModifyIndex, count: number): CommitOutcome {
  return { outcome: 'done', indexes: Array.from({ length: count }, (_, i) => after + 1 + i) };
}
