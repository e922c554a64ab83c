/**
 * What can go wrong with a request to etcd, sorted by the one thing that matters: may it have been done?
 *
 * `refused`: certainly not done (nobody could be reached, or etcd says no before it proposes). `unknown`: it may have been
 * done, or may still be: the connection broke after the request had left, the time was up, or etcd gave up waiting for
 * itself. Never told apart by text. "Resource exhausted" is unknown: etcd applies the very transaction that crosses its
 * space quota and answers so nevertheless. github.com/grpc/grpc/blob/master/doc/statuscodes.md
 */

export type FaultReason =
  /** No endpoint could be connected to. */
  | 'unreachable'
  /** The time that the caller gave was up. */
  | 'timeout'
  /** The connection ended before the answer. */
  | 'connection-lost'
  /** The client was closed. */
  | 'closed'
  /** An answer that is no answer of etcd. */
  | 'malformed'
  /** The request itself is wrong: too large, too many operations, a key twice. */
  | 'invalid'
  | 'not-found'
  /** Not in this state: an unhealthy cluster, a learner that lags, a lease that exists. */
  | 'precondition'
  /** A revision that was compacted away, or lies in the future. */
  | 'out-of-range'
  | 'permission'
  | 'unauthenticated'
  /** Out of space, or asked too much at once. */
  | 'exhausted'
  /** No leader, a new leader, a member that stops or waits for itself in vain. */
  | 'unavailable'
  /** This etcd does not know the method: too old, or no etcd at all. */
  | 'unimplemented'
  /** etcd found its own data damaged. */
  | 'corrupt'
  | 'other';

export interface EtcdFault {
  readonly kind: 'refused' | 'unknown';
  readonly reason: FaultReason;
  /** One sentence for an operator, with the endpoint. */
  readonly text: string;
}

/** What a request ends with. */
export type Answer<Reply> = { readonly kind: 'done'; readonly reply: Reply } | EtcdFault;

type Sorted = Pick<EtcdFault, 'kind' | 'reason'>;
const notDone = (reason: FaultReason): Sorted => ({ kind: 'refused', reason });
const perhapsDone = (reason: FaultReason): Sorted => ({ kind: 'unknown', reason });

/** gRPC's number of a status → what it means here. */
const STATUSES: Readonly<Record<number, Sorted>> = {
  1: perhapsDone('connection-lost'), // cancelled
  3: notDone('invalid'),
  4: perhapsDone('timeout'),
  5: notDone('not-found'),
  6: notDone('precondition'),
  7: notDone('permission'),
  8: perhapsDone('exhausted'),
  9: notDone('precondition'),
  11: notDone('out-of-range'),
  12: perhapsDone('unimplemented'), // also what the library says of an answer without a message
  14: perhapsDone('unavailable'),
  15: perhapsDone('corrupt'),
  16: notDone('unauthenticated'),
};

/** The fault that a status of gRPC other than 0 says. */
export function faultOfStatus(status: number, text: string): EtcdFault {
  return { ...(STATUSES[status] ?? perhapsDone('other')), text };
}

export const refused = (reason: FaultReason, text: string): EtcdFault => ({ kind: 'refused', reason, text });
export const unknown = (reason: FaultReason, text: string): EtcdFault => ({ kind: 'unknown', reason, text });
