/**
 * The file of a snapshot. Outside it looks as Consul's does, so that its tools can save, verify and send it: a
 * gzipped tar of `meta.json`, `state.bin` and `SHA256SUMS`. Inside, `state.bin` is rollcall's own: lines of JSON, first
 * format, version and count of rows, then one row a line.
 *
 * This file makes them, unpack-snapshot.ts reads them. Consul must not try to read our state, because what it cannot decode
 * ends its process; it looks at the version first.
 */
import { createHash } from 'node:crypto';
import { pipeline, Readable } from 'node:stream';
import { createGzip } from 'node:zlib';
import { snapshotRows } from '../../catalog/snapshot.ts';
import type { View } from '../../catalog/tables.ts';
import { inTurns, type Turns } from '../../lib/fair-turns.ts';
import type { ModifyIndex } from '../../model/types.ts';
import { tarPieces } from './tar.ts';

export const FORMAT = 'rollcall-snapshot';
export const VERSION = 1;
/** Octets of one piece of a file. */
const STEP_BYTES = 256 * 1024;
/** Rows of one step. */
const STEP_ROWS = 16;

export const META = 'meta.json';
export const STATE = 'state.bin';
export const SUMS = 'SHA256SUMS';

/** Turns that the work is cut into. */
type Steps = Pick<Turns, 'add'>;

/** The first line of the state. */
export interface Header {
  readonly format: string;
  readonly version: number;
  readonly rows: number;
}

const sha256 = (content: Buffer): string => createHash('sha256').update(content).digest('hex');

/** What SHA256SUMS says. */
export function sumsOf(meta: Buffer, stateSum: string): Buffer {
  return Buffer.from(`${sha256(meta)}  ${META}\n${stateSum}  ${STATE}\n`);
}

/**
 * Of the contents, in Raft's count. Consul knows 0 and 1, and refuses others with an error before it reads the state; its
 * tools show the number and look no further.
 */
const CONTENTS_VERSION = 1_000;

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

/** The lines of the state, a few rows at a time; rows that are written meanwhile are not in it. */
async function stateOf(view: View, turns: Steps): Promise<Pieces> {
  const rows = [...snapshotRows(view)];
  const header: Header = { format: FORMAT, version: VERSION, rows: rows.length };
  const hash = createHash('sha256');
  const pieces: Buffer[] = [];
  let [next, text] = [0, `${JSON.stringify(header)}\n`];
  await inTurns(turns, () => {
    for (const { table, row } of rows.slice(next, next + STEP_ROWS))
      text += `${JSON.stringify({ table, row })}\n`;
    next += STEP_ROWS;
    if (text.length < STEP_BYTES && next < rows.length) return true;
    const piece = Buffer.from(text, 'utf8');
    hash.update(piece);
    pieces.push(piece);
    text = '';
    return next < rows.length;
  });
  return { pieces, sum: hash.digest('hex') };
}

/** The catalog as a file, packed as it is read. */
export async function packSnapshot(
  view: View,
  index: ModifyIndex,
  { nowMs, turns }: { readonly nowMs: number; readonly turns: Steps },
): Promise<Readable> {
  const { pieces, sum } = await stateOf(view, turns);
  const size = pieces.reduce((total, { length }) => total + length, 0);
  const meta = metaOf(index, size, nowMs);
  const archive = tarPieces(
    [
      [META, meta],
      [STATE, ...pieces],
      [SUMS, sumsOf(meta, sum)],
    ],
    nowMs,
  );
  const packed = createGzip();
  // Whoever reads `packed` is told of its end; that it was given up is nobody's error.
  pipeline(Readable.from(archive), packed, () => {});
  return packed;
}
