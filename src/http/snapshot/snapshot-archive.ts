/**
 * The file of a snapshot. Outside it looks as Consul's does, so that its tools can save, verify and send it: a
 * gzipped tar of `meta.json`, `state.bin` and `SHA256SUMS`. Inside, `state.bin` is rollcall's own: lines of JSON, first
 * format, version and count of rows, then one row a line.
 *
 * Nothing is believed before both checksums were compared: a damaged, cut or foreign file is refused as a whole. Consul
 * in turn must not try to read our state, because what it cannot decode ends its process; it looks at the version first.
 */
import { createHash } from 'node:crypto';
import { pipeline, Readable } from 'node:stream';
import { createGunzip, createGzip } from 'node:zlib';
import { SNAPSHOT_TABLES, snapshotRows } from '../../catalog/snapshot.ts';
import type { PutChange } from '../../catalog/state.ts';
import type { View } from '../../catalog/tables.ts';
import { inTurns, type Turns } from '../../lib/fair-turns.ts';
import { AppError } from '../../model/errors.ts';
import type { ModifyIndex } from '../../model/types.ts';
import { tarPieces, unpackTar } from './tar.ts';

const FORMAT = 'rollcall-snapshot';
const VERSION = 1;
/** Limits of the unpacked file, against small bodies that unpack to much: octets, and how many times the packed ones. */
const MAX_UNPACKED_BYTES = 1024 * 1024 * 1024;
const MAX_RATIO = 100;
/** What may be unpacked whatever the ratio. */
const FREE_BYTES = 16 * 1024 * 1024;
/** Octets of one step of a checksum, and of one piece of a file. */
const STEP_BYTES = 256 * 1024;
/** Rows of one step. */
const STEP_ROWS = 16;

const LINE_END = 0x0a;
const META = 'meta.json';
const STATE = 'state.bin';
const SUMS = 'SHA256SUMS';

/** Turns that the work is cut into. */
type Steps = Pick<Turns, 'add'>;

interface Header {
  readonly format: string;
  readonly version: number;
  readonly rows: number;
}

function refuse(why: string, cause?: unknown): never {
  throw new AppError('invalid_command', `failed to read snapshot: ${why}`, { cause });
}

const sha256 = (content: Buffer): string => createHash('sha256').update(content).digest('hex');

function sumsOf(meta: Buffer, stateSum: string): Buffer {
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

/** Unpacks a piece at a time, on threads of its own, and stops at what no snapshot unpacks to. */
async function unzip(file: Buffer): Promise<Buffer> {
  const most = Math.min(MAX_UNPACKED_BYTES, Math.max(FREE_BYTES, MAX_RATIO * file.length));
  const unpacked = createGunzip({ chunkSize: STEP_BYTES });
  unpacked.end(file);
  const pieces: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const piece of unpacked as AsyncIterable<Buffer>) {
      bytes += piece.length;
      if (bytes > most) throw new Error(`it unpacks to more than ${most} octets`);
      pieces.push(piece);
    }
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new AppError('invalid_command', `failed to decompress snapshot: ${why}`, { cause });
  }
  return Buffer.concat(pieces);
}

async function sumOf(content: Buffer, turns: Steps): Promise<string> {
  const hash = createHash('sha256');
  let at = 0;
  await inTurns(turns, () => {
    hash.update(content.subarray(at, at + STEP_BYTES));
    at += STEP_BYTES;
    return at < content.length;
  });
  return hash.digest('hex');
}

/** The state, if the checksums are right. */
async function verified(archive: Buffer, turns: Steps): Promise<Buffer> {
  const files = unpackTar(archive);
  const [meta, state, sums] = [META, STATE, SUMS].map((name) => files?.get(name));
  if (!meta || !state || !sums) return refuse('it is damaged or no snapshot');
  if (!sumsOf(meta, await sumOf(state, turns)).equals(sums)) refuse('its checksum does not match');
  return state;
}

function parseLine(line: string): unknown {
  try {
    return JSON.parse(line) as unknown;
  } catch (cause) {
    return refuse('it is no snapshot of this program', cause);
  }
}

function isRow(value: unknown): value is { table: PutChange['table']; row: object } {
  const { table, row } = (value ?? {}) as { table?: unknown; row?: unknown };
  return (SNAPSHOT_TABLES as readonly unknown[]).includes(table) && typeof row === 'object' && row !== null;
}

function rowOf(line: string): PutChange {
  const value = parseLine(line);
  if (!isRow(value)) return refuse('it holds rows that this version does not know');
  return { op: 'put', table: value.table, row: value.row } as PutChange;
}

function requireHeader(line: string): Partial<Header> {
  const header = parseLine(line) as Partial<Header> | null;
  if (header?.format !== FORMAT) return refuse('it is no snapshot of this program');
  if (header.version !== VERSION) refuse(`its version is ${header.version}, this one knows ${VERSION}`);
  return header;
}

/** The text up to the next end of a line, and where the one after it begins; undefined when no line ends any more. */
function lineAt(state: Buffer, start: number): { readonly line: string; readonly next: number } | undefined {
  const end = state.indexOf(LINE_END, start);
  return end === -1 ? undefined : { line: state.toString('utf8', start, end), next: end + 1 };
}

/** The rows of a file. Throws invalid_command when it is damaged, cut, foreign or from a newer version. */
export async function unpackSnapshot(file: Buffer, turns: Steps): Promise<readonly PutChange[]> {
  const state = await verified(await unzip(file), turns);
  const first = lineAt(state, 0);
  const header = requireHeader(first?.line ?? '');
  const rows: PutChange[] = [];
  let at = first?.next ?? 0;
  await inTurns(turns, () => {
    const found = lineAt(state, at);
    if (found === undefined) return false;
    rows.push(rowOf(found.line));
    at = found.next;
    return true;
  });
  if (header.rows !== rows.length) refuse(`it holds ${rows.length} rows instead of ${header.rows}`);
  return rows;
}
