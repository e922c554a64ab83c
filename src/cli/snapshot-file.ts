/**
 * Looking into a snapshot file: a gzipped tar of `meta.json`, `state.bin` and `SHA256SUMS`, as Consul has it.
 *
 * `meta.json` is readable whoever made the file. `state.bin` is a header and records (MessagePack), or, from earlier versions
 * of rollcall, lines of JSON; what of it is not understood is counted all the same.
 */
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { MessageFrames } from '../lib/message-frames.ts';
import { textsOf, unpack } from '../lib/message-pack.ts';
import { systemErrorText } from '../lib/system-error.ts';
import { KVS, REGISTER, recordName } from '../model/consul-records.ts';
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
  /** Records and octets by what they hold, most octets first. */
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

/** One row of the catalog, or one record of another kind. */
interface Item {
  readonly name: string;
  /** Of a key that is stored. */
  readonly key?: string | undefined;
  readonly bytes: number;
}

/** Items and octets added up by a name of each, most octets first; those without a name are left out. */
function tally(items: readonly Item[], nameOf: (item: Item) => string | undefined): readonly Tally[] {
  const sums = new Map<string, Tally>();
  for (const item of items) {
    const name = nameOf(item);
    if (name === undefined) continue;
    const { rows, bytes } = sums.get(name) ?? { rows: 0, bytes: 0 };
    sums.set(name, { name, rows: rows + 1, bytes: bytes + item.bytes });
  }
  return [...sums.values()].sort((a, b) => b.bytes - a.bytes);
}

const OWN_FORMAT = '{"format":"rollcall-snapshot"';

/** What people call the tables of earlier versions, as they call the records of Consul. */
const TABLE_NAMES: Readonly<Record<string, string>> = { kv: 'keys', queries: 'prepared queries' };

function itemOfLine(line: string): Item {
  const { table, row } = JSON.parse(line) as {
    readonly table: string;
    readonly row: { readonly key?: string };
  };
  const key = table === 'kv' ? row.key : undefined;
  return { name: TABLE_NAMES[table] ?? table, key, bytes: line.length };
}

/** A node, a service or a check: Consul has one kind of record for the three. */
function nameOfRegistration({ Service: service, Check: check }: Readonly<Record<string, unknown>>): string {
  if (service) return 'services';
  return check ? 'checks' : 'nodes';
}

function itemOfRecord(type: number, frame: Buffer): Item {
  const bytes = frame.length + 1;
  if (type !== REGISTER && type !== KVS) return { name: recordName(type), bytes };
  const fields = unpack(frame) as Readonly<Record<string, unknown>>;
  if (type === KVS) return { name: recordName(type), key: String(textsOf(fields['Key'])), bytes };
  return { name: nameOfRegistration(fields), bytes };
}

/** Rows of a state by the records that hold them. Throws bad_request. */
function itemsOfRecords(state: Buffer): readonly Item[] {
  const frames = new MessageFrames(state.length);
  const items: Item[] = [];
  try {
    frames.add(state);
    frames.next(); // the header
    for (let head = frames.next(); head !== undefined; head = frames.next()) {
      const fields = frames.next() ?? refuse('its last record is cut');
      items.push(itemOfRecord(Number(unpack(head)), fields));
    }
  } catch (cause) {
    if (cause instanceof AppError) throw cause;
    refuse(`state.bin holds no records: ${cause instanceof Error ? cause.message : String(cause)}`);
  }
  return items;
}

function itemsOf(state: Buffer): readonly Item[] {
  const isLines = state.subarray(0, OWN_FORMAT.length).toString('latin1') === OWN_FORMAT;
  if (!isLines) return itemsOfRecords(state);
  return state.toString('utf8').trimEnd().split('\n').slice(1).map(itemOfLine);
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
  const items = itemsOf(files.get('state.bin') ?? refuse('state.bin is missing'));
  const keyOf = ({ key }: Item): string | undefined =>
    key?.startsWith(prefix) ? key.split('/').slice(0, depth).join('/') : undefined;
  return {
    id: meta.ID,
    sizeBytes: meta.Size,
    index: meta.Index,
    term: meta.Term,
    version: meta.Version,
    tables: tally(items, ({ name }) => name),
    keys: tally(items, keyOf),
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
