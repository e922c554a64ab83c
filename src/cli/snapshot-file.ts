/**
 * Looking into a snapshot file: gzip around lines of JSON; a header, one row a line, and the SHA-256 of all before.
 */
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { AppError } from '../model/errors.ts';

export interface SnapshotInfo {
  readonly sizeBytes: number;
  readonly version: number;
  readonly index: number;
  /** Rows and octets by table, most octets first. */
  readonly tables: readonly { readonly table: string; readonly rows: number; readonly bytes: number }[];
  /** Octets of keys by their first parts. */
  readonly keys: readonly { readonly key: string; readonly rows: number; readonly bytes: number }[];
}

function refuse(why: string): never {
  throw new AppError('bad_request', `Error reading snapshot: ${why}`);
}

function linesOf(bytes: Buffer): readonly string[] {
  let unpacked: Buffer;
  try {
    unpacked = gunzipSync(bytes);
  } catch {
    return refuse('it is no gzip file, or damaged');
  }
  const end = unpacked.lastIndexOf('\n', unpacked.length - 2) + 1;
  const sum = createHash('sha256').update(unpacked.subarray(0, end)).digest('hex');
  if (!unpacked.toString('utf8', end).includes(sum)) refuse('its checksum does not match');
  return unpacked.toString('utf8', 0, end).split('\n').slice(0, -1);
}

/** Rows and octets added up by a name of each line, most octets first. */
function tally<Name extends string>(
  lines: readonly string[],
  field: Name,
  nameOf: (line: string) => string | undefined,
) {
  const sums = new Map<string, { rows: number; bytes: number }>();
  for (const line of lines) {
    const name = nameOf(line);
    if (name === undefined) continue;
    const { rows, bytes } = sums.get(name) ?? { rows: 0, bytes: 0 };
    sums.set(name, { rows: rows + 1, bytes: bytes + line.length });
  }
  return [...sums]
    .map(([name, sum]) => ({ [field]: name, ...sum }) as Record<Name, string> & typeof sum)
    .sort((a, b) => b.bytes - a.bytes);
}

interface Line {
  readonly table: string;
  readonly row: { readonly key?: string };
}

/** What a snapshot holds. `depth` is how many parts of a key are shown. Throws AppError bad_request. */
export function inspectSnapshot(bytes: Buffer, depth: number, prefix: string): SnapshotInfo {
  const [first = '{}', ...lines] = linesOf(bytes);
  const header = JSON.parse(first) as { version: number; index: number };
  const keyOf = (line: string): string | undefined => {
    const { table, row } = JSON.parse(line) as Line;
    const isShown = table === 'kv' && row.key?.startsWith(prefix);
    return isShown ? row.key?.split('/').slice(0, depth).join('/') : undefined;
  };
  return {
    sizeBytes: bytes.length,
    version: header.version,
    index: header.index,
    tables: tally(lines, 'table', (line) => (JSON.parse(line) as Line).table),
    keys: tally(lines, 'key', keyOf),
  };
}

/** The octets of a snapshot file. Throws AppError bad_request naming it. */
export function readSnapshotFile(file: string | undefined): Buffer {
  if (file === undefined) throw new AppError('bad_request', 'Missing FILE argument');
  try {
    return fs.readFileSync(file);
  } catch (cause) {
    throw new AppError('bad_request', `Error opening snapshot file: ${(cause as Error).message}`, { cause });
  }
}
