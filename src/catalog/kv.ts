/**
 * Keys, values and locks: the rules of `/v1/kv` and of the KV verbs of transactions.
 *
 * A lost check-and-set or a lock that somebody else holds is an outcome (false), not a refusal. A plain write keeps the
 * session of a locked key and sets its lock index to 0, as Consul does; only `lock` and `unlock` move a session.
 */
import { AppError } from '../model/errors.ts';
import { KvValue } from '../model/kv-value.ts';
import type { KvRow } from '../model/types.ts';
import { UNSTAMPED } from '../model/types.ts';
import type { KvCommand } from './command.ts';
import type { Draft } from './draft.ts';
import { isLockDelayed } from './lock-delay.ts';
import type { ReduceContext } from './reduce-context.ts';
import { sessionById } from './session-lookup.ts';
import { endOfPrefix } from './table.ts';
import type { View } from './tables.ts';

type KvWrite = Omit<KvCommand, 'kind'>;

/** Content of a key before its first write. */
const NO_LOCK = { lockIndex: 0, session: '' as const };

function put(draft: Draft, write: KvWrite, lock: Pick<KvRow, 'lockIndex' | 'session'>): true {
  const { key, value, flags } = write;
  draft.put('kv', { ...UNSTAMPED, key, value: KvValue.from(value), flags, ...lock });
  return true;
}

function set(draft: Draft, write: KvWrite): true {
  const session = draft.view.kv.get(write.key)?.session ?? '';
  return put(draft, write, { ...NO_LOCK, session });
}

/** Index 0 asks for a key that is not there yet. */
function checkAndSet(draft: Draft, write: KvWrite): boolean {
  const existing = draft.view.kv.get(write.key);
  if ((existing?.modifyIndex ?? 0) !== write.index) return false;
  return set(draft, write);
}

function requireSession(write: KvWrite): void {
  if (write.session === '') throw new AppError('invalid_command', 'missing session');
}

function lock(draft: Draft, write: KvWrite, { nowMs }: ReduceContext): boolean {
  if (isLockDelayed(draft.view, write.key, nowMs)) return false;
  requireSession(write);
  const session = sessionById(draft.view, write.session)?.id;
  if (session === undefined)
    throw new AppError('invalid_command', `invalid session ${JSON.stringify(write.session)}`);
  const existing = draft.view.kv.get(write.key);
  if (existing?.session === session) return put(draft, write, { session, lockIndex: existing.lockIndex });
  if (existing?.session) return false;
  return put(draft, write, { session, lockIndex: (existing?.lockIndex ?? 0) + 1 });
}

function unlock(draft: Draft, write: KvWrite): boolean {
  requireSession(write);
  const existing = draft.view.kv.get(write.key);
  if (existing?.session !== write.session.toLowerCase()) return false;
  return put(draft, write, { session: '', lockIndex: existing.lockIndex });
}

function remove(draft: Draft, { key }: KvWrite): true {
  draft.remove('kv', key);
  return true;
}

/** A key that is not there is as good as deleted, whatever index was asked for. */
function checkAndRemove(draft: Draft, write: KvWrite): boolean {
  const existing = draft.view.kv.get(write.key);
  if (!existing) return true;
  return existing.modifyIndex === write.index && remove(draft, write);
}

function removeTree(draft: Draft, { key }: KvWrite): true {
  for (const row of [...draft.view.kv.withPrefix(key)]) draft.remove('kv', row.key);
  return true;
}

const VERBS: {
  readonly [Verb in KvCommand['verb']]: (draft: Draft, write: KvWrite, context: ReduceContext) => boolean;
} = {
  set,
  cas: checkAndSet,
  lock,
  unlock,
  delete: remove,
  'delete-cas': checkAndRemove,
  'delete-tree': removeTree,
};

/** Do one write; false when its condition does not hold. Throws invalid_command for a session that is none. */
export function writeKv(draft: Draft, write: KvWrite, context: ReduceContext): boolean {
  return VERBS[write.verb](draft, write, context);
}

/** Reducer of `kv`. */
export function kv(draft: Draft, command: KvCommand, context: ReduceContext): boolean {
  return writeKv(draft, command, context);
}

/** Keys that begin with `prefix`, in order. After `separator` they are cut, and what becomes equal is named once. */
export function keysWithPrefix(view: View, prefix: string, separator: string): readonly string[] {
  const keys = view.kv.keysWithPrefix(prefix);
  if (separator === '') return keys;
  const named: string[] = [];
  for (let at = 0; at < keys.length; ) {
    const key = keys[at] as string;
    const cut = key.indexOf(separator, prefix.length);
    named.push(cut < 0 ? key : key.slice(0, cut + separator.length));
    at = cut < 0 ? at + 1 : endOfPrefix(keys, named.at(-1) as string, at);
  }
  return named;
}
