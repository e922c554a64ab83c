/**
 * The state of snapshots that rollcall wrote before it wrote Consul's records: lines of JSON, first format, version and count
 * of rows, then one row a line.
 *
 * Holds the rows, and one line that is not complete; a line that is longer than any row is refused before all of it is there.
 */
import type { PutChange } from '../../catalog/state.ts';
import { isSnapshotRow } from './record-rows.ts';
import { snapshotRefusal } from './snapshot-refusal.ts';
import { heapBytesOf, type SnapshotContents, type StateForm, type StateParts } from './state-form.ts';

const FORMAT = 'rollcall-snapshot';
const VERSION = 1;
const LINE_END = 0x0a;
const NOTHING = Buffer.alloc(0);

/** The first line. */
interface Header {
  readonly format: string;
  readonly version: number;
  readonly rows: number;
}

function parseLine(line: string): unknown {
  try {
    return JSON.parse(line) as unknown;
  } catch (cause) {
    throw snapshotRefusal('it is no snapshot of this program', cause);
  }
}

function rowOf(line: string): PutChange {
  const value = parseLine(line);
  if (!isSnapshotRow(value)) throw snapshotRefusal('it holds rows that this version does not know');
  return { op: 'put', table: value.table, row: value.row } as PutChange;
}

function requireHeader(line: string): Partial<Header> {
  const header = parseLine(line) as Partial<Header> | null;
  if (header?.format !== FORMAT) throw snapshotRefusal('it is no snapshot of this program');
  if (header.version !== VERSION)
    throw snapshotRefusal(`its version is ${header.version}, this one knows ${VERSION}`);
  return header;
}

export class JsonRows implements StateForm {
  readonly #parts: Pick<StateParts, 'maxLineBytes' | 'take'>;
  /** The beginning of a line whose end has not come. */
  #begun: Buffer[] = [];
  #begunBytes = 0;
  #piece: Buffer = NOTHING;
  #header: Partial<Header> | undefined;
  readonly #rows: PutChange[] = [];
  heapBytes = 0;

  constructor(parts: Pick<StateParts, 'maxLineBytes' | 'take'>) {
    this.#parts = parts;
  }

  add(piece: Buffer): void {
    this.#piece = piece;
  }

  step(): boolean {
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
    else this.#take(rowOf(line), line.length);
    return true;
  }

  #take(row: PutChange, bytes: number): void {
    this.heapBytes += heapBytesOf(row, bytes);
    this.#rows.push(this.#parts.take(row));
  }

  end(): SnapshotContents {
    const header = this.#header ?? requireHeader('');
    const { length } = this.#rows;
    if (header.rows !== length) throw snapshotRefusal(`it holds ${length} rows instead of ${header.rows}`);
    return { rows: this.#rows, untaken: new Map() };
  }
}
