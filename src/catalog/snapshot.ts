/**
 * Which rows a snapshot holds, and how a catalog is replaced by them. The file around them is http/snapshot/snapshot-archive.ts's.
 *
 * A snapshot is the catalog: nodes, services, checks, keys, sessions, queries, and who may do what, secrets included. One
 * that says nothing of access control (of a server without it, or of a version before it) leaves that as it is. What this agent was asked to run, and
 * its own facts, belong to the machine and stay, as does its own node. Coordinates are no part of it: they are measured
 * again. Restored rows get new indexes, so no client mistakes them for what it
 * read before.
 */
import { AppError } from '../model/errors.ts';
import type { RestoreCommand } from './command.ts';
import { forgetLostCoordinates } from './coordinate.ts';
import { type Draft, isSameContent } from './draft.ts';
import type { ReduceContext } from './reduce-context.ts';
import { endBrokenSessions } from './session.ts';
import type { PutChange } from './state.ts';
import type { TableSpec } from './table.ts';
import { type AnyRow, nodeKey, TABLES, type TableName, type View } from './tables.ts';

/** In this order, so that nothing is restored before what it hangs on. */
export const SNAPSHOT_TABLES = [
  'nodes',
  'services',
  'checks',
  'sessions',
  'kv',
  'queries',
  'lockDelays',
  'aclPolicies',
  'aclRoles',
  'aclAuthMethods',
  'aclBindingRules',
  'aclTokens',
] as const satisfies readonly TableName[];

/** Every row that belongs into a snapshot, as a command can put it back. */
export function* snapshotRows(view: View): Iterable<PutChange> {
  for (const table of SNAPSHOT_TABLES)
    for (const row of view[table].values()) yield { op: 'put', table, row } as PutChange;
}

/** The node that a row of the catalog proper belongs to; undefined for keys, sessions and queries. */
function nodeOf({ table, row }: PutChange): string | undefined {
  if (table === 'nodes') return nodeKey(row.name);
  return table === 'services' || table === 'checks' ? nodeKey(row.node) : undefined;
}

/** What people call a row that may lack everything. */
function nameOf(row: object): string {
  const { name, key, id, node } = row as { readonly [field: string]: unknown };
  return [node, name ?? key, id].filter((part) => typeof part === 'string').join('/');
}

/** Nothing of a snapshot is taken when one of its rows would break whoever reads it. Throws invalid_command. */
function refuseUnreadable({ table, row }: PutChange): void {
  const problem = TABLES[table].shape(row, '');
  if (problem === undefined) return;
  const what = `${table} ${JSON.stringify(nameOf(row))}`;
  throw new AppError('invalid_command', `failed to read snapshot: ${what}: ${problem}`);
}

/**
 * A row of a file as `restore` takes it: as it is kept in memory, and where the view says the same already, the very row of
 * the view. So what takes long is done here, a row at a time, and restoring costs what differs. Throws invalid_command.
 */
export function restorableRow(view: View, change: PutChange): PutChange {
  refuseUnreadable(change);
  const { table } = change;
  const { key, revive } = TABLES[table] as TableSpec<AnyRow, string>;
  const row = revive?.(change.row) ?? change.row;
  const now = view[table].get(key(row));
  return { op: 'put', table, row: now !== undefined && isSameContent(now, row) ? now : row } as PutChange;
}

const isAclTable = (table: TableName): boolean => table.startsWith('acl');

/** Keys of the rows, by table. */
function keysOf(rows: readonly PutChange[]): ReadonlyMap<TableName, ReadonlySet<string>> {
  const keys = new Map<TableName, Set<string>>(SNAPSHOT_TABLES.map((table) => [table, new Set()]));
  for (const { table, row } of rows) keys.get(table)?.add(TABLES[table].key(row as never));
  return keys;
}

/**
 * Reducer of `restore`: rows that are not in it go, rows that say the same keep their indexes. What the agent's own node
 * has is the agent's to say, so it stays; sessions that hang on something that is not there any more end.
 */
export function restore(draft: Draft, command: RestoreCommand, { nowMs }: ReduceContext): true {
  const { rows, ownNode, areChecked = false } = command;
  if (!areChecked) rows.forEach(refuseUnreadable);
  const own = nodeKey(ownNode);
  const wanted = rows.filter((change) => nodeOf(change) !== own);
  const kept = keysOf(wanted);
  const hasAcl = wanted.some(({ table }) => isAclTable(table));
  for (const table of SNAPSHOT_TABLES) {
    if (!hasAcl && isAclTable(table)) continue;
    const keyOf = TABLES[table].key as (row: AnyRow) => string;
    for (const row of [...draft.view[table].values()]) {
      const isOwn = nodeOf({ op: 'put', table, row } as PutChange) === own;
      if (!isOwn && !kept.get(table)?.has(keyOf(row))) draft.remove(table, keyOf(row));
    }
  }
  for (const { table, row } of wanted) draft.put(table, row);
  endBrokenSessions(draft, nowMs);
  forgetLostCoordinates(draft);
  return true;
}
