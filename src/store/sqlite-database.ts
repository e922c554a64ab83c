/**
 * The embedded database itself, synchronous; runs on its own thread (sqlite-worker.ts) because an fsync must never
 * stall a DNS answer.
 *
 * WAL with synchronous=FULL: a commit that returned survives a power cut. The file is locked for as long as it is open,
 * so a second agent on the same directory is refused instead of corrupting what the first one believes.
 */
import Database from 'better-sqlite3';
import { TABLE_NAMES, type TableName } from '../catalog/tables.ts';
import { AppError } from '../model/errors.ts';
import type { ModifyIndex } from '../model/types.ts';
import type { EncodedChange, StoredRow, StoredRows } from './sqlite-protocol.ts';
import { MIGRATIONS, SCHEMA_VERSION, SQL_TABLES } from './sqlite-schema.ts';

export interface EmbeddedDatabase {
  load(): StoredRows;
  commit(batch: readonly (readonly EncodedChange[])[]): readonly ModifyIndex[];
  close(): void;
}

interface Statements {
  readonly put: Database.Statement<[string, string, number, number]>;
  readonly remove: Database.Statement<[string]>;
  readonly all: Database.Statement<[], StoredRow>;
}

function statementsOf(database: Database.Database, table: TableName): Statements {
  const name = SQL_TABLES[table];
  return {
    put: database.prepare(
      `INSERT INTO ${name} (key, row, create_index, modify_index) VALUES (?, ?, ?, ?)
       ON CONFLICT (key) DO UPDATE SET row = excluded.row, modify_index = excluded.modify_index`,
    ),
    remove: database.prepare(`DELETE FROM ${name} WHERE key = ?`),
    all: database.prepare(
      `SELECT row, create_index AS createIndex, modify_index AS modifyIndex FROM ${name} ORDER BY create_index, key`,
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

function embedded(database: Database.Database): EmbeddedDatabase {
  const statements = new Map(TABLE_NAMES.map((table) => [table, statementsOf(database, table)]));
  const of = (table: TableName): Statements => statements.get(table) as Statements;
  const readIndex = database.prepare<[], number>('SELECT value FROM last_index').pluck();
  const writeIndex = database.prepare<[number]>('UPDATE last_index SET value = ?');

  const apply = (change: EncodedChange, index: ModifyIndex): void => {
    if (change.row === null) of(change.table).remove.run(change.key);
    else of(change.table).put.run(change.key, change.row, index, index);
  };
  const commit = database.transaction(
    (batch: readonly (readonly EncodedChange[])[]): readonly ModifyIndex[] => {
      let index = readIndex.get() ?? 0;
      const indexes = batch.map((write) => {
        index += 1;
        for (const change of write) apply(change, index);
        return index;
      });
      writeIndex.run(index);
      return indexes;
    },
  );
  return {
    load: () => ({
      index: readIndex.get() ?? 0,
      tables: TABLE_NAMES.map((table) => ({ table, rows: of(table).all.all() })),
    }),
    commit: (batch) => commit.immediate(batch),
    close: () => database.close(),
  };
}
