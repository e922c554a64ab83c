/**
 * The messages and methods of etcd's API (version 3) that rollcall speaks, as tables of numbered fields.
 *
 * Names follow etcd's, in this project's spelling; numbers are etcd's and never change. Fields that nothing here reads or
 * sets are left out: what arrives of them is skipped. etcd.io/docs/v3.4/dev-guide/api_reference_v3
 */
import {
  bool,
  bytes,
  type Draft,
  id,
  type Message,
  message,
  messages,
  number,
  type Schema,
  schema,
  text,
  texts,
} from './protobuf.ts';

const header = schema({ clusterId: id(1), memberId: id(2), revision: number(3), raftTerm: id(4) });

const keyValue = schema({
  key: bytes(1),
  createRevision: number(2),
  modRevision: number(3),
  version: number(4),
  value: bytes(5),
  lease: id(6),
});

const rangeRequest = schema({
  key: bytes(1),
  rangeEnd: bytes(2),
  limit: number(3),
  revision: number(4),
  isSerializable: bool(7),
  isKeysOnly: bool(8),
  isCountOnly: bool(9),
});
export type RangeRequest = Draft<typeof rangeRequest>;

const rangeResponse = schema({
  header: message(1, header),
  kvs: messages(2, keyValue),
  hasMore: bool(3),
  count: number(4),
});
export type RangeResponse = Message<typeof rangeResponse>;

const putRequest = schema({ key: bytes(1), value: bytes(2), lease: id(3) });
const deleteRequest = schema({ key: bytes(1), rangeEnd: bytes(2) });
const requestOp = schema({
  range: message(1, rangeRequest),
  put: message(2, putRequest),
  deleteRange: message(3, deleteRequest),
});

const responseOp = schema({ range: message(1, rangeResponse) });

/** What a guard of a transaction looks at, and how it compares (enumerations of etcd). */
export const COMPARE_TARGET = { version: 0, createRevision: 1, modRevision: 2, value: 3 } as const;
export const COMPARE_RESULT = { equal: 0, greater: 1, less: 2, notEqual: 3 } as const;

const compare = schema({
  result: number(1),
  target: number(2),
  key: bytes(3),
  version: number(4),
  createRevision: number(5),
  modRevision: number(6),
  value: bytes(7),
});

const txnRequest = schema({
  compare: messages(1, compare),
  success: messages(2, requestOp),
  failure: messages(3, requestOp),
});
export type TxnRequest = Draft<typeof txnRequest>;

const txnResponse = schema({
  header: message(1, header),
  isSucceeded: bool(2),
  responses: messages(3, responseOp),
});
export type TxnResponse = Message<typeof txnResponse>;

const justHeader = schema({ header: message(1, header) });
const nothing = schema({});

const watchCreate = schema({
  key: bytes(1),
  rangeEnd: bytes(2),
  startRevision: number(3),
  isProgressNotified: bool(4),
  isFragmented: bool(8),
});
const watchRequest = schema({ create: message(1, watchCreate), progress: message(3, nothing) });

const event = schema({ type: number(1), kv: message(2, keyValue) });
export type WatchEvent = Message<typeof event>;
export const EVENT_TYPE = { put: 0, remove: 1 } as const;

const watchResponse = schema({
  header: message(1, header),
  isCreated: bool(3),
  isCanceled: bool(4),
  compactRevision: number(5),
  cancelReason: text(6),
  isFragment: bool(7),
  events: messages(11, event),
});
export type WatchResponse = Message<typeof watchResponse>;

const member = schema({
  id: id(1),
  name: text(2),
  peerUrls: texts(3),
  clientUrls: texts(4),
  isLearner: bool(5),
});
export type EtcdMember = Message<typeof member>;

const memberList = schema({ header: message(1, header), members: messages(2, member) });

/** Kinds of alarm. */
export const ALARM = { none: 0, noSpace: 1, corrupt: 2 } as const;
export const ALARM_ACTION = { get: 0, deactivate: 2 } as const;
const alarmMember = schema({ memberId: id(1), alarm: number(2) });
export type EtcdAlarm = Message<typeof alarmMember>;

const status = schema({
  header: message(1, header),
  version: text(2),
  dbSize: number(3),
  leader: id(4),
  raftIndex: id(5),
  raftTerm: id(6),
  raftAppliedIndex: id(7),
  errors: texts(8),
  dbSizeInUse: number(9),
  isLearner: bool(10),
});
export type EtcdStatus = Message<typeof status>;

const lease = schema({ header: message(1, header), id: id(2), ttlSeconds: number(3), error: text(4) });

/** A remote procedure: its path and what goes which way. */
export interface Method<Request extends Schema, Response extends Schema> {
  readonly path: string;
  readonly request: Request;
  readonly response: Response;
  /** Asking twice is as good as asking once, so that an answer that was lost may be asked for again. */
  readonly isRepeatable: boolean;
}

function method<Request extends Schema, Response extends Schema>(
  path: string,
  request: Request,
  response: Response,
  { isRepeatable = false } = {},
): Method<Request, Response> {
  return { path: `/etcdserverpb.${path}`, request, response, isRepeatable };
}

const AGAIN = { isRepeatable: true };

export const METHODS = {
  range: method('KV/Range', rangeRequest, rangeResponse, AGAIN),
  txn: method('KV/Txn', txnRequest, txnResponse),
  compact: method('KV/Compact', schema({ revision: number(1), isPhysical: bool(2) }), justHeader),
  watch: method('Watch/Watch', watchRequest, watchResponse),
  leaseGrant: method('Lease/LeaseGrant', schema({ ttlSeconds: number(1), id: id(2) }), lease),
  leaseRevoke: method('Lease/LeaseRevoke', schema({ id: id(1) }), justHeader),
  leaseKeepAlive: method('Lease/LeaseKeepAlive', schema({ id: id(1) }), lease, AGAIN),
  memberAdd: method(
    'Cluster/MemberAdd',
    schema({ peerUrls: texts(1), isLearner: bool(2) }),
    schema({ header: message(1, header), member: message(2, member), members: messages(3, member) }),
  ),
  memberRemove: method('Cluster/MemberRemove', schema({ id: id(1) }), memberList),
  memberUpdate: method('Cluster/MemberUpdate', schema({ id: id(1), peerUrls: texts(2) }), memberList),
  memberPromote: method('Cluster/MemberPromote', schema({ id: id(1) }), memberList),
  // The flag is of version 3.5; before, a member answers what it has applied itself.
  memberList: method('Cluster/MemberList', schema({ isLinearizable: bool(1) }), memberList, AGAIN),
  alarm: method(
    'Maintenance/Alarm',
    schema({ action: number(1), memberId: id(2), alarm: number(3) }),
    schema({ header: message(1, header), alarms: messages(2, alarmMember) }),
  ),
  status: method('Maintenance/Status', nothing, status, AGAIN),
  defragment: method('Maintenance/Defragment', nothing, justHeader),
  moveLeader: method('Maintenance/MoveLeader', schema({ targetId: id(1) }), justHeader),
  snapshot: method(
    'Maintenance/Snapshot',
    nothing,
    schema({ header: message(1, header), remainingBytes: number(2), blob: bytes(3) }),
  ),
  authenticate: method(
    'Auth/Authenticate',
    schema({ name: text(1), password: text(2) }),
    schema({ header: message(1, header), token: text(2) }),
    AGAIN,
  ),
} as const;
