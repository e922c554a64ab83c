/**
 * Tables of the embedded database and the numbered steps that lead to them.
 *
 * One table for each kind of row: the row is a JSON document without its stamps, which have columns of their own
 * (memory is the read model, so SQL never looks inside; `sqlite3 rollcall.db "select row ->> 'name' from services"`
 * works for people). A new kind of row, or a new shape, is a new step at the end; steps are never edited.
 */

/** The SQL name of a table: local_services for localServices. */
export const sqlName = (table: string): string =>
  table.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

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
  // What this agent keeps registered has an index of its own from here on; it goes on from the one they shared.
  [
    'CREATE TABLE indexes (store TEXT PRIMARY KEY NOT NULL, value INTEGER NOT NULL) STRICT',
    "INSERT INTO indexes (store, value) SELECT 'catalog', value FROM last_index",
    "INSERT INTO indexes (store, value) SELECT 'agent', value FROM last_index",
    'DROP TABLE last_index',
  ],
  // Facts are the agent's own; what everybody who shares the catalog has to know became a setting of it.
  [
    rowTable('settings'),
    "INSERT INTO settings SELECT * FROM facts WHERE key = 'autopilot'",
    "DELETE FROM facts WHERE key = 'autopilot'",
  ],
  // What the catalog remembers of its own past.
  [rowTable('history')],
  ['acl_tokens', 'acl_policies', 'acl_roles', 'acl_auth_methods', 'acl_binding_rules'].map(rowTable),
  // Where nodes are in the network.
  [rowTable('coordinates')],
];

export const SCHEMA_VERSION = MIGRATIONS.length;
