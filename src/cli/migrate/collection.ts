/**
 * One kind of thing that a migration copies, seen from both sides through the HTTP API that Consul and rollcall share.
 *
 * A new kind is a file with a Collection and its line in collections.ts.
 */
import type { Client } from '../client.ts';

/** One thing, as one side shows it. */
export interface Item {
  /** The same text on both sides when both say the same. */
  readonly content: string;
  /** As the API shows it. */
  readonly document: unknown;
}

export type Items = ReadonlyMap<string, Item>;

export interface Collection {
  /** In words, of many: `keys`. */
  readonly name: string;
  /** Parts that are read one after the other, so that not everything is in memory at once. */
  parts(side: Client): Promise<readonly string[]>;
  /** What a side has in a part, by what tells one from another. Rejects with AppError when it may not be read. */
  list(side: Client, part: string): Promise<Items>;
  /** Why a thing is not copied, in words that follow its number; undefined when it is. */
  leftOut?(item: Item): string | undefined;
  /** What people call a thing, where what tells one from another is a secret. */
  nameOf?(item: Item): string;
  put(target: Client, item: Item, existing: Item | undefined): Promise<void>;
  /** Take out what the source has no more; `item` as the target shows it. */
  remove(target: Client, item: Item): Promise<void>;
}

/** For what is read as a whole. */
export const oneList = async (): Promise<readonly string[]> => [''];

const INDEXES: ReadonlySet<string> = new Set(['CreateIndex', 'ModifyIndex', 'Hash', 'ContentHash']);

const isNothing = (value: unknown): boolean =>
  !value || (typeof value === 'object' && Object.keys(value).length === 0);

function compared(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(compared);
  if (typeof value !== 'object' || value === null) return value;
  const fields = Object.entries(value)
    .filter(([name]) => !INDEXES.has(name))
    .map(([name, item]) => [name, compared(item)] as const)
    .filter(([, item]) => !isNothing(item))
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(fields);
}

/** A document as text that does not depend on indexes, on the order of fields, or on how a version shows what is empty. */
export const contentOf = (document: unknown): string => JSON.stringify(compared(document));

/** The fields of a document that are named. */
export function pick(document: object, names: readonly string[]): Record<string, unknown> {
  const fields = document as Readonly<Record<string, unknown>>;
  return Object.fromEntries(names.filter((name) => name in fields).map((name) => [name, fields[name]]));
}
