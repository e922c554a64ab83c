/**
 * What the readers of a snapshot's state have in common, whatever it is written in: what they are given, their steps, and
 * what they give.
 */
import type { PutChange } from '../../catalog/state.ts';

/** What a snapshot holds. */
export interface SnapshotContents {
  readonly rows: readonly PutChange[];
  /** What is not taken, in words, and how many of it. */
  readonly untaken: ReadonlyMap<string, number>;
}

export interface StateParts {
  /** Octets of one record or line. */
  readonly maxLineBytes: number;
  /** What is kept of a row; throws AppError to refuse the file. */
  readonly take: (row: PutChange) => PutChange;
  /** Octets of the heap that there are for restoring. */
  readonly roomBytes: number;
}

/** A way to write a state. Its methods throw AppError. */
export interface StateForm {
  /** Lay the next piece before `step`, which has to have taken all of the one before. */
  add(piece: Buffer): void;
  /** Take one record; false when there is no whole one left. */
  step(): boolean;
  /** Octets that its rows take in the heap, more or less. */
  readonly heapBytes: number;
  /** Everything. Throws when some is missing. */
  end(): SnapshotContents;
}

/** Of the smallest row. */
const ROW_BYTES = 300;
/** A character as JavaScript may keep it. */
const CHARACTER_BYTES = 2;
/** Of a key's record; its value is kept elsewhere once it is larger. */
const MAX_KEY_BYTES = 1_024;

/** What the row of a record of so many octets takes in the heap, more or less. */
export function heapBytesOf({ table }: PutChange, bytes: number): number {
  return ROW_BYTES + CHARACTER_BYTES * (table === 'kv' ? Math.min(bytes, MAX_KEY_BYTES) : bytes);
}
