/**
 * The state of a snapshot as rows, while it arrives: records as Consul writes them, or lines of JSON as rollcall did before.
 * A step is one record or line, so that the work can be cut into turns.
 *
 * After a fault nothing further is looked at and no row is kept; it is told at the end, when the checksums have been
 * compared, because damage explains more than what it led to.
 */
import { heapIsFull } from '../../catalog/room.ts';
import { AppError } from '../../model/errors.ts';
import { JsonRows } from './json-rows.ts';
import { RecordReader } from './record-reader.ts';
import type { SnapshotContents, StateForm, StateParts } from './state-form.ts';

const BRACE = 0x7b;
/** Part of the room that rows may take while they are read: restoring them takes the same several times more. */
const SHARE = 4;
const NOTHING: SnapshotContents = { rows: [], untaken: new Map() };

export class StateReader {
  readonly #parts: StateParts;
  #form: StateForm | undefined;
  #fault: AppError | undefined;

  constructor(parts: StateParts) {
    this.#parts = parts;
  }

  /** Lay the next piece before `step`, which has to have given false for the one before. */
  add(piece: Buffer): void {
    if (piece.length === 0 || this.#fault !== undefined) return;
    this.#form ??= piece[0] === BRACE ? new JsonRows(this.#parts) : new RecordReader(this.#parts);
    this.#form.add(piece);
  }

  /** Take one record or line; false when there is no whole one left. */
  step(): boolean {
    if (this.#form === undefined) return false;
    try {
      const isMore = this.#form.step();
      if (this.#form.heapBytes * SHARE > this.#parts.roomBytes) throw heapIsFull();
      return isMore;
    } catch (fault) {
      if (!(fault instanceof AppError)) throw fault;
      this.#fault = fault;
      this.#form = undefined; // with all its rows
      return false;
    }
  }

  /** What it held. Throws AppError when there was a fault, or when some is missing. */
  end(): SnapshotContents {
    if (this.#fault !== undefined) throw this.#fault;
    return this.#form?.end() ?? NOTHING;
  }
}
