/**
 * Everything that may change the catalog, as values. Each kind has one reducer (reduce.ts) and one type of result.
 *
 * A command says what is wanted; whether that is a change at all, the reducer decides against the state it meets.
 * `all` is atomic: either every part is done, under one index, or none.
 */
import type { Origin } from '../model/history-types.ts';
import type { KvValue } from '../model/kv-value.ts';
import type {
  CheckId,
  CheckRow,
  CheckStatus,
  CoordinateRow,
  ModifyIndex,
  NodeName,
  NodeRow,
  QueryRow,
  ServiceDefinition,
  SessionId,
  SessionRow,
  Stamp,
} from '../model/types.ts';
import type { AclCommand, AclResults } from './acl-command.ts';
import type { PutChange } from './state.ts';
import type { TxnOutcome } from './txn-outcome.ts';

export type Unstamped<Row extends Stamp> = Omit<Row, keyof Stamp>;

/** A check as the catalog API gives it: fields that are missing are filled in by the reducer. */
export type CheckInput = Omit<Unstamped<CheckRow>, 'serviceName' | 'serviceTags'>;

/** Write a node, one of its services and checks. `/v1/catalog/register`. */
export interface RegisterCommand {
  readonly kind: 'register';
  readonly node: Unstamped<NodeRow>;
  /** Leave an existing node as it is. */
  readonly skipNodeUpdate: boolean;
  /** Leave an existing service as it is. */
  readonly skipServiceUpdate?: boolean;
  readonly service?: ServiceDefinition;
  readonly checks: readonly CheckInput[];
}

/** Remove a node with all it has, or one of its services, or one of its checks. `/v1/catalog/deregister`. */
export interface DeregisterCommand {
  readonly kind: 'deregister';
  readonly node: string;
  readonly serviceId?: string;
  readonly checkId?: string;
}

/** Report a result for a check that is in the catalog; unknown checks are left alone. */
export interface CheckStatusCommand {
  readonly kind: 'check-status';
  readonly node: string;
  readonly checkId: CheckId;
  readonly status: CheckStatus;
  readonly output: string;
}

/** Say where nodes are in the network; nodes that the catalog does not know are passed over. */
export interface CoordinatesCommand {
  readonly kind: 'coordinates';
  readonly places: readonly Unstamped<CoordinateRow>[];
}

/** Keep a small document for everybody. */
export interface SettingCommand {
  readonly kind: 'setting';
  readonly name: string;
  /** null removes it. */
  readonly value: string | null;
  /** Write only when it has this index; 0 is "not there yet". */
  readonly ifIndex?: ModifyIndex;
}

/** Write or delete one key, or a whole prefix. Verbs that ask for something first answer false when it does not hold. */
export interface KvCommand {
  readonly kind: 'kv';
  readonly verb: 'set' | 'cas' | 'lock' | 'unlock' | 'delete' | 'delete-cas' | 'delete-tree';
  /** A prefix for `delete-tree`. */
  readonly key: string;
  /** A value, or its base64; null is the empty one. */
  readonly value: KvValue | string | null;
  readonly flags: string;
  /** What `cas` and `delete-cas` expect; 0 is "not there yet". */
  readonly index: ModifyIndex;
  readonly session: string;
}

/** Begin a session; it gets its id from the reducer. */
export interface CreateSessionCommand {
  readonly kind: 'session-create';
  readonly session: Omit<Unstamped<SessionRow>, 'id'>;
}

export interface DestroySessionCommand {
  readonly kind: 'session-destroy';
  readonly id: string;
}

/** One step of a transaction; `index` is what the cas verbs expect. Unknown verbs are refused by their reducer. */
export type TxnOperation =
  | ({ readonly on: 'kv'; readonly verb: string } & Omit<KvCommand, 'kind' | 'verb'>)
  | {
      readonly on: 'node';
      readonly verb: string;
      readonly node: Unstamped<NodeRow>;
      readonly index: ModifyIndex;
    }
  | {
      readonly on: 'service';
      readonly verb: string;
      readonly node: NodeName;
      readonly service: ServiceDefinition;
      readonly index: ModifyIndex;
    }
  | { readonly on: 'check'; readonly verb: string; readonly check: CheckInput; readonly index: ModifyIndex };

/** Do all of it or nothing. That it failed is an outcome: the errors name the operations. */
export interface TxnCommand {
  readonly kind: 'txn';
  readonly operations: readonly TxnOperation[];
}

/** Write a prepared query; without an id a new one. */
export interface PutQueryCommand {
  readonly kind: 'query-put';
  readonly query: Unstamped<QueryRow>;
}

export interface DeleteQueryCommand {
  readonly kind: 'query-delete';
  readonly id: string;
}

/** Replace what is in the catalog by these rows; see snapshot.ts. */
export interface RestoreCommand {
  readonly kind: 'restore';
  readonly rows: readonly PutChange[];
  /** Each of the rows came out of `restorableRow`: their shapes are not looked at again. */
  readonly areChecked?: boolean;
  /** The node that the agent speaks for: it stays as it is. */
  readonly ownNode: string;
}

export interface AllCommand {
  readonly kind: 'all';
  readonly commands: readonly Command[];
}

/** What every command may carry: who asks for it, for the history. Of what is `all` only its own counts. */
interface Asked {
  readonly by?: Origin | undefined;
}

export type Command = Asked & CommandOfKind;

type CommandOfKind =
  | RegisterCommand
  | DeregisterCommand
  | CheckStatusCommand
  | CoordinatesCommand
  | SettingCommand
  | KvCommand
  | CreateSessionCommand
  | DestroySessionCommand
  | TxnCommand
  | PutQueryCommand
  | DeleteQueryCommand
  | RestoreCommand
  | AclCommand
  | AllCommand;

/** What the submitter of each kind gets back. */
export interface Results extends AclResults {
  register: true;
  deregister: true;
  'check-status': true;
  coordinates: true;
  /** False: the row had another index than `ifIndex`. */
  setting: boolean;
  kv: boolean;
  'session-create': SessionId;
  'session-destroy': true;
  txn: TxnOutcome;
  /** The id. */
  'query-put': string;
  'query-delete': true;
  restore: true;
  all: readonly unknown[];
}
