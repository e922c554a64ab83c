/**
 * Transactions: several operations on keys, nodes, services and checks, all or none of them.
 *
 * Every operation is tried, also behind one that failed, so that all errors are named at once. Operations see what the
 * ones before them did. Transactions that only read need no writer: `readTxn`.
 */
import type { Random } from '../lib/random.ts';
import { AppError } from '../model/errors.ts';
import type { ModifyIndex, Stamp } from '../model/types.ts';
import type { TxnCommand, TxnOperation } from './command.ts';
import { Draft, isSameContent, PENDING } from './draft.ts';
import type { ReduceContext, ResultOrReader } from './reduce-context.ts';
import { checkKey, nodeKey, serviceKey, TABLES, type View } from './tables.ts';
import { catalogProblem, isCatalogWrite, runCatalog } from './txn-catalog.ts';
import { isKvWrite, kvProblem, runKv } from './txn-kv.ts';
import type { TxnError, TxnOutcome, TxnResult } from './txn-outcome.ts';

/** Whether an operation may change something. */
export function isWrite(operation: TxnOperation): boolean {
  return operation.on === 'kv' ? isKvWrite(operation) : isCatalogWrite(operation);
}

function problemOf(view: View, operation: TxnOperation, nowMs: number): string | undefined {
  return operation.on === 'kv' ? kvProblem(view, operation, nowMs) : catalogProblem(operation);
}

function runAll(draft: Draft, operations: readonly TxnOperation[], context: ReduceContext): TxnOutcome {
  const problems = operations.flatMap((operation, at): TxnError[] => {
    const what = problemOf(draft.view, operation, context.nowMs);
    return what === undefined ? [] : [{ at, what }];
  });
  if (problems.length > 0) return { results: [], errors: problems };
  const results: TxnResult[] = [];
  const errors: TxnError[] = [];
  for (const [at, operation] of operations.entries()) {
    try {
      const rows =
        operation.on === 'kv' ? runKv(draft, operation, context) : runCatalog(draft, operation, context);
      results.push(...rows);
    } catch (refusal) {
      if (!(refusal instanceof AppError)) throw refusal;
      errors.push({ at, what: refusal.message });
    }
  }
  return { results: errors.length > 0 ? [] : results, errors };
}

/** The row that is installed now where a result's row was. */
function installedRow(result: TxnResult, view: View): Stamp | undefined {
  switch (result.on) {
    case 'kv':
      return view.kv.get(result.row.key);
    case 'node':
      return view.nodes.get(nodeKey(result.row.name));
    case 'service':
      return view.services.get(serviceKey(result.row.node, result.row.id));
    case 'check':
      return view.checks.get(checkKey(result.row.node, result.row.id));
  }
}

/** Rows of a draft have no stamps yet; take them from the rows that were installed, when those say the same. */
function withStamps(result: TxnResult, view: View): TxnResult {
  if (result.row.modifyIndex !== PENDING) return result;
  const installed = installedRow(result, view) as typeof result.row | undefined;
  if (!installed || !isSameContent(installed, result.row)) return result;
  return { ...result, row: installed } as TxnResult;
}

/** Reducer of `txn`. */
export function txn(
  draft: Draft,
  { operations }: TxnCommand,
  context: ReduceContext,
): ResultOrReader<TxnOutcome> {
  const own = new Draft(draft.view, TABLES);
  const { results, errors } = runAll(own, operations, context);
  if (errors.length > 0) return { results, errors };
  draft.absorb(own.changes);
  return (installed) => ({ results: results.map((result) => withStamps(result, installed)), errors });
}

/** Answer a transaction of reads from what is committed. Unknown verbs are among its errors. */
export function readTxn(
  view: View,
  operations: readonly TxnOperation[],
  nowMs: number,
  random: Random,
): TxnOutcome {
  return runAll(new Draft(view, TABLES), operations, { nowMs, random });
}

/** Rows that the transaction itself replaced or removed again have no stamp; they were written under `index`. */
export function stampOf(row: Stamp, index: ModifyIndex): Stamp {
  const stamp = (own: ModifyIndex): ModifyIndex => (own === PENDING ? index : own);
  return { createIndex: stamp(row.createIndex), modifyIndex: stamp(row.modifyIndex) };
}
