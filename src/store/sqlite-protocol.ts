/**
 * What the main thread and the database thread say to each other.
 *
 * Rows travel as JSON text: the main thread writes it once, the database thread only binds it.
 */
import type { TableName } from '../catalog/tables.ts';
import type { ErrorCode } from '../model/errors.ts';
import type { ModifyIndex } from '../model/types.ts';

export type EncodedChange =
  | { readonly table: TableName; readonly key: string; readonly row: string }
  | { readonly table: TableName; readonly key: string; readonly row: null };

export interface StoredRow {
  readonly row: string;
  readonly createIndex: ModifyIndex;
  readonly modifyIndex: ModifyIndex;
}

export interface StoredRows {
  readonly index: ModifyIndex;
  readonly tables: readonly { readonly table: TableName; readonly rows: readonly StoredRow[] }[];
}

export type DatabaseRequest =
  | { readonly id: number; readonly kind: 'load' }
  | { readonly id: number; readonly kind: 'commit'; readonly batch: readonly (readonly EncodedChange[])[] }
  | { readonly id: number; readonly kind: 'close' };

export interface DatabaseResults {
  load: StoredRows;
  commit: readonly ModifyIndex[];
  close: null;
}

export type DatabaseReply =
  | { readonly id: number; readonly ok: DatabaseResults[keyof DatabaseResults] }
  | { readonly id: number; readonly code: ErrorCode; readonly message: string };
