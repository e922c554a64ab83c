/**
 * Everything that is committed, in memory: the only thing that DNS and HTTP reads look at.
 *
 * `install` and `replace` are called by the installer with what the store has made durable, `adopt` by the mirror of a
 * client agent with what a server told, and by nobody else; between two of them readers see one consistent state. Rows are stamped here: a replaced row keeps its createIndex.
 */
import type { ModifyIndex, Stamp } from '../model/types.ts';
import { Table } from './table.ts';
import {
  type Kinds,
  type RowOf,
  type TableNameOf,
  type TableSpecs,
  tableNames,
  type ViewOf,
} from './table-set.ts';
import type { CatalogKinds } from './tables.ts';

/**
 * A row that is put. Its `createIndex` is that of the row it replaces, and not above 0 when it replaces none or one that
 * the same batch has made; its `modifyIndex` means nothing before it is installed.
 */
export type PutChange<K extends Kinds = CatalogKinds> = {
  [T in TableNameOf<K>]: { readonly op: 'put'; readonly table: T; readonly row: K[T]['row'] };
}[TableNameOf<K>];
export interface RemoveChange<K extends Kinds = CatalogKinds> {
  readonly op: 'remove';
  readonly table: TableNameOf<K>;
  readonly key: string;
}
/** One row replaced or removed. */
export type Change<K extends Kinds = CatalogKinds> = PutChange<K> | RemoveChange<K>;

/** A change as it was applied: what was there, what is there now. */
export interface Applied<K extends Kinds = CatalogKinds> {
  readonly table: TableNameOf<K>;
  readonly before: RowOf<K> | undefined;
  readonly after: RowOf<K> | undefined;
}

type Tables<K extends Kinds> = { readonly [T in TableNameOf<K>]: Table<RowOf<K>, string> };

export class State<K extends Kinds = CatalogKinds> {
  readonly #names: readonly TableNameOf<K>[];
  readonly #tables: Tables<K>;
  #index: ModifyIndex = 0;

  constructor(specs: TableSpecs<K>) {
    this.#names = tableNames(specs);
    const tables = this.#names.map((name) => [name, new Table(specs[name] as never)]);
    this.#tables = Object.fromEntries(tables) as Tables<K>;
  }

  /** The committed rows. */
  get view(): ViewOf<K> {
    return this.#tables as unknown as ViewOf<K>;
  }

  /** Index of the newest installed write. */
  get index(): ModifyIndex {
    return this.#index;
  }

  /** Take over rows that carry their stamps already (loaded from a store, or sent by another thread). */
  load(rows: Iterable<PutChange<K>>, index: ModifyIndex): void {
    for (const { table, row } of rows) this.#put(table, row);
    this.#index = Math.max(this.#index, index);
  }

  /** Apply the changes of one write under its index, in order. */
  install(changes: readonly Change<K>[], index: ModifyIndex): readonly Applied<K>[] {
    this.#index = index;
    return changes.map((change) => this.#apply(change, index));
  }

  /**
   * Become these rows, stamps and all, at `index`; what was applied is only what differs. A row with the same stamps is
   * the same row, because an index is handed out once, and stays the object that it is. O(rows).
   */
  replace(rows: Iterable<PutChange<K>>, index: ModifyIndex): readonly Applied<K>[] {
    const applied: Applied<K>[] = [];
    const wanted = new Map<TableNameOf<K>, Map<string, RowOf<K>>>(
      this.#names.map((name) => [name, new Map()]),
    );
    for (const { table, row } of rows) wanted.get(table)?.set(this.#tables[table].keyOf(row), row);
    for (const name of this.#names) {
      const table = this.#tables[name];
      const rowsOfTable = wanted.get(name) as Map<string, RowOf<K>>;
      for (const before of [...table.values()]) {
        const key = table.keyOf(before);
        if (!rowsOfTable.has(key)) applied.push({ table: name, before: table.remove(key), after: undefined });
      }
      for (const [key, row] of rowsOfTable) {
        const before = table.get(key);
        if (before !== undefined && isSameStamp(before, row)) continue;
        applied.push({ table: name, before, after: this.#put(name, row) });
      }
    }
    this.#index = index;
    return applied;
  }

  /** Take over changes of rows that carry their stamps already, in order; `index` is how far their source is. */
  adopt(changes: Iterable<Change<K>>, index: ModifyIndex): readonly Applied<K>[] {
    this.#index = Math.max(this.#index, index);
    return Array.from(changes, (change) => this.#adopt(change));
  }

  #adopt(change: Change<K>): Applied<K> {
    const { table } = change;
    if (change.op === 'remove')
      return { table, before: this.#tables[table].remove(change.key), after: undefined };
    const before = this.#tables[table].get(this.#tables[table].keyOf(change.row));
    return { table, before, after: this.#put(table, change.row) };
  }

  #apply(change: Change<K>, index: ModifyIndex): Applied<K> {
    const table = this.#tables[change.table];
    if (change.op === 'remove')
      return { table: change.table, before: table.remove(change.key), after: undefined };
    const before = table.get(table.keyOf(change.row));
    const stamp: Stamp = { createIndex: before?.createIndex ?? index, modifyIndex: index };
    const after = this.#put(change.table, { ...change.row, ...stamp });
    return { table: change.table, before, after };
  }

  #put(name: TableNameOf<K>, row: RowOf<K>): RowOf<K> {
    const table = this.#tables[name];
    const kept = Object.freeze(table.revived(row));
    table.put(kept);
    return kept;
  }
}

function isSameStamp(a: Stamp, b: Stamp): boolean {
  return a.modifyIndex === b.modifyIndex && a.createIndex === b.createIndex;
}
