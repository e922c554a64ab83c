/**
 * A write that is larger than one transaction, cut into pieces that each fit into one; pure.
 *
 * A piece is the text of some of the write's changes, in order and with their stamps. It is stored as it is, read by
 * whoever follows, and becomes rows by the operations that `foldPiece` gives. Doing these again changes nothing.
 */
import type { Write } from '../../catalog/persistence.ts';
import type { Change } from '../../catalog/state.ts';
import type { Kinds, TableSpecs } from '../../catalog/table-set.ts';
import { AppError } from '../../model/errors.ts';
import type { ModifyIndex } from '../../model/types.ts';
import { type BatchParts, type Draft, draftOf, hiddenOf, OPERATION_BYTES, tableKeyOf } from './etcd-batch.ts';
import { type HiddenChange, type Layout, readHidden } from './etcd-layout.ts';
import type { TxnRequest } from './etcd-messages.ts';

export interface PieceLimits {
  /** Operations and octets of one transaction that are there for a piece. */
  readonly maxOperations: number;
  readonly maxBytes: number;
}

/** What a piece may not be larger than, and is because of one row. */
export interface RowTooLarge {
  readonly table: string;
  readonly key: string;
  readonly bytes: number;
}

/** What the submitter of such a row reads. */
export function rowTooLarge({ table, key, bytes }: RowTooLarge, { maxBytes }: PieceLimits): AppError {
  const what = `${table} ${JSON.stringify(key)} is too large for the store`;
  return new AppError('invalid_command', `${what}: it has ${bytes} octets, etcd takes ${maxBytes} at once`);
}

/** The text of all changes of a write that gets `index`, in pieces, or the row that is larger than one. Lazy. */
export function* cutIntoPieces<K extends Kinds>(
  parts: BatchParts<K>,
  write: Write<K>,
  index: ModifyIndex,
  limits: PieceLimits,
): Generator<Buffer | RowTooLarge> {
  const before = new Map<string, Draft>();
  let texts: string[] = [];
  let total = 0;
  for (const change of write) {
    const key = tableKeyOf(parts.specs, change);
    const name = `${change.table}/${key}`;
    const draft = draftOf(parts, change, index, before.get(name));
    before.set(name, draft);
    const text = JSON.stringify(hiddenOf(draft));
    const bytes = Buffer.byteLength(text) + parts.layout.rowKey(change.table, key).length + OPERATION_BYTES;
    if (bytes > limits.maxBytes) {
      yield { table: change.table, key, bytes };
      return;
    }
    if (total + bytes > limits.maxBytes || texts.length === limits.maxOperations) {
      yield Buffer.from(`[${texts.join(',')}]`);
      [texts, total] = [[], 0];
    }
    texts.push(text);
    total += bytes;
  }
  if (texts.length > 0) yield Buffer.from(`[${texts.join(',')}]`);
}

/** Keys of rows that a write puts as new ones, whether or not they are. */
export function unstampedKeys<K extends Kinds>(
  { layout, specs }: BatchParts<K>,
  write: Write<K>,
): readonly Buffer[] {
  const keys = new Map<string, Buffer>();
  for (const change of write) {
    if (change.op !== 'put' || change.row.createIndex > 0) continue;
    const key = tableKeyOf(specs, change);
    keys.set(`${change.table}/${key}`, layout.rowKey(change.table, key));
  }
  return [...keys.values()];
}

const parse = (piece: Buffer): readonly HiddenChange[] =>
  JSON.parse(piece.toString('utf8')) as readonly HiddenChange[];

/** The changes in a piece that are of tables of this version. Throws when it is no JSON. */
export function changesOfPiece<K extends Kinds>(specs: TableSpecs<K>, piece: Buffer): readonly Change<K>[] {
  return parse(piece).flatMap((each) => readHidden(specs, each) ?? []);
}

/** The operations that make rows of a piece, each key once. Throws when it is no JSON. */
export function foldPiece<K extends Kinds>(
  layout: Layout,
  specs: TableSpecs<K>,
  piece: Buffer,
): NonNullable<TxnRequest['success']> {
  const last = new Map<string, NonNullable<TxnRequest['success']>[number]>();
  for (const change of changesOfPiece(specs, piece)) {
    const key = layout.rowKey(change.table, tableKeyOf(specs, change));
    const value = change.op === 'put' ? Buffer.from(JSON.stringify(change.row)) : undefined;
    last.set(key.toString('utf8'), value ? { put: { key, value } } : { deleteRange: { key } });
  }
  return [...last.values()];
}
