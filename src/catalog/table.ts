/**
 * One kind of row in memory: a map by primary key and one map of rows for each secondary index.
 *
 * Rows are never changed in place, so every reader may keep what it was given. `by` and `get` are Map lookups.
 * A table that is asked for prefixes keeps its keys sorted from then on (an insert costs a binary search and one
 * memmove). Knows nothing of commits or commands: see state.ts and draft.ts.
 */

export interface TableSpec<Row, Index extends string> {
  readonly key: (row: Row) => string;
  /** Value of a row in an index; undefined leaves the row out of it. */
  readonly indexes: { readonly [I in Index]: (row: Row) => string | undefined };
}

/** What readers may do with a table. */
export interface TableView<Row, Index extends string> {
  readonly size: number;
  get(key: string): Row | undefined;
  /** Rows whose index value equals `value`, in no particular order; empty when there are none. */
  by(index: Index, value: string): Iterable<Row>;
  values(): Iterable<Row>;
  /** Rows whose primary key starts with `prefix`, in the order of their keys. */
  withPrefix(prefix: string): Iterable<Row>;
}

const NO_ROWS: ReadonlyMap<string, never> = new Map<string, never>();

/** Position of the first entry of the sorted `keys` that is not below `key`. */
function lowerBound(keys: readonly string[], key: string): number {
  let low = 0;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((keys[middle] as string) < key) low = middle + 1;
    else high = middle;
  }
  return low;
}

export class Table<Row, Index extends string> implements TableView<Row, Index> {
  readonly #spec: TableSpec<Row, Index>;
  readonly #rows = new Map<string, Row>();
  readonly #indexes: readonly {
    indexValue: (row: Row) => string | undefined;
    buckets: Map<string, Map<string, Row>>;
  }[];
  readonly #bucketsOf: ReadonlyMap<string, Map<string, Map<string, Row>>>;
  #sortedKeys: string[] | undefined;

  constructor(spec: TableSpec<Row, Index>) {
    this.#spec = spec;
    const named = (Object.keys(spec.indexes) as Index[]).map((name) => ({
      name,
      indexValue: spec.indexes[name],
      buckets: new Map<string, Map<string, Row>>(),
    }));
    this.#indexes = named;
    this.#bucketsOf = new Map(named.map(({ name, buckets }) => [name, buckets]));
  }

  get size(): number {
    return this.#rows.size;
  }

  keyOf(row: Row): string {
    return this.#spec.key(row);
  }

  get(key: string): Row | undefined {
    return this.#rows.get(key);
  }

  by(index: Index, value: string): Iterable<Row> {
    return (this.#bucketsOf.get(index)?.get(value) ?? NO_ROWS).values();
  }

  values(): Iterable<Row> {
    return this.#rows.values();
  }

  *withPrefix(prefix: string): Iterable<Row> {
    this.#sortedKeys ??= [...this.#rows.keys()].sort();
    const keys = this.#sortedKeys;
    for (let at = lowerBound(keys, prefix); at < keys.length; at += 1) {
      const key = keys[at] as string;
      if (!key.startsWith(prefix)) return;
      yield this.#rows.get(key) as Row;
    }
  }

  /** Insert or replace; returns the row that was there before. */
  put(row: Row): Row | undefined {
    const key = this.#spec.key(row);
    const before = this.#rows.get(key);
    if (before !== undefined) this.#unindex(key, before);
    else if (this.#sortedKeys) this.#sortedKeys.splice(lowerBound(this.#sortedKeys, key), 0, key);
    this.#rows.set(key, row);
    for (const { indexValue, buckets } of this.#indexes) {
      const value = indexValue(row);
      if (value === undefined) continue;
      const bucket = buckets.get(value);
      if (bucket) bucket.set(key, row);
      else buckets.set(value, new Map([[key, row]]));
    }
    return before;
  }

  /** Remove; returns the row that was there. */
  remove(key: string): Row | undefined {
    const before = this.#rows.get(key);
    if (before === undefined) return undefined;
    this.#unindex(key, before);
    this.#rows.delete(key);
    if (this.#sortedKeys) this.#sortedKeys.splice(lowerBound(this.#sortedKeys, key), 1);
    return before;
  }

  #unindex(key: string, row: Row): void {
    for (const { indexValue, buckets } of this.#indexes) {
      const value = indexValue(row);
      if (value === undefined) continue;
      const bucket = buckets.get(value);
      bucket?.delete(key);
      if (bucket?.size === 0) buckets.delete(value);
    }
  }
}
