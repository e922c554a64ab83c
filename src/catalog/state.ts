/**
 * Everything that is committed, in memory: the only thing that DNS and HTTP reads look at.
 *
 * `install` is called by the writer with changes that the store has made durable, and by nobody else; between two
 * installs readers see one consistent state. Rows are stamped here: a replaced row keeps its createIndex.
 */
import type { ModifyIndex, Stamp } from '../model/types.ts';
import { Table } from './table.ts';
import { type AnyRow, TABLES, type TableName, type TableRows, type View } from './tables.ts';

export type PutChange = {
  [T in TableName]: { readonly op: 'put'; readonly table: T; readonly row: TableRows[T] };
}[TableName];
export interface RemoveChange {
  readonly op: 'remove';
  readonly table: TableName;
  readonly key: string;
}
/** One row replaced or removed. */
export type Change = PutChange | RemoveChange;

/** A change as it was applied: what was there, what is there now. */
export interface Applied {
  readonly table: TableName;
  readonly before: AnyRow | undefined;
  readonly after: AnyRow | undefined;
}

type Tables = { readonly [T in TableName]: Table<TableRows[T], string> };

function emptyTables(): Tables {
  const tables = Object.entries(TABLES).map(([name, spec]) => [name, new Table(spec as never)]);
  return Object.fromEntries(tables) as Tables;
}

export class State {
  readonly #tables: Tables = emptyTables();
  #index: ModifyIndex = 0;

  /** The committed rows. */
  get view(): View {
    return this.#tables as View;
  }

  /** Index of the newest installed write. */
  get index(): ModifyIndex {
    return this.#index;
  }

  /** Take over rows that carry their stamps already (loaded from a store, or sent by another thread). */
  load(rows: Iterable<PutChange>, index: ModifyIndex): void {
    for (const { table, row } of rows) (this.#tables[table] as Table<AnyRow, string>).put(Object.freeze(row));
    this.#index = Math.max(this.#index, index);
  }

  /** Apply the changes of one write under its index, in order. */
  install(changes: readonly Change[], index: ModifyIndex): readonly Applied[] {
    this.#index = index;
    return changes.map((change) => this.#apply(change, index));
  }

  #apply(change: Change, index: ModifyIndex): Applied {
    const table = this.#tables[change.table] as Table<AnyRow, string>;
    if (change.op === 'remove')
      return { table: change.table, before: table.remove(change.key), after: undefined };
    const before = table.get(table.keyOf(change.row));
    const stamp: Stamp = { createIndex: before?.createIndex ?? index, modifyIndex: index };
    const after = Object.freeze({ ...change.row, ...stamp });
    table.put(after);
    return { table: change.table, before, after };
  }
}
