/**
 * What a transaction of the store insists on, and what its refusal means; pure.
 *
 * Two guards: nothing was written since (`meta/index` has the revision that it had), and this server still leads (the
 * key of its lock was created when its term began). What they look at is read when they do not hold.
 */
import { AppError } from '../../model/errors.ts';
import type { EtcdFault } from './etcd-fault.ts';
import type { Layout } from './etcd-layout.ts';
import type { MetaState } from './etcd-load.ts';
import { COMPARE_TARGET, type TxnRequest, type TxnResponse } from './etcd-messages.ts';

/** What proves that this server leads: a key that exists since a certain revision. */
export interface Fence {
  readonly key: Buffer;
  readonly createRevision: number;
}

export type Guards = NonNullable<TxnRequest['compare']>;

export const notLeading = (): AppError => new AppError('no_leader', 'No cluster leader');

export const writtenMeanwhile = (): AppError =>
  new AppError('store_failed', 'another server has written meanwhile; nothing was changed');

export const storeFailed = (fault: EtcdFault): AppError =>
  new AppError('store_failed', `the change could not be stored: ${fault.text}`);

/** What has to hold for a commit that follows on `meta`. */
export function guardsOf(layout: Layout, { modRevision }: MetaState, fence: Fence | undefined): Guards {
  const isUnchanged = { key: layout.metaKey, target: COMPARE_TARGET.modRevision, modRevision };
  if (fence === undefined) return [isUnchanged];
  const { key, createRevision } = fence;
  return [isUnchanged, { key, target: COMPARE_TARGET.createRevision, createRevision }];
}

/** What to read when guards do not hold: what they look at, in their order. */
export const lookAt = (guards: Guards): NonNullable<TxnRequest['failure']> =>
  guards.map(({ key }) => ({ range: key ? { key } : {} }));

/** Whether nothing was written since, by the answer to a transaction that did not hold. */
export const isIndexKept = ({ responses }: TxnResponse, { modRevision }: MetaState): boolean =>
  (responses[0]?.range?.kvs[0]?.modRevision ?? 0) === modRevision;

/** Why the guards did not hold; undefined when it was none of them. */
export function whyNotHeld(
  reply: TxnResponse,
  meta: MetaState,
  fence: Fence | undefined,
): AppError | undefined {
  const fenceNow = reply.responses[1]?.range?.kvs[0];
  if (fence && fenceNow?.createRevision !== fence.createRevision) return notLeading();
  if (isIndexKept(reply, meta)) return undefined;
  return writtenMeanwhile();
}
