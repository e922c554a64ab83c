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
  /** Whether there is no memory for more rows. */
  readonly isHeapFull: () => boolean;
}

/** A way to write a state. Its methods throw AppError. */
export interface StateForm {
  /** Lay the next piece before `step`, which has to have taken all of the one before. */
  add(piece: Buffer): void;
  /** Take one record; false when there is no whole one left. */
  step(): boolean;
  /** Everything. Throws when some is missing. */
  end(): SnapshotContents;
}
