/**
 * /v1/txn: several operations, all or none. The rules are catalog/txn.ts's.
 *
 * A body that only reads is answered from memory, and its answer says so by the fields that reads have. A transaction
 * that fails is a 409 with every operation that is at fault.
 */

import { isWrite, readTxn } from '../../catalog/txn.ts';
import type { TxnError, TxnOutcome } from '../../catalog/txn-outcome.ts';
import { AppError } from '../../model/errors.ts';
import { KvValue } from '../../model/kv-value.ts';
import type { ModifyIndex } from '../../model/types.ts';
import { byBody } from '../access/permission.ts';
import type { Right } from '../access/right.ts';
import { operationRights, resultRights } from '../access/write-rights.ts';
import type { Call, Reply } from '../call-and-reply.ts';
import type { Document } from '../documents/row-documents.ts';
import { resultDocument, type TxnInput, txnInput } from '../documents/txn-document.ts';
import type { HttpParts } from '../http-parts.ts';
import { LEADER } from '../place.ts';
import type { Prepare, Route } from '../route.ts';

type May = (right: Right) => boolean;

/** Operations in one transaction. */
const MAX_OPERATIONS = 64;

const READ_HEADERS = { 'X-Consul-KnownLeader': 'true', 'X-Consul-LastContact': '0' };
const READ_FIELDS = { Index: 0, LastContact: 0, KnownLeader: true, ConsistencyLevel: '' };

/** The body, refused with the words of this route. */
function inputOf(call: Call): TxnInput {
  try {
    return txnInput(call.body);
  } catch (cause) {
    if (!(cause instanceof AppError) || cause.code !== 'bad_request') throw cause;
    const why = cause.message.replace(/^Request decode failed: /, '');
    throw new AppError('bad_request', `Failed to parse body: ${why}`, { cause });
  }
}

function requireSize({ count, operations }: TxnInput, maxValueBytes: number): void {
  if (count > MAX_OPERATIONS) {
    const text = `Transaction contains too many operations (${count} > ${MAX_OPERATIONS})`;
    throw new AppError('too_large', text);
  }
  for (const operation of operations) {
    if (operation.on !== 'kv') continue;
    const bytes = KvValue.from(operation.value)?.size ?? 0;
    if (bytes > maxValueBytes)
      throw new AppError(
        'too_large',
        `Value for key "${operation.key}" is too large (${bytes} > ${maxValueBytes} bytes)`,
      );
  }
}

function documentOf(outcome: TxnOutcome, datacenter: string, index: ModifyIndex): Document {
  const { results, errors } = outcome;
  if (errors.length > 0)
    return { Results: null, Errors: errors.map(({ at, what }) => ({ OpIndex: at, What: what })) };
  return { Results: results.map((result) => resultDocument(result, datacenter, index)), Errors: null };
}

/** Errors count positions among the operations; the client counts those in its body. */
function inBody({ positions, errors: refused }: TxnInput, { results, errors }: TxnOutcome): TxnOutcome {
  const all: readonly TxnError[] = [
    ...refused,
    ...errors.map(({ at, what }) => ({ at: positions[at] ?? at, what })),
  ];
  return { results, errors: [...all].sort((a, b) => a.at - b.at) };
}

function replyOf(outcome: TxnOutcome, value: Document, headers?: Readonly<Record<string, string>>): Reply {
  return { status: outcome.errors.length > 0 ? 409 : 200, value, headers };
}

/** Operations that need a right which their asker lacks, as errors. */
function refusals({ positions, operations }: TxnInput, { state }: HttpParts, may: May): TxnOutcome {
  const errors = operations.flatMap((operation, at): TxnError[] =>
    operationRights(state.view, operation).every(may)
      ? []
      : [{ at: positions[at] ?? at, what: 'Permission denied' }],
  );
  return { results: [], errors };
}

/** Rows that may not be seen are left out without a sign, as everywhere. */
function shown({ results, errors }: TxnOutcome, may: May): TxnOutcome {
  return { results: results.filter((result) => resultRights(result).every(may)), errors };
}

function read(input: TxnInput, { state, clock, random, datacenter }: HttpParts, may: May): Reply {
  const found = shown(readTxn(state.view, input.operations, clock.now(), random), may);
  const outcome = inBody(input, found);
  const document = { ...documentOf(outcome, datacenter, state.index), ...READ_FIELDS };
  return replyOf(outcome, document, READ_HEADERS);
}

async function write(input: TxnInput, { writer, datacenter }: HttpParts, may: May): Promise<Reply> {
  const { operations, errors } = input;
  if (errors.length > 0) {
    const refused = { results: [], errors };
    return replyOf(refused, documentOf(refused, datacenter, 0));
  }
  const { result, index } = await writer.submit({ kind: 'txn', operations });
  const outcome = inBody(input, shown(result, may));
  return replyOf(outcome, documentOf(outcome, datacenter, index));
}

const transact: Prepare = (call, parts) => {
  const input = inputOf(call);
  requireSize(input, parts.config.kvMaxValueBytes);
  const isWriting = input.errors.length > 0 || input.operations.some(isWrite);
  return {
    rights: () => [], // what is refused is named operation by operation, all at once
    run: (may) => {
      const refused = refusals(input, parts, may);
      if (refused.errors.length > 0) return replyOf(refused, documentOf(refused, parts.datacenter, 0));
      return isWriting ? write(input, parts, may) : read(input, parts, may);
    },
  };
};

export const txnRoutes: readonly Route[] = [
  {
    path: '/v1/txn',
    operations: {
      PUT: {
        about: 'Do several operations on keys, nodes, services and checks, or none of them.',
        place: LEADER,
        permission: byBody(
          'key, node and service:write of its writes, else 409; leaves out what may not be read',
        ),
        body: 'json',
        maxBodyBytes: ({ txnMaxRequestBytes, kvMaxValueBytes }) =>
          Math.max(txnMaxRequestBytes, kvMaxValueBytes),
        prepare: transact,
      },
    },
  },
];
