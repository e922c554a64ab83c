/**
 * The KV verbs of transactions: writes through kv.ts, reads and claims here.
 *
 * What does not hold is thrown as a refusal with Consul's text; txn.ts collects them.
 */
import { refuse } from '../model/errors.ts';
import type { KvRow } from '../model/types.ts';
import { UNSTAMPED } from '../model/types.ts';
import type { KvCommand, TxnOperation } from './command.ts';
import type { Draft } from './draft.ts';
import { writeKv } from './kv.ts';
import { isLockDelayed } from './lock-delay.ts';
import type { ReduceContext } from './reduce-context.ts';
import type { View } from './tables.ts';
import type { TxnResult } from './txn-outcome.ts';

export type KvOperation = Extract<TxnOperation, { on: 'kv' }>;

const shown = (row: KvRow): TxnResult => ({ on: 'kv', row, isValueShown: true });
const named = (row: KvRow): TxnResult => ({ on: 'kv', row, isValueShown: false });

/** The row, or a refusal that begins with `claim`. */
function existing(view: View, key: string, claim: string): KvRow {
  return view.kv.get(key) ?? refuse('invalid_command', `${claim}key "${key}" doesn't exist`);
}

function checkIndex(view: View, { key, index }: KvOperation): readonly TxnResult[] {
  const row = existing(view, key, 'failed to check index, ');
  if (row.modifyIndex !== index)
    refuse(
      'invalid_command',
      `failed index check for key "${key}", current modify index ${row.modifyIndex} != ${index}`,
    );
  return [named(row)];
}

function checkSession(view: View, { key, session }: KvOperation): readonly TxnResult[] {
  const row = existing(view, key, 'failed to check session, ');
  if (row.session !== session)
    refuse(
      'invalid_command',
      `failed session check for key "${key}", current session "${row.session}" != "${session}"`,
    );
  return [named(row)];
}

function checkNotExists(view: View, { key }: KvOperation): readonly TxnResult[] {
  return view.kv.get(key) ? refuse('invalid_command', `key "${key}" exists`) : [];
}

function getOrEmpty(view: View, { key }: KvOperation): readonly TxnResult[] {
  const empty = { ...UNSTAMPED, key, value: null, flags: '0', lockIndex: 0, session: '' as const };
  return [shown(view.kv.get(key) ?? empty)];
}

const READS: Readonly<Record<string, (view: View, operation: KvOperation) => readonly TxnResult[]>> = {
  get: (view, { key }) => [shown(existing(view, key, ''))],
  'get-or-empty': getOrEmpty,
  'get-tree': (view, { key }) => Array.from(view.kv.withPrefix(key), shown),
  'check-index': checkIndex,
  'check-session': checkSession,
  'check-not-exists': checkNotExists,
};

/** What a write that did not happen is called. */
const LOST: { readonly [Verb in KvCommand['verb']]: (key: string) => string } = {
  set: (key) => `failed to set key "${key}"`,
  cas: (key) => `failed to set key "${key}", index is stale`,
  lock: (key) => `failed to lock key "${key}", lock is already held`,
  unlock: (key) => `failed to unlock key "${key}", lock isn't held, or is held by another session`,
  delete: (key) => `failed to delete key "${key}"`,
  'delete-cas': (key) => `failed to delete key "${key}", index is stale`,
  'delete-tree': (key) => `failed to delete key "${key}"`,
};

function isWriteVerb(verb: string): verb is KvCommand['verb'] {
  return Object.hasOwn(LOST, verb);
}

/** Whether the verb changes anything; unknown ones do not. */
export const isKvWrite = ({ verb }: KvOperation): boolean => isWriteVerb(verb);

/** Refusals that need no state but the lock delays; undefined when there are none. */
export function kvProblem(view: View, { verb, key }: KvOperation, nowMs: number): string | undefined {
  if (key === '' && verb !== 'delete-tree') return 'Must provide key';
  if (verb === 'lock' && isLockDelayed(view, key, nowMs))
    return `failed to lock key "${key}" due to lock delay`;
  return undefined;
}

/** Do one operation on the draft. Throws invalid_command when it does not hold. */
export function runKv(draft: Draft, operation: KvOperation, context: ReduceContext): readonly TxnResult[] {
  const { verb, key } = operation;
  if (!isWriteVerb(verb)) {
    const read = Object.hasOwn(READS, verb) ? READS[verb] : undefined;
    return read ? read(draft.view, operation) : refuse('invalid_command', `unknown KV verb "${verb}"`);
  }
  if (!writeKv(draft, { ...operation, verb }, context)) refuse('invalid_command', LOST[verb](key));
  if (verb.startsWith('delete')) return [];
  return [named(draft.view.kv.get(key) as KvRow)];
}
