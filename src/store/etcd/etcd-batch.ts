/**
 * The writes of one commit as operations on etcd, each key once; pure.
 *
 * etcd takes a key once in a transaction. Of several changes to a row only the last becomes an operation; the others are
 * hidden changes (etcd-layout.ts), and so are all removals, since a deleted key cannot carry an index. A put that does not
 * say what it replaces is `unstamped`: the commit holds only if there is no such row, or its `createIndex` is given.
 */
import type { Write } from '../../catalog/persistence.ts';
import type { Change } from '../../catalog/state.ts';
import type { Kinds, TableSpecs } from '../../catalog/table-set.ts';
import type { ModifyIndex } from '../../model/types.ts';
import type { HiddenChange, Layout } from './etcd-layout.ts';

/** What a row becomes. */
interface FinalRow {
  readonly key: Buffer;
  /** undefined: it is removed. */
  readonly value: string | undefined;
}

export interface EncodedBatch {
  readonly rows: readonly FinalRow[];
  readonly hidden: readonly HiddenChange[];
  /** Keys of rows that are put as new ones. */
  readonly unstamped: readonly Buffer[];
  readonly bytes: number;
}

/** Octets of a transaction that an operation takes besides key and value. */
export const OPERATION_BYTES = 64;

/** A change with its stamps, on its way to a row. */
export interface Draft {
  readonly table: string;
  readonly key: string;
  readonly index: ModifyIndex;
  /** undefined: removed. */
  readonly row: object | undefined;
  readonly createIndex: ModifyIndex;
  /** Whether the row that is there has to be asked for its createIndex. */
  readonly isUnstamped: boolean;
}

export interface BatchParts<K extends Kinds> {
  readonly layout: Layout;
  readonly specs: TableSpecs<K>;
  /** createIndex of rows (by the text of their keys) that were found to be there, though a put did not say so. */
  readonly found: ReadonlyMap<string, ModifyIndex>;
}

export const tableKeyOf = <K extends Kinds>(specs: TableSpecs<K>, change: Change<K>): string =>
  change.op === 'remove' ? change.key : specs[change.table].key(change.row);

/** What becomes of a change, after what the same batch did to its row. */
export function draftOf<K extends Kinds>(
  { layout, specs, found }: BatchParts<K>,
  change: Change<K>,
  index: ModifyIndex,
  before: Draft | undefined,
): Draft {
  const key = tableKeyOf(specs, change);
  const base = { table: change.table, key, index };
  if (change.op === 'remove') return { ...base, row: undefined, createIndex: 0, isUnstamped: false };
  const given = change.row.createIndex;
  if (before !== undefined) {
    // Made or removed by this very batch: State.install would see that, whatever the change says.
    const createIndex = before.row === undefined ? index : before.createIndex;
    return { ...base, row: change.row, createIndex, isUnstamped: before.isUnstamped };
  }
  if (given > 0) return { ...base, row: change.row, createIndex: given, isUnstamped: false };
  const createIndex = found.get(String(layout.rowKey(change.table, key)));
  const isUnstamped = createIndex === undefined;
  return { ...base, row: change.row, createIndex: createIndex ?? index, isUnstamped };
}

const stamped = ({ row, createIndex, index }: Draft): object => ({ ...row, createIndex, modifyIndex: index });

/** A draft as text tells of it. */
export function hiddenOf(draft: Draft): HiddenChange {
  const { table, key, index, row } = draft;
  return row === undefined ? { index, table, key } : { index, table, row: stamped(draft) };
}

/** The operations of a batch that follows on index `after`. */
export function encodeBatch<K extends Kinds>(
  parts: BatchParts<K>,
  batch: readonly Write<K>[],
  after: ModifyIndex,
): EncodedBatch {
  const last = new Map<string, Draft>();
  const hidden: HiddenChange[] = [];
  for (const [at, write] of batch.entries()) {
    for (const change of write) {
      const name = `${change.table}/${tableKeyOf(parts.specs, change)}`;
      const before = last.get(name);
      if (before?.row !== undefined) hidden.push(hiddenOf(before));
      const draft = draftOf(parts, change, after + 1 + at, before);
      if (draft.row === undefined) hidden.push(hiddenOf(draft));
      last.set(name, draft);
    }
  }
  const rows = [...last.values()].map((draft) => ({
    key: parts.layout.rowKey(draft.table, draft.key),
    value: draft.row === undefined ? undefined : JSON.stringify(stamped(draft)),
  }));
  const unstamped = [...last.values()].filter(({ isUnstamped, row }) => isUnstamped && row !== undefined);
  const sizes = rows.map(({ key, value }) => key.length + Buffer.byteLength(value ?? '') + OPERATION_BYTES);
  return {
    rows,
    hidden: hidden.toSorted((one, other) => one.index - other.index),
    unstamped: unstamped.map(({ table, key }) => parts.layout.rowKey(table, key)),
    bytes: sizes.reduce((sum, size) => sum + size, 0) + JSON.stringify(hidden).length,
  };
}

/** Octets that a write takes at most, whether its rows stay or are hidden by later ones; counted up to `enough`. */
export function sizeOfWrite<K extends Kinds>(
  { layout, specs }: Pick<BatchParts<K>, 'layout' | 'specs'>,
  write: Write<K>,
  enough: number,
): number {
  let bytes = 0;
  for (const change of write) {
    if (bytes > enough) break;
    const key = layout.rowKey(change.table, tableKeyOf(specs, change)).length;
    const row = change.op === 'put' ? Buffer.byteLength(JSON.stringify(change.row)) : 0;
    bytes += 2 * key + row + 2 * OPERATION_BYTES;
  }
  return bytes;
}
