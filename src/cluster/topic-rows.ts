/**
 * The rows that stand behind a topic, and how they changed: what an agent without a catalog of its own is told of one.
 *
 * A service brings its instances, their nodes, and every check that counts for them; a node brings itself, its services and
 * all their checks. Other topics cannot be followed. Pure; rows that did not change are the same objects.
 */
import type { PutChange, RemoveChange } from '../catalog/state.ts';
import { nodeKey, serviceKey, TABLES, type View } from '../catalog/tables.ts';
import { nodeTopic, serviceTopic } from '../catalog/topics.ts';

/** Rows by table and key. */
export type RowSet = ReadonlyMap<string, PutChange>;

const SERVICE = serviceTopic('');
const NODE = nodeTopic('');

/** Separates table and key; no name of a table holds it. */
const SEPARATOR = '/';

/** Key of a row in a `RowSet`. */
export function rowKeyOf({ table, row }: PutChange): string {
  return table + SEPARATOR + TABLES[table].key(row as never);
}

/** The change that takes the row with this key out. */
export function removalOf(rowKey: string): RemoveChange {
  const end = rowKey.indexOf(SEPARATOR);
  return {
    op: 'remove',
    table: rowKey.slice(0, end) as RemoveChange['table'],
    key: rowKey.slice(end + 1),
  };
}

function* rowsOfService(view: View, name: string): Iterable<PutChange> {
  for (const service of view.services.by('name', name)) {
    yield { op: 'put', table: 'services', row: service };
    const node = view.nodes.get(nodeKey(service.node));
    if (node !== undefined) yield { op: 'put', table: 'nodes', row: node };
    for (const row of view.checks.by('nodeItself', nodeKey(service.node)))
      yield { op: 'put', table: 'checks', row };
    for (const row of view.checks.by('service', serviceKey(service.node, service.id)))
      yield { op: 'put', table: 'checks', row };
  }
}

function* rowsOfNode(view: View, name: string): Iterable<PutChange> {
  const node = view.nodes.get(name);
  if (node === undefined) return;
  yield { op: 'put', table: 'nodes', row: node };
  for (const row of view.services.by('node', name)) yield { op: 'put', table: 'services', row };
  for (const row of view.checks.by('node', name)) yield { op: 'put', table: 'checks', row };
}

/** Whether agents may follow this topic. */
export function isFollowable(topic: string): boolean {
  return topic.startsWith(SERVICE) || topic.startsWith(NODE);
}

/** The rows behind a topic; none for one that nothing is registered under. O(rows). */
export function rowsOfTopic(view: View, topic: string): RowSet {
  const changes = topic.startsWith(SERVICE)
    ? rowsOfService(view, topic.slice(SERVICE.length))
    : rowsOfNode(view, topic.slice(NODE.length));
  const rows = new Map<string, PutChange>();
  for (const change of changes) rows.set(rowKeyOf(change), change);
  return rows;
}

/** What has to be put and removed to come from one set of rows to the other. O(rows of both). */
export function differenceOf(
  before: RowSet,
  after: RowSet,
): { readonly put: readonly PutChange[]; readonly removed: readonly string[] } {
  const put: PutChange[] = [];
  for (const [key, change] of after) if (before.get(key)?.row !== change.row) put.push(change);
  const removed: string[] = [];
  for (const key of before.keys()) if (!after.has(key)) removed.push(key);
  return { put, removed };
}
