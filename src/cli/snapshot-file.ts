/**
 * Looking into a snapshot file: a gzipped tar of `meta.json`, `state.bin` and `SHA256SUMS`, as Consul has it.
 *
 * `meta.json` is readable whoever made the file. `state.bin` is told apart only where rollcall made it: lines of JSON, a
 * header, then one row a line.
 */
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { systemErrorText } from '../lib/system-error.ts';
import { AppError } from '../model/errors.ts';

export interface Tally {
  readonly name: string;
  readonly rows: number;
  readonly bytes: number;
}

export interface SnapshotInfo {
  readonly id: string;
  readonly sizeBytes: number;
  readonly index: number;
  readonly term: number;
  readonly version: number;
  /** Rows and octets by table, most octets first; empty for Consul's own files. */
  readonly tables: readonly Tally[];
  /** Rows and octets of keys by their first parts. */
  readonly keys: readonly Tally[];
}

/** Octets of a header and of the unit in which tar counts. */
const BLOCK_BYTES = 512;

function refuse(why: string): never {
  throw new AppError('bad_request', `Error reading snapshot: ${why}`);
}

function unzip(bytes: Buffer): Buffer {
  try {
    return gunzipSync(bytes);
  } catch {
    return refuse('it is no gzip file, or damaged');
  }
}

/** Files of a tar archive: name at 0, size in octal at 124 (POSIX ustar). */
function untar(archive: Buffer): ReadonlyMap<string, Buffer> {
  const files = new Map<string, Buffer>();
  for (let at = 0; at + BLOCK_BYTES <= archive.length; ) {
    const header = archive.subarray(at, at + BLOCK_BYTES);
    const name = header.toString('utf8', 0, 100).replace(/\0.*$/s, '');
    if (name === '') break;
    const size = Number.parseInt(header.toString('latin1', 124, 136), 8);
    if (!Number.isSafeInteger(size) || at + BLOCK_BYTES + size > archive.length)
      refuse('it is cut or damaged');
    files.set(name, archive.subarray(at + BLOCK_BYTES, at + BLOCK_BYTES + size));
    at += BLOCK_BYTES * (1 + Math.ceil(size / BLOCK_BYTES));
  }
  return files;
}

function requireSums(files: ReadonlyMap<string, Buffer>): void {
  const lines = (files.get('SHA256SUMS') ?? refuse('it is no snapshot')).toString('utf8').trim().split('\n');
  for (const line of lines) {
    const [sum = '', name = ''] = line.split(/\s+/);
    const content = files.get(name) ?? refuse(`${name} is missing`);
    if (createHash('sha256').update(content).digest('hex') !== sum)
      refuse(`the checksum of ${name} does not match`);
  }
}

/** Rows and octets added up by a name of each line, most octets first. */
function tally(lines: readonly string[], nameOf: (line: string) => string | undefined): readonly Tally[] {
  const sums = new Map<string, Tally>();
  for (const line of lines) {
    const name = nameOf(line);
    if (name === undefined) continue;
    const { rows, bytes } = sums.get(name) ?? { rows: 0, bytes: 0 };
    sums.set(name, { name, rows: rows + 1, bytes: bytes + line.length });
  }
  return [...sums.values()].sort((a, b) => b.bytes - a.bytes);
}

interface Line {
  readonly table: string;
  readonly row: { readonly key?: string };
}

const OWN_FORMAT = '{"format":"rollcall-snapshot"';

function rowsOf(state: Buffer): readonly string[] {
  const isOwn = state.subarray(0, OWN_FORMAT.length).toString('latin1') === OWN_FORMAT;
  return isOwn ? state.toString('utf8').trimEnd().split('\n').slice(1) : [];
}

/** What a snapshot holds. `depth` is how many parts of a key are told apart. Throws AppError bad_request. */
export function inspectSnapshot(bytes: Buffer, depth: number, prefix: string): SnapshotInfo {
  const files = untar(unzip(bytes));
  requireSums(files);
  const meta = JSON.parse((files.get('meta.json') ?? refuse('meta.json is missing')).toString('utf8')) as {
    readonly ID: string;
    readonly Index: number;
    readonly Term: number;
    readonly Version: number;
    readonly Size: number;
  };
  const lines = rowsOf(files.get('state.bin') ?? refuse('state.bin is missing'));
  const keyOf = (line: string): string | undefined => {
    const { table, row } = JSON.parse(line) as Line;
    const isShown = table === 'kv' && row.key?.startsWith(prefix);
    return isShown ? row.key?.split('/').slice(0, depth).join('/') : undefined;
  };
  return {
    id: meta.ID,
    sizeBytes: meta.Size,
    index: meta.Index,
    term: meta.Term,
    version: meta.Version,
    tables: tally(lines, (line) => (JSON.parse(line) as Line).table),
    keys: tally(lines, keyOf),
  };
}

/** The octets of a snapshot file. Throws AppError bad_request naming it. */
export function readSnapshotFile(file: string | undefined): Buffer {
  if (file === undefined) throw new AppError('bad_request', 'Missing FILE argument');
  try {
    return fs.readFileSync(file);
  } catch (cause) {
    throw new AppError('bad_request', `Error opening snapshot file: ${file}: ${systemErrorText(cause)}`, {
      cause,
    });
  }
}
