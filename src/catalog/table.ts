/**
 * One kind of row in memory: a map by primary key and one map of rows for each secondary index.
 *
 * Rows are never changed in place, so every reader may keep what it was given. `by` and `get` are Map lookups.
 * A table that is asked for prefixes keeps its keys sorted from then on (an insert costs a binary search and one
 * memmove). Knows nothing of commits or commands: see state.ts and draft.ts.
 */

export type IndexValue = string | readonly string[] | undefined;

export interface TableSpec<Row, Index extends string> {
  readonly key: (row: Row) => string;
  /** Value of a row in an index, or several; undefined leaves the row out of it. */
  readonly indexes: { readonly [I in Index]: (row: Row) => IndexValue };
  /** A row as it is kept, made of one that came as JSON; one that is kept already stays what it is. */
  readonly revive?: (row: Row) => Row;
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
  /** Their keys; of a million it takes milliseconds. */
  keysWithPrefix(prefix: string): readonly string[];
}

/** Rows with one value in an index. Most values have one row, which is then kept without a map of its own. */
type Bucket<Row> = Row | Map<string, Row>;

const NO_ROWS: readonly never[] = [];

function rowsOf<Row>(bucket: Bucket<Row> | undefined): Iterable<Row> {
  if (bucket === undefined) return NO_ROWS;
  return bucket instanceof Map ? bucket.values() : [bucket];
}

function takeFrom<Row>(buckets: Map<string, Bucket<Row>>, value: string, key: string): void {
  const bucket = buckets.get(value);
  if (!(bucket instanceof Map)) buckets.delete(value);
  else if (bucket.delete(key) && bucket.size === 0) buckets.delete(value);
}

/** Position of the first entry of the sorted `keys` that is not below `key`. */
export function lowerBound(keys: readonly string[], key: string): number {
  let low = 0;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((keys[middle] as string) < key) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Position behind the last of the sorted `keys` that starts with `prefix`; `first` is where these begin. */
export function endOfPrefix(keys: readonly string[], prefix: string, first: number): number {
  let low = first;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((keys[middle] as string).startsWith(prefix)) low = middle + 1;
    else high = middle;
  }
  return low;
}

export class Table<Row extends object, Index extends string> implements TableView<Row, Index> {
  readonly #spec: TableSpec<Row, Index>;
  readonly #rows = new Map<string, Row>();
  readonly #indexes: readonly {
    indexValue: (row: Row) => IndexValue;
    buckets: Map<string, Bucket<Row>>;
  }[];
  readonly #bucketsOf: ReadonlyMap<string, Map<string, Bucket<Row>>>;
  #sortedKeys: string[] | undefined;

  constructor(spec: TableSpec<Row, Index>) {
    this.#spec = spec;
    const named = (Object.keys(spec.indexes) as Index[]).map((name) => ({
      name,
      indexValue: spec.indexes[name],
      buckets: new Map<string, Bucket<Row>>(),
    }));
    this.#indexes = named;
    this.#bucketsOf = new Map(named.map(({ name, buckets }) => [name, buckets]));
  }

  get size(): number {
    return this.#rows.size;
  }

  /** The row as it would be kept. */
  revived(row: Row): Row {
    return this.#spec.revive?.(row) ?? row;
  }

  keyOf(row: Row): string {
    return this.#spec.key(row);
  }

  get(key: string): Row | undefined {
    return this.#rows.get(key);
  }

  by(index: Index, value: string): Iterable<Row> {
    return rowsOf(this.#bucketsOf.get(index)?.get(value));
  }

  values(): Iterable<Row> {
    return this.#rows.values();
  }

  #sorted(): string[] {
    this.#sortedKeys ??= [...this.#rows.keys()].sort();
    return this.#sortedKeys;
  }

  keysWithPrefix(prefix: string): readonly string[] {
    const keys = this.#sorted();
    const first = lowerBound(keys, prefix);
    return keys.slice(first, endOfPrefix(keys, prefix, first));
  }

  *withPrefix(prefix: string): Iterable<Row> {
    const keys = this.#sorted();
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
      if (typeof value === 'string') this.#addTo(buckets, value, row);
      else if (value) for (const each of new Set(value)) this.#addTo(buckets, each, row);
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
      if (typeof value === 'string') takeFrom(buckets, value, key);
      else if (value) for (const each of new Set(value)) takeFrom(buckets, each, key);
    }
  }

  #addTo(buckets: Map<string, Bucket<Row>>, value: string, row: Row): void {
    const bucket = buckets.get(value);
    if (bucket === undefined) buckets.set(value, row);
    else if (bucket instanceof Map) bucket.set(this.#spec.key(row), row);
    else buckets.set(value, new Map([[this.#spec.key(bucket), bucket]]).set(this.#spec.key(row), row));
  }
}
