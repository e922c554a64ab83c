/**
 * Everything that is stored, read in pages as it was at one revision.
 *
 * Pages grow and shrink with what they hold, so that neither many small rows nor a few large ones make one that is long
 * to read. A revision that is compacted away meanwhile is a fresh start, a few times.
 */
import type { Stored } from '../../catalog/persistence.ts';
import type { PutChange } from '../../catalog/state.ts';
import type { Kinds, TableSpecs } from '../../catalog/table-set.ts';
import type { ModifyIndex } from '../../model/types.ts';
import type { EtcdClient } from './etcd-client.ts';
import { type EtcdFault, unknown } from './etcd-fault.ts';
import { type Layout, type MetaRecord, readMeta, readRow } from './etcd-layout.ts';
import type { RangeResponse } from './etcd-messages.ts';
import { changesOfPiece } from './etcd-pieces.ts';

/** The newest index and where it stands in etcd. */
export interface MetaState {
  readonly record: MetaRecord;
  /** Revision of `meta/index`; 0 while there is none. */
  readonly modRevision: number;
}

const NO_META: MetaState = { record: { index: 0, first: 0, hidden: [] }, modRevision: 0 };

export interface Loaded<K extends Kinds> {
  readonly kind: 'done';
  readonly stored: Stored<K>;
  readonly meta: MetaState;
  /** Everything up to this revision is in it. */
  readonly revision: number;
}

const FIRST_PAGE_ROWS = 200;
const MAX_PAGE_ROWS = 5_000;
const LARGE_PAGE_BYTES = 4 * 1024 * 1024;
const MAX_TRIES = 3;

interface Page {
  readonly client: EtcdClient;
  readonly layout: Layout;
}

/** The newest `meta/index`, linearizable. */
export async function readMetaState({
  client,
  layout,
}: Page): Promise<{ kind: 'done'; meta: MetaState } | EtcdFault> {
  const answer = await client.range({ key: layout.metaKey });
  if (answer.kind !== 'done') return answer;
  const [kv] = answer.reply.kvs;
  return { kind: 'done', meta: kv ? { record: readMeta(kv.value), modRevision: kv.modRevision } : NO_META };
}

/** createIndex of those of the rows that are there, by the text of their keys. */
export async function readCreateIndexes(
  { client }: Page,
  { maxOperations }: { readonly maxOperations: number },
  keys: readonly Buffer[],
): Promise<{ kind: 'done'; found: ReadonlyMap<string, ModifyIndex> } | EtcdFault> {
  const found = new Map<string, ModifyIndex>();
  for (let from = 0; from < keys.length; from += maxOperations) {
    const some = keys.slice(from, from + maxOperations);
    const answer = await client.txn({ success: some.map((key) => ({ range: { key } })) });
    if (answer.kind !== 'done') return answer;
    for (const { key, value } of answer.reply.responses.flatMap(({ range }) => range?.kvs ?? []))
      found.set(String(key), (JSON.parse(String(value)) as { createIndex: ModifyIndex }).createIndex);
  }
  return { kind: 'done', found };
}

/** What was read so far. */
interface Collected<K extends Kinds> {
  readonly rows: PutChange<K>[];
  /** Pieces of staged writes, whether they count or not. */
  readonly pieces: { readonly key: Buffer; readonly value: Buffer }[];
  meta: MetaState;
}

/** Add the rows of a page; gives the octets of their values. */
function collect<K extends Kinds>(
  into: Collected<K>,
  kvs: RangeResponse['kvs'],
  layout: Layout,
  specs: TableSpecs<K>,
): number {
  let bytes = 0;
  for (const { key, value, modRevision } of kvs) {
    bytes += value.length;
    if (layout.isMeta(key)) into.meta = { record: readMeta(value), modRevision };
    const table = layout.rowOf(key)?.table;
    if (table === 'staged') into.pieces.push({ key, value });
    const row = table === undefined ? undefined : readRow(specs, table, value);
    if (row !== undefined) into.rows.push(row);
  }
  return bytes;
}

/** The rows, with the write over them that is done but not yet in its place. */
function withStaged<K extends Kinds>(
  { rows, pieces, meta }: Collected<K>,
  layout: Layout,
  specs: TableSpecs<K>,
): readonly PutChange<K>[] {
  const { staged } = meta.record;
  if (staged === undefined) return rows;
  const nameOf = (table: string, key: string): string => `${table}/${key}`;
  const over = new Map(rows.map((row) => [nameOf(row.table, specs[row.table].key(row.row)), row]));
  const prefix = layout.stagedPrefix(staged);
  for (const { key, value } of pieces) {
    if (!key.subarray(0, prefix.length).equals(prefix)) continue;
    for (const change of changesOfPiece(specs, value)) {
      if (change.op === 'remove') over.delete(nameOf(change.table, change.key));
      else over.set(nameOf(change.table, specs[change.table].key(change.row)), change);
    }
  }
  return [...over.values()];
}

async function loadOnce<K extends Kinds>(page: Page, specs: TableSpecs<K>): Promise<Loaded<K> | EtcdFault> {
  const { client, layout } = page;
  const read: Collected<K> = { rows: [], pieces: [], meta: NO_META };
  let [key, revision, limit] = [layout.start, 0, FIRST_PAGE_ROWS];
  for (;;) {
    const answer = await client.range({ key, rangeEnd: layout.end, limit, revision });
    if (answer.kind !== 'done') return answer;
    const { kvs, hasMore, header } = answer.reply;
    if (revision === 0) revision = header?.revision ?? 0;
    const bytes = collect(read, kvs, layout, specs);
    const last = kvs.at(-1);
    if (!hasMore || last === undefined) break;
    key = Buffer.concat([last.key, Buffer.from([0])]);
    limit = bytes > LARGE_PAGE_BYTES ? Math.max(limit >> 1, 1) : Math.min(limit * 2, MAX_PAGE_ROWS);
  }
  // As other stores give them: the oldest first.
  const rows = withStaged(read, layout, specs).toSorted(
    (one, other) => one.row.createIndex - other.row.createIndex,
  );
  return { kind: 'done', stored: { index: read.meta.record.index, rows }, meta: read.meta, revision };
}

/** Read everything. Never rejects. */
export async function loadAll<K extends Kinds>(
  page: Page,
  specs: TableSpecs<K>,
): Promise<Loaded<K> | EtcdFault> {
  let loaded: Loaded<K> | EtcdFault = unknown('other', 'nothing was read');
  for (let tries = 0; tries < MAX_TRIES; tries += 1) {
    try {
      loaded = await loadOnce(page, specs);
    } catch (error) {
      return unknown(
        'malformed',
        `etcd: a row below ${page.layout.prefix} cannot be read: ${(error as Error).message}`,
      );
    }
    if (loaded.kind === 'done' || loaded.reason !== 'out-of-range') return loaded;
  }
  return loaded;
}
