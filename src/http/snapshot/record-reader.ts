/**
 * The state of a snapshot as Consul writes it: a header, then records, each with the number of its kind before it.
 *
 * What is of a kind, a namespace or a datacenter that is not kept here is counted by name, and never dropped in silence.
 * A record that says nothing which could be kept, or a stream that is no records at all, refuses the file.
 */
import type { PutChange } from '../../catalog/state.ts';
import { nodeKey } from '../../catalog/tables.ts';
import { isObject } from '../../decode/json-fields.ts';
import { MessageFrames } from '../../lib/message-frames.ts';
import { textsOf, unpack } from '../../lib/message-pack.ts';
import { BOOKKEEPING, recordName } from '../../model/consul-records.ts';
import { AppError } from '../../model/errors.ts';
import {
  isOfOthers,
  isSnapshotRow,
  nodeOfRecord,
  type RecordFields,
  recordFields,
  rowOfRecord,
} from './record-rows.ts';
import { snapshotRefusal } from './snapshot-refusal.ts';
import { heapBytesOf, type SnapshotContents, type StateForm, type StateParts } from './state-form.ts';

/** Of what stands beside Consul's records. A newer one may mean something that this program would lose. */
export const OWN_VERSION = 2;

const OF_OTHERS = 'records of other namespaces, partitions or peers';

/** What the header says of a file that rollcall made. */
interface OwnHeader {
  readonly rows: number | undefined;
}

const noSnapshot = (cause?: unknown): AppError =>
  snapshotRefusal('it is no snapshot of this program or of Consul', cause);

function ownHeader(header: unknown): OwnHeader {
  if (!isObject(header) || !('LastIndex' in header)) throw noSnapshot();
  const own = header['Rollcall'];
  if (!isObject(own)) return { rows: undefined };
  const { Version: version, Rows: rows } = own;
  if (version !== OWN_VERSION)
    throw snapshotRefusal(`its version is ${String(version)}, this one knows ${OWN_VERSION}`);
  return { rows: Number(rows) };
}

/** The row that stands beside Consul's fields; undefined when they say everything. */
function besideConsul({ Rollcall: text }: RecordFields): PutChange | undefined {
  if (typeof text !== 'string') return undefined;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw noSnapshot(cause);
  }
  if (!isSnapshotRow(value)) throw snapshotRefusal('it holds rows that this version does not know');
  return { op: 'put', table: value.table, row: value.row } as PutChange;
}

export class RecordReader implements StateForm {
  readonly #take: StateParts['take'];
  readonly #frames: MessageFrames;
  readonly #rows: PutChange[] = [];
  readonly #untaken = new Map<string, number>();
  readonly #nodes = new Set<string>();
  #header: OwnHeader | undefined;
  /** Of the record whose fields come next. */
  #type: number | undefined;
  /** Of the value that was read last. */
  #frameBytes = 0;
  heapBytes = 0;

  constructor({ maxLineBytes, take }: Pick<StateParts, 'maxLineBytes' | 'take'>) {
    this.#frames = new MessageFrames(maxLineBytes);
    this.#take = take;
  }

  add(piece: Buffer): void {
    this.#frames.add(piece);
  }

  step(): boolean {
    const value = this.#next();
    if (value === undefined) return false;
    if (this.#header === undefined) this.#header = ownHeader(textsOf(value));
    else if (this.#type === undefined) {
      if (typeof value !== 'number') throw noSnapshot();
      this.#type = value;
    } else {
      this.#record(this.#type, value);
      this.#type = undefined;
    }
    return true;
  }

  end(): SnapshotContents {
    if (this.#header === undefined || this.#type !== undefined || this.#frames.begunBytes > 0)
      throw noSnapshot();
    const { rows } = this.#header;
    const { length } = this.#rows;
    if (rows !== undefined && rows !== length)
      throw snapshotRefusal(`it holds ${length} rows instead of ${rows}`);
    return { rows: this.#rows, untaken: this.#untaken };
  }

  #next(): unknown {
    try {
      const frame = this.#frames.next();
      this.#frameBytes = frame?.length ?? 0;
      return frame && (unpack(frame) ?? null);
    } catch (cause) {
      throw snapshotRefusal(
        `it is damaged: ${cause instanceof Error ? cause.message : String(cause)}`,
        cause,
      );
    }
  }

  #record(type: number, value: unknown): void {
    const fields = recordFields(type, value);
    const change = fields && (besideConsul(fields) ?? this.#consulRow(type, fields));
    if (change === undefined) this.#leave(type, fields);
    else this.#keep(change, fields);
  }

  #consulRow(type: number, fields: RecordFields): PutChange | undefined {
    if (isOfOthers(fields)) return undefined;
    try {
      return rowOfRecord(type, fields);
    } catch (cause) {
      if (!(cause instanceof AppError)) throw cause;
      throw snapshotRefusal(`one of its ${recordName(type)}: ${cause.message}`, cause);
    }
  }

  #leave(type: number, fields: RecordFields | undefined): void {
    if (BOOKKEEPING.has(type)) return;
    const name = fields !== undefined && isOfOthers(fields) ? OF_OTHERS : recordName(type);
    this.#untaken.set(name, (this.#untaken.get(name) ?? 0) + 1);
  }

  /** Each record of a service or check names its node; that node has a record of its own, as a rule the first. */
  #keep(change: PutChange, fields: RecordFields | undefined): void {
    if (change.table === 'services' || change.table === 'checks') {
      if (!this.#nodes.has(nodeKey(change.row.node)) && fields !== undefined)
        this.#keep({ op: 'put', table: 'nodes', row: nodeOfRecord(fields) }, undefined);
    } else if (change.table === 'nodes') {
      const key = nodeKey(change.row.name);
      if (this.#nodes.has(key)) return;
      this.#nodes.add(key);
    }
    this.heapBytes += heapBytesOf(change, this.#frameBytes);
    this.#rows.push(this.#take(change));
  }
}
