/**
 * The embedded stores: one file, in it the catalog and what this agent keeps registered, each with an index of its own.
 *
 * Encodes rows and turns what the database thread answers into outcomes. The file is locked for as long as it is open, so
 * nobody else can write into it: there is nothing to follow.
 */
import {
  type CommitOutcome,
  doneAfter,
  NO_LIMITS,
  type Persistence,
  type Stored,
  type UnreadableRow,
  type Write,
} from '../catalog/persistence.ts';
import type { Change, PutChange } from '../catalog/state.ts';
import { type Kinds, type TableNameOf, type TableSpecs, tableNames } from '../catalog/table-set.ts';
import { AppError } from '../model/errors.ts';
import type { CommitRequest, EncodedChange, StoredPage, StoredRow, StoreName } from './sqlite-protocol.ts';
import { SqliteThread, Uncertain } from './sqlite-thread.ts';

/**
 * Characters of rows that are encoded and sent in one turn. Turning it up makes large commits (a snapshot that is restored)
 * a little cheaper, and DNS wait: some 4 ms for each million.
 */
const PIECE_LENGTH = 1024 * 1024;
/** What a change costs besides the text of its row. */
const CHANGE_LENGTH = 128;

const NO_STAMP = { createIndex: undefined, modifyIndex: undefined };

function encode<K extends Kinds>(change: Change<K>, specs: TableSpecs<K>): EncodedChange {
  if (change.op === 'remove') return { table: change.table, key: change.key, row: null };
  const key = specs[change.table].key(change.row);
  return { table: change.table, key, row: JSON.stringify({ ...change.row, ...NO_STAMP }) };
}

/** The row, or what is wrong with it. */
function decode<K extends Kinds>(
  table: TableNameOf<K>,
  { row, createIndex, modifyIndex }: StoredRow,
  specs: TableSpecs<K>,
): PutChange<K> | string {
  try {
    const content: unknown = JSON.parse(row);
    const problem = specs[table].shape(content, '');
    if (problem !== undefined) return problem;
    const decoded = { createIndex, modifyIndex, ...(content as object) } as K[typeof table]['row'];
    return { op: 'put', table, row: specs[table].revive?.(decoded) ?? decoded } as unknown as PutChange<K>;
  } catch (cause) {
    return cause instanceof Error ? cause.message : String(cause);
  }
}

/** Everything, page by page: the text of all rows together may be more than there is memory for. */
async function load<K extends Kinds>(
  thread: SqliteThread,
  store: StoreName,
  specs: TableSpecs<K>,
): Promise<Stored<K>> {
  const rows: PutChange<K>[] = [];
  const unreadable: UnreadableRow[] = [];
  let index = 0;
  for (const table of tableNames(specs)) {
    for (let from: number | undefined = 0; from !== undefined; ) {
      const page: StoredPage = await thread.ask({ kind: 'load', store, table, from });
      for (const row of page.rows) {
        const decoded = decode(table, row, specs);
        if (typeof decoded === 'string') unreadable.push({ table, key: row.key, why: decoded });
        else rows.push(decoded);
      }
      ({ index, next: from } = page);
    }
  }
  return unreadable.length === 0 ? { index, rows } : { index, rows, unreadable };
}

/** What a failed question means for the commit that was asked for or about. */
function notDone(reason: unknown): CommitOutcome {
  if (!(reason instanceof AppError)) throw reason;
  return { outcome: reason instanceof Uncertain ? 'unknown' : 'refused', reason };
}

/**
 * Encodes a batch; of one that is large all but the end is sent ahead, a piece at a time, each after the thread has taken
 * the one before. What is committed is one batch nevertheless.
 */
async function encodeBatch<K extends Kinds>(
  thread: SqliteThread,
  store: StoreName,
  writes: readonly Write<K>[],
  specs: TableSpecs<K>,
): Promise<Pick<CommitRequest, 'batch' | 'pieces'>> {
  const batch: EncodedChange[][] = [];
  let [pieces, length] = [0, 0];
  for (const [write, unencoded] of writes.entries()) {
    let changes: EncodedChange[] = [];
    for (const change of unencoded) {
      const encoded = encode(change, specs);
      changes.push(encoded);
      length += CHANGE_LENGTH + (encoded.row?.length ?? 0);
      if (length < PIECE_LENGTH) continue;
      await thread.ask({ kind: 'stage', store, piece: pieces, write, changes });
      pieces += 1;
      [changes, length] = [[], 0];
    }
    batch.push(changes);
  }
  return { batch, pieces };
}

function storeIn<K extends Kinds>(
  thread: SqliteThread,
  store: StoreName,
  specs: TableSpecs<K>,
  close: () => Promise<void>,
): Persistence<K> {
  return {
    limits: NO_LIMITS,
    sizeOf: () => 0,
    load: () => load(thread, store, specs),
    commit: async (writes, after) => {
      try {
        const encoded = await encodeBatch(thread, store, writes, specs);
        await thread.ask({ kind: 'commit', store, ...encoded, after });
        return doneAfter(after, writes.length);
      } catch (reason) {
        return notDone(reason);
      }
    },
    outcomeOf: async (batch, after) => {
      const index = await thread.ask({ kind: 'index', store });
      if (index === after + batch.length) return doneAfter(after, batch.length);
      return notDone(
        new AppError('store_failed', `the newest index of the ${store} is ${index}, not ${after}`),
      );
    },
    follow: () => () => {},
    close,
  };
}

export interface SqliteFile {
  /** One of its stores. The file is closed with the last store that was taken. */
  store<K extends Kinds>(name: StoreName, specs: TableSpecs<K>): Persistence<K>;
}

/** The file at `path`, which is created when it is missing. Opening happens on first use. */
export function sqliteFile(path: string): SqliteFile {
  const thread = new SqliteThread(path);
  let open = 0;
  const close = async (): Promise<void> => {
    open -= 1;
    if (open > 0 || thread.hasEnded) return;
    await thread.ask({ kind: 'close' });
    await thread.end();
  };
  return {
    store: (name, specs) => {
      open += 1;
      return storeIn(thread, name, specs, close);
    },
  };
}
