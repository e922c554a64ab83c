/**
 * The file of a snapshot. Outside it looks as Consul's does, so that its tools can save, verify and send it: a
 * gzipped tar of `meta.json`, `state.bin` and `SHA256SUMS`. Inside, `state.bin` is rollcall's own: lines of JSON, first
 * format, version and count of rows, then one row a line.
 *
 * Nothing is believed before both checksums were compared: a damaged, cut or foreign file is refused as a whole. Consul
 * in turn must not try to read our state, because what it cannot decode ends its process; it looks at the version first.
 */
import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import { SNAPSHOT_TABLES, snapshotRows } from '../../catalog/snapshot.ts';
import type { PutChange } from '../../catalog/state.ts';
import type { View } from '../../catalog/tables.ts';
import { AppError } from '../../model/errors.ts';
import type { ModifyIndex } from '../../model/types.ts';
import { packTar, unpackTar } from './tar.ts';

const gzipAsync = promisify(gzip);
const gunzipAsync = promisify(gunzip);

const FORMAT = 'rollcall-snapshot';
const VERSION = 1;
/** Limit of the unpacked file, against small bodies that unpack to much. */
const MAX_UNPACKED_BYTES = 1024 * 1024 * 1024;

const META = 'meta.json';
const STATE = 'state.bin';
const SUMS = 'SHA256SUMS';

interface Header {
  readonly format: string;
  readonly version: number;
  readonly rows: number;
}

function refuse(why: string, cause?: unknown): never {
  throw new AppError('invalid_command', `failed to read snapshot: ${why}`, { cause });
}

function sumsOf(meta: Buffer, state: Buffer): Buffer {
  const line = (name: string, content: Buffer): string =>
    `${createHash('sha256').update(content).digest('hex')}  ${name}\n`;
  return Buffer.from(line(META, meta) + line(STATE, state));
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

/** The catalog as a file. */
export function packSnapshot(view: View, index: ModifyIndex, nowMs: number): Promise<Buffer> {
  const rows = Array.from(snapshotRows(view), ({ table, row }) => `${JSON.stringify({ table, row })}\n`);
  const header: Header = { format: FORMAT, version: VERSION, rows: rows.length };
  const state = Buffer.from(`${JSON.stringify(header)}\n${rows.join('')}`, 'utf8');
  const meta = metaOf(index, state.length, nowMs);
  const files = [
    [META, meta],
    [STATE, state],
    [SUMS, sumsOf(meta, state)],
  ] as const;
  return gzipAsync(packTar(files, nowMs));
}

async function unzip(file: Buffer): Promise<Buffer> {
  try {
    return await gunzipAsync(file, { maxOutputLength: MAX_UNPACKED_BYTES });
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new AppError('invalid_command', `failed to decompress snapshot: ${why}`, { cause });
  }
}

/** The lines of the state, if the checksums are right. */
function verified(archive: Buffer): string[] {
  const files = unpackTar(archive);
  const [meta, state, sums] = [META, STATE, SUMS].map((name) => files?.get(name));
  if (!meta || !state || !sums) return refuse('it is damaged or no snapshot');
  if (!sumsOf(meta, state).equals(sums)) refuse('its checksum does not match');
  return state.toString('utf8').split('\n').slice(0, -1);
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

/** The rows of a file. Throws invalid_command when it is damaged, cut, foreign or from a newer version. */
export async function unpackSnapshot(file: Buffer): Promise<readonly PutChange[]> {
  const [first = '', ...lines] = verified(await unzip(file));
  const header = parseLine(first) as Partial<Header> | null;
  if (header?.format !== FORMAT) return refuse('it is no snapshot of this program');
  if (header.version !== VERSION) refuse(`its version is ${header.version}, this one knows ${VERSION}`);
  if (header.rows !== lines.length) refuse(`it holds ${lines.length} rows instead of ${header.rows}`);
  return lines.map(rowOf);
}
