/**
 * Where the catalog lies in etcd: one key a row below a prefix (`/rollcall/dc1/services/…`), its JSON with both stamps as
 * the value, and two keys of bookkeeping.
 *
 * `meta/index` holds the newest index and is part of every commit, so that its revision in etcd stands for "nothing was
 * written since". What the final rows of a commit cannot tell lies in it too: removals with their indexes, and rows that
 * the same commit replaced again. So whoever follows sees every write whole, as it was made. `meta/writers/ID` holds the
 * last commit of each server, which outlives commits of others: that is how a lost reply is found out. Below `staged/` lie
 * the pieces of a write that is larger than one transaction (etcd-staging.ts).
 */
import type { Change, PutChange } from '../../catalog/state.ts';
import type { Kinds, TableNameOf, TableSpecs } from '../../catalog/table-set.ts';
import type { ModifyIndex } from '../../model/types.ts';

/** A change as text: beside rows, or waiting to become one. */
export interface HiddenChange {
  readonly index: ModifyIndex;
  readonly table: string;
  /** A removal. */
  readonly key?: string;
  /** A row that a later change of the same commit replaced or removed. */
  readonly row?: object;
}

/** The value of `meta/index`. */
export interface MetaRecord {
  readonly index: ModifyIndex;
  /** Index of the first write of the newest commit. */
  readonly first: ModifyIndex;
  readonly hidden: readonly HiddenChange[];
  /** The newest write was too large for one commit: its changes lie in pieces under this name (etcd-staging.ts). */
  readonly staged?: string;
}

/** The first key after all that begin with a prefix, which ends in a slash. */
export function endOfPrefix(prefix: Buffer): Buffer {
  const end = Buffer.from(prefix);
  end[end.length - 1] = (end.at(-1) as number) + 1;
  return end;
}

/** Keys below one prefix. */
export class Layout {
  readonly prefix: string;
  readonly metaKey: Buffer;
  /** The range of everything. */
  readonly start: Buffer;
  readonly end: Buffer;

  constructor(prefix: string) {
    this.prefix = prefix.endsWith('/') ? prefix : `${prefix}/`;
    this.start = Buffer.from(this.prefix);
    this.end = endOfPrefix(this.start);
    this.metaKey = Buffer.from(`${this.prefix}meta/index`);
  }

  writerKey(writer: string): Buffer {
    return Buffer.from(`${this.prefix}meta/writers/${writer}`);
  }

  rowKey(table: string, key: string): Buffer {
    return Buffer.from(`${this.prefix}${table}/${key}`);
  }

  /** What all pieces of one staged write begin with; of every staged write when it has no name. */
  stagedPrefix(name?: string): Buffer {
    return Buffer.from(`${this.prefix}staged/${name === undefined ? '' : `${name}/`}`);
  }

  /** Pieces sort by their numbers. */
  pieceKey(name: string, number: number): Buffer {
    return Buffer.from(`${this.stagedPrefix(name)}${String(number).padStart(8, '0')}`);
  }

  /** Table and key of a row; undefined for keys that are no rows. */
  rowOf(key: Buffer): { readonly table: string; readonly key: string } | undefined {
    const rest = key.toString('utf8', this.start.length);
    const slash = rest.indexOf('/');
    if (slash < 0) return undefined;
    return { table: rest.slice(0, slash), key: rest.slice(slash + 1) };
  }

  isMeta(key: Buffer): boolean {
    return key.equals(this.metaKey);
  }
}

export function readMeta(value: Buffer): MetaRecord {
  return JSON.parse(value.toString('utf8')) as MetaRecord;
}

/** The row in a value; undefined when the table is none of this version's. */
export function readRow<K extends Kinds>(
  specs: TableSpecs<K>,
  table: string,
  value: Buffer,
): PutChange<K> | undefined {
  if (!Object.hasOwn(specs, table)) return undefined;
  return { op: 'put', table, row: JSON.parse(value.toString('utf8')) } as unknown as PutChange<K>;
}

/** A change that only `meta/index` tells of; undefined when the table is none of this version's. */
export function readHidden<K extends Kinds>(
  specs: TableSpecs<K>,
  { table, key, row }: HiddenChange,
): Change<K> | undefined {
  if (!Object.hasOwn(specs, table)) return undefined;
  if (row !== undefined) return { op: 'put', table, row } as unknown as PutChange<K>;
  return { op: 'remove', table: table as TableNameOf<K>, key: key ?? '' };
}
