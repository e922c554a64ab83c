/**
 * What a command would change, laid over a view that stays untouched.
 *
 * Commands of one batch are reduced one after the other before anything is committed; each must see what the ones
 * before it will have done. Writing the same content again records nothing, so an idempotent write moves no index.
 * Rows in a draft carry the modifyIndex PENDING: no client can know it, so no compare-and-set can match it.
 */
import { isSame } from '../lib/same.ts';
import type { ModifyIndex, Stamp } from '../model/types.ts';
import type { Change, PutChange } from './state.ts';
import { Table, type TableSpec, type TableView } from './table.ts';
import {
  type Kinds,
  type RowOf,
  type TableNameOf,
  type TableSpecs,
  tableNames,
  type ViewOf,
} from './table-set.ts';
import type { CatalogKinds } from './tables.ts';

/** The modifyIndex of a row whose write is not committed yet. */
export const PENDING: ModifyIndex = -1;

/** Whether two rows say the same, their stamps aside. */
export function isSameContent(a: Stamp, b: Stamp): boolean {
  if (a === b) return true;
  const stamp = { createIndex: 0, modifyIndex: 0 };
  return isSame({ ...a, ...stamp }, { ...b, ...stamp });
}

class DraftTable<Row extends Stamp> implements TableView<Row, string> {
  readonly #base: TableView<Row, string>;
  readonly #spec: TableSpec<Row, string>;
  /** Made by the first write: a command writes to one or two tables, and every command has a draft. */
  #over: Table<Row, string> | undefined;
  #gone: Set<string> | undefined;

  constructor(base: TableView<Row, string>, spec: TableSpec<Row, string>) {
    this.#base = base;
    this.#spec = spec;
  }

  get size(): number {
    return [...this.values()].length;
  }

  get(key: string): Row | undefined {
    return this.#over?.get(key) ?? (this.#gone?.has(key) ? undefined : this.#base.get(key));
  }

  *by(index: string, value: string): Iterable<Row> {
    yield* this.#untouched(this.#base.by(index, value));
    if (this.#over) yield* this.#over.by(index, value);
  }

  *values(): Iterable<Row> {
    yield* this.#untouched(this.#base.values());
    if (this.#over) yield* this.#over.values();
  }

  *withPrefix(prefix: string): Iterable<Row> {
    const { key: keyOf } = this.#spec;
    const over = this.#over?.withPrefix(prefix) ?? [];
    const rows = [...this.#untouched(this.#base.withPrefix(prefix)), ...over];
    yield* rows.sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
  }

  keysWithPrefix(prefix: string): readonly string[] {
    return Array.from(this.withPrefix(prefix), this.#spec.key);
  }

  put(row: Row): void {
    this.#over ??= new Table(this.#spec);
    this.#over.put(row);
  }

  remove(key: string): void {
    this.#over?.remove(key);
    this.#gone ??= new Set();
    this.#gone.add(key);
  }

  *#untouched(rows: Iterable<Row>): Iterable<Row> {
    for (const row of rows) {
      const key = this.#spec.key(row);
      if (!this.#gone?.has(key) && this.#over?.get(key) === undefined) yield row;
    }
  }
}

type DraftTables<K extends Kinds> = { readonly [T in TableNameOf<K>]: DraftTable<RowOf<K>> };

export class Draft<K extends Kinds = CatalogKinds> {
  readonly #specs: TableSpecs<K>;
  readonly #tables: DraftTables<K>;
  readonly #changes: Change<K>[] = [];

  constructor(base: ViewOf<K>, specs: TableSpecs<K>) {
    this.#specs = specs;
    const tables: Partial<Record<string, DraftTable<RowOf<K>>>> = {};
    for (const name of tableNames(specs))
      tables[name] = new DraftTable(base[name] as TableView<RowOf<K>, string>, specs[name] as never);
    this.#tables = tables as DraftTables<K>;
  }

  /** The base as it will look once this draft is committed. */
  get view(): ViewOf<K> {
    return this.#tables as unknown as ViewOf<K>;
  }

  get changes(): readonly Change<K>[] {
    return this.#changes;
  }

  /** Insert or replace a row; returns false when the same content is there already. */
  put<T extends TableNameOf<K>>(table: T, given: K[T]['row']): boolean {
    const over = this.#tables[table];
    const row = this.#specs[table].revive?.(given) ?? given;
    const before = over.get(this.#specs[table].key(row));
    if (before !== undefined && isSameContent(before, row)) return false;
    const stamp: Stamp = { createIndex: before?.createIndex ?? PENDING, modifyIndex: PENDING };
    const stamped = Object.freeze({ ...row, ...stamp });
    over.put(stamped);
    this.#changes.push({ op: 'put', table, row: stamped } as PutChange<K>);
    return true;
  }

  /** Remove a row; returns false when it is not there. */
  remove(table: TableNameOf<K>, key: string): boolean {
    if (this.#tables[table].get(key) === undefined) return false;
    this.#tables[table].remove(key);
    this.#changes.push({ op: 'remove', table, key });
    return true;
  }

  /** Take over what another draft on top of this one recorded: those rows are what this one's view needs already. */
  absorb(changes: readonly Change<K>[]): void {
    for (const change of changes) {
      if (change.op === 'remove') this.#tables[change.table].remove(change.key);
      else this.#tables[change.table].put(change.row);
      this.#changes.push(change);
    }
  }
}
