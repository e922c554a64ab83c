/**
 * What a transaction gives back: the rows that its operations named, or which of them failed and why.
 */
import type { CheckRow, KvRow, NodeRow, ServiceRow } from '../model/types.ts';

export type TxnResult =
  /** The value is shown by the verbs that read it only. */
  | { readonly on: 'kv'; readonly row: KvRow; readonly isValueShown: boolean }
  | { readonly on: 'node'; readonly row: NodeRow }
  | { readonly on: 'service'; readonly row: ServiceRow }
  | { readonly on: 'check'; readonly row: CheckRow };

export interface TxnError {
  /** Position of the operation, from 0. */
  readonly at: number;
  readonly what: string;
}

export interface TxnOutcome {
  /** Empty when there are errors. */
  readonly results: readonly TxnResult[];
  readonly errors: readonly TxnError[];
}
