/**
 * What rollcall asks of etcd: reads, guarded transactions, leases, members, alarms, its state, and two streams.
 *
 * An interface, so that a simulated etcd can stand in for a real one; the real one speaks gRPC (docs/adr/0007-etcd.md). No function rejects: what goes wrong is an `EtcdFault`, which says whether the
 * request may have been done.
 */
import type { Clock } from '../../lib/clock.ts';
import { type Credentials, EtcdCalls } from './etcd-calls.ts';
import { EtcdConnections } from './etcd-connections.ts';
import type { Answer } from './etcd-fault.ts';
import {
  ALARM_ACTION,
  type EtcdAlarm,
  type EtcdMember,
  type EtcdStatus,
  METHODS,
  type RangeRequest,
  type RangeResponse,
  type TxnRequest,
  type TxnResponse,
} from './etcd-messages.ts';
import { type SnapshotListener, type SnapshotStream, streamSnapshot } from './etcd-snapshot.ts';
import { type EtcdWatch, openWatch, type WatchListener, type WatchRange } from './etcd-watch.ts';
import type { EtcdTls } from './grpc-session.ts';

export interface Lease {
  readonly id: bigint;
  /** What etcd granted, which may be more than was asked for; 0 when the lease is gone. */
  readonly ttlSeconds: number;
}

export interface EtcdClient {
  /** Rows in the order of their keys. Linearizable unless it says otherwise. */
  range(request: RangeRequest): Promise<Answer<RangeResponse>>;
  txn(request: TxnRequest): Promise<Answer<TxnResponse>>;
  /** Forget what is older than a revision. */
  compact(revision: number): Promise<Answer<unknown>>;

  grantLease(ttlSeconds: number): Promise<Answer<Lease>>;
  /** Begin the time of a lease anew, waiting for the answer no longer than `timeoutMs`. */
  renewLease(id: bigint, timeoutMs: number): Promise<Answer<Lease>>;
  revokeLease(id: bigint): Promise<Answer<unknown>>;

  members(): Promise<Answer<readonly EtcdMember[]>>;
  addMember(peerUrls: readonly string[], isLearner: boolean): Promise<Answer<EtcdMember>>;
  /** Make a voter of a learner; refused with `precondition` while it lags. */
  promoteMember(id: bigint): Promise<Answer<unknown>>;
  removeMember(id: bigint): Promise<Answer<unknown>>;
  updateMember(id: bigint, peerUrls: readonly string[]): Promise<Answer<unknown>>;
  /** Hand etcd's own leadership to another member; only its leader can. */
  moveLeader(url: string, to: bigint): Promise<Answer<unknown>>;

  /** The state of one member, asked at its own address. */
  statusOf(url: string): Promise<Answer<EtcdStatus>>;
  alarms(): Promise<Answer<readonly EtcdAlarm[]>>;
  disarm(alarm: EtcdAlarm): Promise<Answer<unknown>>;
  /** Give back the space of what was compacted; the member at `url` answers nothing else meanwhile. */
  defragment(url: string): Promise<Answer<unknown>>;

  /** Follow the changes of a range of keys. */
  watch(range: WatchRange, listener: WatchListener): EtcdWatch;
  /** etcd's own copy of everything, as its tool `etcdctl snapshot restore` reads it. */
  snapshot(listener: SnapshotListener): SnapshotStream;

  close(): void;
}

export interface EtcdClientParts {
  /** `http://host:port` or `https://host:port`; all of one cluster, tried in this order. */
  readonly endpoints: readonly string[];
  /** Certificates, asked for each connection. */
  readonly tls?: () => EtcdTls;
  readonly credentials?: Credentials;
  readonly clock: Clock;
  /** For one endpoint; default 1000. */
  readonly connectTimeoutMs?: number;
  /** For a call with all its repetitions; default 5000. */
  readonly callTimeoutMs?: number;
}

const CONNECT_TIMEOUT_MS = 1_000;
const CALL_TIMEOUT_MS = 5_000;

/** A page of rows is asked for by number of rows; a row may have 1.5 MiB. */
const MAX_MESSAGE_BYTES = 512 * 1024 * 1024;

/** Defragmenting rewrites the whole file; 8 GiB, etcd's largest, take a minute on a slow disk. */
const DEFRAGMENT_TIMEOUT_MS = 300_000;

async function map<From, To>(asked: Promise<Answer<From>>, to: (reply: From) => To): Promise<Answer<To>> {
  const answer = await asked;
  return answer.kind === 'done' ? { kind: 'done', reply: to(answer.reply) } : answer;
}

const memberOf = ({ member }: { readonly member: EtcdMember | undefined }): EtcdMember =>
  member ?? { id: 0n, name: '', peerUrls: [], clientUrls: [], isLearner: false };

/** A client of the etcd at these endpoints. Connects when it is first asked something. */
export function etcdClient(parts: EtcdClientParts): EtcdClient {
  const { endpoints, tls, credentials, clock, callTimeoutMs = CALL_TIMEOUT_MS } = parts;
  const connectTimeoutMs = parts.connectTimeoutMs ?? CONNECT_TIMEOUT_MS;
  const connections = new EtcdConnections({
    endpoints,
    tls,
    clock,
    connectTimeoutMs,
    retireMs: callTimeoutMs,
    maxMessageBytes: MAX_MESSAGE_BYTES,
  });
  const callParts = {
    connections,
    clock,
    credentials,
    timeoutMs: callTimeoutMs,
  };
  const calls = new EtcdCalls(callParts);
  const streams = { connections, calls, clock };
  return {
    range: (request) => calls.call(METHODS.range, request),
    txn: (request) => calls.call(METHODS.txn, request),
    compact: (revision) => calls.call(METHODS.compact, { revision }),

    grantLease: (ttlSeconds) => calls.call(METHODS.leaseGrant, { ttlSeconds }),
    renewLease: (id, timeoutMs) => calls.call(METHODS.leaseKeepAlive, { id }, timeoutMs),
    revokeLease: (id) => calls.call(METHODS.leaseRevoke, { id }),

    members: () => map(calls.call(METHODS.memberList, { isLinearizable: true }), ({ members }) => members),
    addMember: (peerUrls, isLearner) => map(calls.call(METHODS.memberAdd, { peerUrls, isLearner }), memberOf),
    promoteMember: (id) => calls.call(METHODS.memberPromote, { id }),
    removeMember: (id) => calls.call(METHODS.memberRemove, { id }),
    updateMember: (id, peerUrls) => calls.call(METHODS.memberUpdate, { id, peerUrls }),
    moveLeader: (url, to) => calls.callAt(url, METHODS.moveLeader, { targetId: to }),

    statusOf: (url) => calls.callAt(url, METHODS.status, {}),
    alarms: () => map(calls.call(METHODS.alarm, { action: ALARM_ACTION.get }), ({ alarms }) => alarms),
    disarm: ({ memberId, alarm }) =>
      calls.call(METHODS.alarm, { action: ALARM_ACTION.deactivate, memberId, alarm }),
    defragment: (url) => calls.callAt(url, METHODS.defragment, {}, DEFRAGMENT_TIMEOUT_MS),

    watch: (range, listener) => openWatch(streams, range, listener),
    snapshot: (listener) => streamSnapshot(streams, listener),
    close: () => connections.close(),
  };
}
