/**
 * The file of a snapshot, as Consul has it: a gzipped tar of `meta.json`, `state.bin` and `SHA256SUMS`, so that its tools can
 * verify and send it and its servers restore it. Inside, `state.bin` is a header and records (row-records.ts).
 *
 * This file makes them, unpack-snapshot.ts reads them. A record that Consul cannot decode ends its process, so whatever
 * goes into one has the types that Consul's has.
 */
import { createHash } from 'node:crypto';
import { pipeline, Readable } from 'node:stream';
import { createGzip } from 'node:zlib';
import { snapshotRows } from '../../catalog/snapshot.ts';
import type { View } from '../../catalog/tables.ts';
import { inTurns, type Turns } from '../../lib/fair-turns.ts';
import { pack } from '../../lib/message-pack.ts';
import type { ModifyIndex } from '../../model/types.ts';
import { OWN_VERSION } from './record-reader.ts';
import { recordOf } from './row-records.ts';
import { tarPieces } from './tar.ts';

/** Octets of one piece of a file. */
const STEP_BYTES = 256 * 1024;
/** Rows of one step. */
const STEP_ROWS = 16;

export const META = 'meta.json';
export const STATE = 'state.bin';
export const SUMS = 'SHA256SUMS';

/** What is packed, and how. */
export interface Packing {
  readonly view: View;
  readonly datacenter: string;
  readonly nowMs: number;
  readonly turns: Pick<Turns, 'add'>;
}

const sha256 = (content: Buffer): string => createHash('sha256').update(content).digest('hex');

/** Sums by the names of their files, as SHA256SUMS says them. */
type Sums = Readonly<Record<typeof META | typeof STATE, string>>;

/** The sums that belong to these contents. */
export function sumsOf(meta: Buffer, stateSum: string): Sums {
  return { [META]: sha256(meta), [STATE]: stateSum };
}

const sumsFile = (sums: Sums): Buffer =>
  Buffer.from(
    Object.entries(sums)
      .map(([name, sum]) => `${sum}  ${name}\n`)
      .join(''),
  );

/** Whether SHA256SUMS says these sums, in whatever order: Consul's changes from file to file. */
export function areSums(file: Buffer, sums: Sums): boolean {
  const lines = file.toString('utf8').trimEnd().split('\n').toSorted();
  return sumsFile(sums).toString('utf8').trimEnd().split('\n').toSorted().join('\n') === lines.join('\n');
}

/** Of the contents, in Raft's count. */
const CONTENTS_VERSION = 1;

/** What Consul's tools read about a snapshot. */
function metaOf(index: ModifyIndex, size: number, nowMs: number): Buffer {
  const meta = {
    Version: CONTENTS_VERSION,
    ID: `1-${index}-${nowMs}`,
    Index: index,
    Term: 1,
    Peers: null,
    Configuration: { Servers: null },
    ConfigurationIndex: 0,
    Size: size,
  };
  return Buffer.from(`${JSON.stringify(meta)}\n`);
}

interface Pieces {
  readonly pieces: readonly Buffer[];
  readonly sum: string;
}

/** The records of the state, a few rows at a time; rows that are written meanwhile are not in it. */
async function stateOf(index: ModifyIndex, { turns, ...context }: Packing): Promise<Pieces> {
  const rows = [...snapshotRows(context.view)];
  const own = { Version: OWN_VERSION, Rows: rows.length };
  const hash = createHash('sha256');
  const pieces: Buffer[] = [];
  let next = 0;
  let records = [pack({ LastIndex: Math.max(index, 1), Rollcall: own })];
  let bytes = 0;
  await inTurns(turns, () => {
    for (const row of rows.slice(next, next + STEP_ROWS)) {
      const record = recordOf(row, context);
      records.push(record);
      bytes += record.length;
    }
    next += STEP_ROWS;
    if (bytes < STEP_BYTES && next < rows.length) return true;
    const piece = Buffer.concat(records);
    hash.update(piece);
    pieces.push(piece);
    [records, bytes] = [[], 0];
    return next < rows.length;
  });
  return { pieces, sum: hash.digest('hex') };
}

/** The catalog as a file, packed as it is read. */
export async function packSnapshot(index: ModifyIndex, packing: Packing): Promise<Readable> {
  const { nowMs } = packing;
  const { pieces, sum } = await stateOf(index, packing);
  const size = pieces.reduce((total, { length }) => total + length, 0);
  const meta = metaOf(index, size, nowMs);
  const archive = tarPieces(
    [
      [META, meta],
      [STATE, ...pieces],
      [SUMS, sumsFile(sumsOf(meta, sum))],
    ],
    nowMs,
  );
  const packed = createGzip();
  // Whoever reads `packed` is told of its end; that it was given up is nobody's error.
  pipeline(Readable.from(archive), packed, () => {});
  return packed;
}
