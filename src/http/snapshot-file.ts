/**
 * The file of a snapshot: gzip around lines of JSON. First line: format, version, index, count of rows. Then one row a
 * line. Last line: the SHA-256 of all lines before it.
 *
 * Nothing is believed before the checksum was compared: a damaged, cut or foreign file is refused as a whole.
 */
import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import { SNAPSHOT_TABLES, snapshotRows } from '../catalog/snapshot.ts';
import type { PutChange } from '../catalog/state.ts';
import type { View } from '../catalog/tables.ts';
import { AppError } from '../model/errors.ts';
import type { ModifyIndex } from '../model/types.ts';

const gzipAsync = promisify(gzip);
const gunzipAsync = promisify(gunzip);

const FORMAT = 'rollcall-snapshot';
const VERSION = 1;
/** Limit of the unpacked file, against small bodies that unpack to much. */
const MAX_UNPACKED_BYTES = 1024 * 1024 * 1024;

interface Header {
  readonly format: string;
  readonly version: number;
  readonly index: ModifyIndex;
  readonly rows: number;
}

function refuse(why: string, cause?: unknown): never {
  throw new AppError('invalid_command', `failed to read snapshot: ${why}`, { cause });
}

function reasonOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}

const checksum = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** The catalog as a file. */
export function packSnapshot(view: View, index: ModifyIndex): Promise<Buffer> {
  const rows = Array.from(snapshotRows(view), ({ table, row }) => `${JSON.stringify({ table, row })}\n`);
  const header: Header = { format: FORMAT, version: VERSION, index, rows: rows.length };
  const lines = Buffer.from(`${JSON.stringify(header)}\n${rows.join('')}`, 'utf8');
  return gzipAsync(Buffer.concat([lines, Buffer.from(`${JSON.stringify({ sha256: checksum(lines) })}\n`)]));
}

async function unpack(file: Buffer): Promise<Buffer> {
  try {
    return await gunzipAsync(file, { maxOutputLength: MAX_UNPACKED_BYTES });
  } catch (cause) {
    throw new AppError('invalid_command', `failed to decompress snapshot: ${reasonOf(cause)}`, { cause });
  }
}

function parseLine(line: string): unknown {
  try {
    return JSON.parse(line) as unknown;
  } catch (cause) {
    return refuse('it is damaged or no snapshot of this program', cause);
  }
}

/** The lines before the checksum, if it is right. */
function verified(bytes: Buffer): string[] {
  const end = bytes.lastIndexOf('\n', bytes.length - 2) + 1;
  const last = parseLine(bytes.toString('utf8', end)) as { sha256?: unknown } | null;
  if (last?.sha256 !== checksum(bytes.subarray(0, end))) refuse('its checksum does not match');
  return bytes.toString('utf8', 0, end).split('\n').slice(0, -1);
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
  const [first = '', ...lines] = verified(await unpack(file));
  const header = parseLine(first) as Partial<Header>;
  if (header.format !== FORMAT) refuse('it is no snapshot of this program');
  if (header.version !== VERSION) refuse(`its version is ${header.version}, this one knows ${VERSION}`);
  if (header.rows !== lines.length) refuse(`it holds ${lines.length} rows instead of ${header.rows}`);
  return lines.map(rowOf);
}
