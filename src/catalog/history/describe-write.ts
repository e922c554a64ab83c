/**
 * The changes of one write as notes. Pure.
 *
 * A row that a write changes twice has one note. What comes and goes with something else is told with it: checks that a
 * new service brings stand in its note, what a node takes along when it goes is counted. A write that touches thousands of
 * things (a restored snapshot, a tree of keys) has a bounded number of notes.
 */
import type { NoteContent, NoteKind } from '../../model/history-types.ts';
import type { CheckRow, ServiceRow } from '../../model/types.ts';
import type { Change } from '../state.ts';
import { serviceKey, TABLES, type TableName, type View } from '../tables.ts';
import { type DescribeSettings, describeRow, isMark } from './describe-row.ts';

/** Notes of one write. Turning it up lets one command push more of the past out of the history. */
const MAX_NOTES = 64;

/** Tables of what nobody has to be told, and of the history itself. */
const QUIET: ReadonlySet<TableName> = new Set(['sessions', 'lockDelays', 'coordinates', 'history']);

interface RowChange {
  readonly table: TableName;
  readonly before: object | undefined;
  readonly after: object | undefined;
}

function rowChange(change: Change, view: View): RowChange {
  const { table } = change;
  if (change.op === 'remove') return { table, before: view[table].get(change.key), after: undefined };
  return { table, before: view[table].get(TABLES[table].key(change.row as never)), after: change.row };
}

function keyOf(change: Change): string {
  return change.op === 'remove' ? change.key : TABLES[change.table].key(change.row as never);
}

/** What each row was before the write and is after it; rows that came and went again are left out. */
function rowChanges(changes: readonly Change[], view: View): readonly RowChange[] {
  const [only] = changes;
  if (changes.length === 1 && only !== undefined) return QUIET.has(only.table) ? [] : [rowChange(only, view)];
  const rows = new Map<string, RowChange>();
  for (const change of changes) {
    if (QUIET.has(change.table)) continue;
    rows.set(`${change.table}/${keyOf(change)}`, rowChange(change, view));
  }
  return [...rows.values()].filter(({ before, after }) => before !== undefined || after !== undefined);
}

/** Services that this write brings, by key, with the status of each of their checks. */
function newServices(rows: readonly RowChange[]): ReadonlyMap<string, Record<string, string>> {
  const found = new Map<string, Record<string, string>>();
  for (const { table, before, after } of rows) {
    if (table !== 'services' || before !== undefined) continue;
    const { node, id } = after as ServiceRow;
    found.set(serviceKey(node, id), {});
  }
  if (found.size === 0) return found;
  for (const { table, before, after } of rows) {
    if (table !== 'checks' || before !== undefined) continue;
    const { node, serviceId, id, status } = after as CheckRow;
    const isTold = serviceId !== '' && !isMark(after as CheckRow);
    const statuses = !isTold ? undefined : found.get(serviceKey(node, serviceId));
    if (statuses !== undefined) statuses[id] = status;
  }
  return found;
}

/** Keys of the services, and names of the nodes, that this write takes away. */
function goneOwners(rows: readonly RowChange[]): ReadonlySet<string> {
  const gone = new Set<string>();
  for (const { table, before, after } of rows) {
    if (after !== undefined || before === undefined) continue;
    if (table === 'services') gone.add(serviceKey((before as ServiceRow).node, (before as ServiceRow).id));
    if (table === 'nodes') gone.add((before as { readonly name: string }).name);
  }
  return gone;
}

/** Whether a row is told of by the note of what it belongs to. */
function isToldElsewhere(
  { table, before, after }: RowChange,
  fresh: ReadonlyMap<string, unknown>,
  gone: ReadonlySet<string>,
): boolean {
  if (table === 'services') return after === undefined && gone.has((before as ServiceRow).node);
  if (table !== 'checks') return false;
  const { node, serviceId } = (after ?? before) as CheckRow;
  const service = serviceId === '' ? undefined : serviceKey(node, serviceId);
  if (before === undefined) return service !== undefined && fresh.has(service) && !isMark(after as CheckRow);
  return after === undefined && (gone.has(node) || (service !== undefined && gone.has(service)));
}

function withChecks(
  note: NoteContent,
  { table, before, after }: RowChange,
  fresh: ReturnType<typeof newServices>,
) {
  if (table !== 'services' || before !== undefined) return note;
  const { node, id } = after as ServiceRow;
  const checks = fresh.get(serviceKey(node, id)) ?? {};
  if (Object.keys(checks).length === 0) return note;
  return { ...note, after: { ...(note.after as object), Checks: checks } };
}

/** The notes that there is room for, and one line for each kind of which there were more. */
function bounded(notes: readonly NoteContent[]): readonly NoteContent[] {
  if (notes.length <= MAX_NOTES) return notes;
  const more = new Map<NoteKind, number>();
  for (const { kind } of notes.slice(MAX_NOTES)) more.set(kind, (more.get(kind) ?? 0) + 1);
  return [
    ...notes.slice(0, MAX_NOTES),
    ...Array.from(more, ([kind, count]) => ({ kind, action: 'changed', more: count })),
  ];
}

/** What a write changes of `view`. */
export function describeWrite(
  changes: readonly Change[],
  view: View,
  settings: DescribeSettings,
): readonly NoteContent[] {
  const rows = rowChanges(changes, view);
  const [only] = rows;
  if (rows.length <= 1) {
    const note = only && describeRow(only.table, only.before, only.after, settings);
    return note === undefined ? [] : [note];
  }
  const fresh = newServices(rows);
  const gone = goneOwners(rows);
  const notes: NoteContent[] = [];
  for (const row of rows) {
    if (isToldElsewhere(row, fresh, gone)) continue;
    const note = describeRow(row.table, row.before, row.after, settings);
    if (note !== undefined) notes.push(withChecks(note, row, fresh));
  }
  return bounded(notes);
}
