/**
 * What the main thread and the database thread say to each other.
 *
 * Rows travel as JSON text: the main thread writes it once, the database thread only binds it. Requests travel several
 * at a time, because commits that wait together share one transaction and so one fsync; each is answered on its own.
 */
import type { ErrorCode } from '../model/errors.ts';
import type { ModifyIndex } from '../model/types.ts';

/** The stores in one file; each counts its own index. */
export type StoreName = 'catalog' | 'agent';

export interface EncodedChange {
  readonly table: string;
  readonly key: string;
  /** Null removes it. */
  readonly row: string | null;
}

export interface StoredRow {
  readonly key: string;
  readonly row: string;
  readonly createIndex: ModifyIndex;
  readonly modifyIndex: ModifyIndex;
}

/** Some rows of a table, in the order in which they were put first. */
export interface StoredPage {
  readonly index: ModifyIndex;
  readonly rows: readonly StoredRow[];
  /** What to ask for next; undefined at the end of the table. */
  readonly next: number | undefined;
}

export interface LoadRequest {
  readonly kind: 'load';
  readonly store: StoreName;
  readonly table: string;
  /** 0, or the `next` of the page before. */
  readonly from: number;
}

export interface CommitRequest {
  readonly kind: 'commit';
  readonly store: StoreName;
  readonly batch: readonly (readonly EncodedChange[])[];
  /** The index that the batch follows on. */
  readonly after: ModifyIndex;
  /** Number of the pieces that went ahead of it; what they hold comes first in each write. */
  readonly pieces?: number | undefined;
}

/** A piece of a large commit that follows. It is kept in memory and thrown away when another commit begins. */
export interface StageRequest {
  readonly kind: 'stage';
  readonly store: StoreName;
  /** Counts the pieces of one commit, from 0. */
  readonly piece: number;
  /** Which write of the batch the changes belong to. */
  readonly write: number;
  readonly changes: readonly EncodedChange[];
}

/** The newest index of a store. */
export interface IndexRequest {
  readonly kind: 'index';
  readonly store: StoreName;
}

export interface CloseRequest {
  readonly kind: 'close';
}

export type DatabaseRequest = { readonly id: number } & (
  | LoadRequest
  | StageRequest
  | CommitRequest
  | IndexRequest
  | CloseRequest
);

export interface DatabaseResults {
  load: StoredPage;
  stage: null;
  /** The newest index afterwards. */
  commit: ModifyIndex;
  index: ModifyIndex;
  close: null;
}

export type DatabaseReply =
  | { readonly id: number; readonly ok: DatabaseResults[keyof DatabaseResults] }
  | {
      readonly id: number;
      readonly code: ErrorCode;
      readonly message: string;
      /** The disk failed while it was to make a commit durable: it may be on it nevertheless. */
      readonly isUncertain: boolean;
    };
