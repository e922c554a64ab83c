/**
 * Tables of the embedded database and the numbered steps that lead to them.
 *
 * One table for each kind of row: the row is a JSON document without its stamps, which have columns of their own
 * (memory is the read model, so SQL never looks inside; `sqlite3 rollcall.db "select row ->> 'name' from services"`
 * works for people). A new kind of row, or a new shape, is a new step at the end; steps are never edited.
 */
import type { TableName } from '../catalog/tables.ts';

export const SQL_TABLES: { readonly [T in TableName]: string } = {
  nodes: 'nodes',
  services: 'services',
  checks: 'checks',
  kv: 'kv',
  sessions: 'sessions',
  queries: 'queries',
  localServices: 'local_services',
  localChecks: 'local_checks',
  facts: 'facts',
  lockDelays: 'lock_delays',
};

const rowTable = (name: string): string =>
  `CREATE TABLE ${name} (
     key TEXT PRIMARY KEY NOT NULL,
     row TEXT NOT NULL,
     create_index INTEGER NOT NULL,
     modify_index INTEGER NOT NULL
   ) STRICT`;

/** Step n brings a database from version n to n + 1 (`PRAGMA user_version`). */
export const MIGRATIONS: readonly (readonly string[])[] = [
  [
    ...[
      'nodes',
      'services',
      'checks',
      'kv',
      'sessions',
      'queries',
      'local_services',
      'local_checks',
      'facts',
    ].map(rowTable),
    'CREATE TABLE last_index (only INTEGER PRIMARY KEY CHECK (only = 1), value INTEGER NOT NULL) STRICT',
    'INSERT INTO last_index (only, value) VALUES (1, 0)',
  ],
  [rowTable('lock_delays')],
];

export const SCHEMA_VERSION = MIGRATIONS.length;
