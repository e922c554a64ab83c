/**
 * The lines of a snapshot's state as rows, while they arrive: a line a step, so that the work can be cut into turns.
 *
 * Holds the rows, and one line that is not complete; a line that is longer than any row is refused before all of it is
 * there. After a fault nothing further is looked at and no row is kept.
 */
import { SNAPSHOT_TABLES } from '../../catalog/snapshot.ts';
import type { PutChange } from '../../catalog/state.ts';
import { AppError } from '../../model/errors.ts';
import { FORMAT, type Header, VERSION } from './snapshot-archive.ts';

const LINE_END = 0x0a;
const NOTHING = Buffer.alloc(0);

/** What whoever sent a file is told that is not taken. */
export function snapshotRefusal(why: string, cause?: unknown): AppError {
  return new AppError('invalid_command', `failed to read snapshot: ${why}`, { cause });
}

function parseLine(line: string): unknown {
  try {
    return JSON.parse(line) as unknown;
  } catch (cause) {
    throw snapshotRefusal('it is no snapshot of this program', cause);
  }
}

function isRow(value: unknown): value is { table: PutChange['table']; row: object } {
  const { table, row } = (value ?? {}) as { table?: unknown; row?: unknown };
  return (SNAPSHOT_TABLES as readonly unknown[]).includes(table) && typeof row === 'object' && row !== null;
}

function rowOf(line: string): PutChange {
  const value = parseLine(line);
  if (!isRow(value)) throw snapshotRefusal('it holds rows that this version does not know');
  return { op: 'put', table: value.table, row: value.row } as PutChange;
}

function requireHeader(line: string): Partial<Header> {
  const header = parseLine(line) as Partial<Header> | null;
  if (header?.format !== FORMAT) throw snapshotRefusal('it is no snapshot of this program');
  if (header.version !== VERSION)
    throw snapshotRefusal(`its version is ${header.version}, this one knows ${VERSION}`);
  return header;
}

export interface SnapshotRowsParts {
  readonly maxLineBytes: number;
  /** What is kept of a row; throws AppError to refuse the file. */
  readonly take: (row: PutChange) => PutChange;
}

export class SnapshotRows {
  readonly #parts: SnapshotRowsParts;
  /** The beginning of a line whose end has not come. */
  #begun: Buffer[] = [];
  #begunBytes = 0;
  #piece: Buffer = NOTHING;
  #header: Partial<Header> | undefined;
  #rows: PutChange[] = [];
  #fault: AppError | undefined;

  constructor(parts: SnapshotRowsParts) {
    this.#parts = parts;
  }

  /** Lay the next piece before `step`, which has to have taken all of the one before. */
  add(piece: Buffer): void {
    this.#piece = piece;
  }

  /** Take one line; false when there is no whole one left. */
  step(): boolean {
    if (this.#fault !== undefined) return false;
    try {
      return this.#takeLine();
    } catch (fault) {
      if (!(fault instanceof AppError)) throw fault;
      this.#fault = fault;
      this.#rows = [];
      this.#begun = [];
      return false;
    }
  }

  /** All rows. Throws invalid_command when there was a fault, or when some are missing. */
  end(): readonly PutChange[] {
    if (this.#fault !== undefined) throw this.#fault;
    const header = this.#header ?? requireHeader('');
    const { length } = this.#rows;
    if (header.rows !== length) throw snapshotRefusal(`it holds ${length} rows instead of ${header.rows}`);
    return this.#rows;
  }

  #takeLine(): boolean {
    const end = this.#piece.indexOf(LINE_END);
    const part = end === -1 ? this.#piece : this.#piece.subarray(0, end);
    const { maxLineBytes } = this.#parts;
    if (this.#begunBytes + part.length > maxLineBytes)
      throw snapshotRefusal(`a row of it takes more than ${maxLineBytes} octets`);
    this.#begun.push(part);
    this.#begunBytes += part.length;
    this.#piece = end === -1 ? NOTHING : this.#piece.subarray(end + 1);
    if (end === -1) return false;
    const line = Buffer.concat(this.#begun).toString('utf8');
    [this.#begun, this.#begunBytes] = [[], 0];
    if (this.#header === undefined) this.#header = requireHeader(line);
    else this.#rows.push(this.#parts.take(rowOf(line)));
    return true;
  }
}
