/**
 * Which rows a snapshot holds, and how a catalog is replaced by them. The file around them is http/snapshot-file.ts's.
 *
 * A snapshot is the catalog: nodes, services, checks, keys, sessions, queries. What this agent was asked to run, and
 * its own facts, belong to the machine and stay. Restored rows get new indexes, so no client mistakes them for what it
 * read before.
 */
import type { RestoreCommand } from './command.ts';
import type { Draft } from './draft.ts';
import type { PutChange } from './state.ts';
import { type AnyRow, TABLES, type TableName, type View } from './tables.ts';

/** In this order, so that nothing is restored before what it hangs on. */
export const SNAPSHOT_TABLES = [
  'nodes',
  'services',
  'checks',
  'sessions',
  'kv',
  'queries',
  'lockDelays',
] as const satisfies readonly TableName[];

/** Every row that belongs into a snapshot, as a command can put it back. */
export function* snapshotRows(view: View): Iterable<PutChange> {
  for (const table of SNAPSHOT_TABLES)
    for (const row of view[table].values()) yield { op: 'put', table, row } as PutChange;
}

/** Reducer of `restore`: rows that are not in it go, rows that say the same keep their indexes. */
export function restore(draft: Draft, { rows }: RestoreCommand): true {
  const kept = new Set(rows.map(({ table, row }) => `${table}/${TABLES[table].key(row as never)}`));
  for (const table of SNAPSHOT_TABLES) {
    const keyOf = TABLES[table].key as (row: AnyRow) => string;
    for (const row of [...draft.view[table].values()]) {
      const key = keyOf(row);
      if (!kept.has(`${table}/${key}`)) draft.remove(table, key);
    }
  }
  for (const { table, row } of rows) draft.put(table, row);
  return true;
}
