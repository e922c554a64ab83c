/**
 * The embedded database itself, synchronous; runs on its own thread (sqlite-worker.ts) because an fsync must never
 * stall a DNS answer.
 *
 * WAL with synchronous=FULL: a commit that returned survives a power cut. The file is locked for as long as it is open,
 * so a second agent on the same directory is refused instead of corrupting what the first one believes.
 */
import Database from 'better-sqlite3';
import { AppError } from '../model/errors.ts';
import type { ModifyIndex } from '../model/types.ts';
import type {
  CommitRequest,
  EncodedChange,
  LoadRequest,
  StoredPage,
  StoredRow,
  StoreName,
} from './sqlite-protocol.ts';
import { MIGRATIONS, SCHEMA_VERSION, sqlName } from './sqlite-schema.ts';

export interface EmbeddedDatabase {
  load(request: LoadRequest): StoredPage;
  /** All of them in one transaction; gives the newest index after each. Throws, nothing stored, when one cannot be. */
  commit(requests: readonly CommitRequest[]): readonly ModifyIndex[];
  indexOf(store: StoreName): ModifyIndex;
  close(): void;
}

interface Statements {
  readonly put: Database.Statement<[string, string, number, number]>;
  readonly remove: Database.Statement<[string]>;
  readonly from: Database.Statement<[number], StoredRow & { readonly place: number }>;
}

function statementsOf(database: Database.Database, table: string): Statements {
  const name = sqlName(table);
  return {
    put: database.prepare(
      `INSERT INTO ${name} (key, row, create_index, modify_index) VALUES (?, ?, ?, ?)
       ON CONFLICT (key) DO UPDATE SET row = excluded.row, modify_index = excluded.modify_index`,
    ),
    remove: database.prepare(`DELETE FROM ${name} WHERE key = ?`),
    from: database.prepare(
      `SELECT rowid AS place, key, row, create_index AS createIndex, modify_index AS modifyIndex FROM ${name}
       WHERE rowid > ? ORDER BY rowid`,
    ),
  };
}

function refuseNewer(path: string, version: number): void {
  if (version <= SCHEMA_VERSION) return;
  throw new AppError(
    'config_invalid',
    `${path}: written by a newer rollcall (schema ${version}, this one knows ${SCHEMA_VERSION}); ` +
      'start that version, or another -data-dir',
  );
}

function migrate(database: Database.Database, path: string): void {
  const version = database.pragma('user_version', { simple: true }) as number;
  refuseNewer(path, version);
  if (version === SCHEMA_VERSION) return;
  database.transaction(() => {
    for (const step of MIGRATIONS.slice(version)) for (const sql of step) database.exec(sql);
    database.pragma(`user_version = ${SCHEMA_VERSION}`);
  })();
}

/** Says in words what SQLite says in codes. */
function openingFailed(path: string, cause: unknown): AppError {
  if (cause instanceof AppError) return cause;
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  const why = cause instanceof Error ? cause.message : String(cause);
  if (code.startsWith('SQLITE_BUSY')) {
    return new AppError(
      'config_invalid',
      `${path}: in use by another process; stop it, or give another -data-dir`,
    );
  }
  return new AppError('config_invalid', `${path}: cannot be opened as a database: ${why}`, { cause });
}

/** Open (or create) the database at `path` and bring it to the present schema. Throws `config_invalid`. */
export function openDatabase(path: string): EmbeddedDatabase {
  let database: Database.Database | undefined;
  try {
    database = new Database(path, { timeout: 1_000 });
    database.pragma('locking_mode = EXCLUSIVE');
    refuseNewer(path, database.pragma('user_version', { simple: true }) as number);
    database.pragma('journal_mode = WAL');
    database.pragma('synchronous = FULL');
    migrate(database, path);
    return embedded(database);
  } catch (cause) {
    database?.close();
    throw openingFailed(path, cause);
  }
}

/** Characters of rows in one page: they are text in the heap of both threads until they are decoded. */
const PAGE_LENGTH = 1024 * 1024;

function pageOf({ from: rowsFrom }: Statements, from: number): Pick<StoredPage, 'rows' | 'next'> {
  const rows: StoredRow[] = [];
  let length = 0;
  for (const { place, ...row } of rowsFrom.iterate(from)) {
    rows.push(row);
    length += row.row.length;
    if (length >= PAGE_LENGTH) return { rows, next: place };
  }
  return { rows, next: undefined };
}

/** Prepared when a table is used for the first time. */
function lazyStatements(database: Database.Database): (table: string) => Statements {
  const prepared = new Map<string, Statements>();
  return (table) => {
    const known = prepared.get(table);
    if (known !== undefined) return known;
    const statements = statementsOf(database, table);
    prepared.set(table, statements);
    return statements;
  };
}

function embedded(database: Database.Database): EmbeddedDatabase {
  const of = lazyStatements(database);
  const readIndex = database.prepare<[string], number>('SELECT value FROM indexes WHERE store = ?').pluck();
  const writeIndex = database.prepare<[number, string]>('UPDATE indexes SET value = ? WHERE store = ?');
  const indexOf = (store: StoreName): ModifyIndex => readIndex.get(store) ?? 0;

  const apply = (change: EncodedChange, index: ModifyIndex): void => {
    if (change.row === null) of(change.table).remove.run(change.key);
    else of(change.table).put.run(change.key, change.row, index, index);
  };
  const commitOne = ({ store, batch, after }: CommitRequest): ModifyIndex => {
    let index = indexOf(store);
    if (index !== after)
      throw new AppError('store_failed', `the newest index of the ${store} is ${index}, not ${after}`);
    for (const write of batch) {
      index += 1;
      for (const change of write) apply(change, index);
    }
    writeIndex.run(index, store);
    return index;
  };
  const commit = database.transaction((requests: readonly CommitRequest[]) => requests.map(commitOne));
  return {
    load: ({ store, table, from }) => ({ index: indexOf(store), ...pageOf(of(table), from) }),
    commit: (requests) => commit.immediate(requests),
    indexOf,
    close: () => database.close(),
  };
}
