/**
 * Everything that may change the catalog, as values. Each kind has one reducer (reduce.ts) and one type of result.
 *
 * A command says what is wanted; whether that is a change at all, the reducer decides against the state it meets.
 * `all` is atomic: either every part is done, under one index, or none.
 */
import type {
  CheckDefinition,
  CheckId,
  CheckRow,
  CheckStatus,
  LocalCheckRow,
  ModifyIndex,
  NodeRow,
  RegistrationSource,
  ServiceDefinition,
  Stamp,
} from '../model/types.ts';

type Unstamped<Row extends Stamp> = Omit<Row, keyof Stamp>;

/** A check as the catalog API gives it: fields that are missing are filled in by the reducer. */
export type CheckInput = Omit<Unstamped<CheckRow>, 'serviceName' | 'serviceTags'>;

/** Write a node, one of its services and checks. `/v1/catalog/register`. */
export interface RegisterCommand {
  readonly kind: 'register';
  readonly node: Unstamped<NodeRow>;
  /** Leave an existing node as it is. */
  readonly skipNodeUpdate: boolean;
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

/** Remember what this agent was asked to register. */
export interface LocalServiceCommand {
  readonly kind: 'local-service';
  readonly definition: ServiceDefinition;
  readonly source: RegistrationSource;
}

export interface LocalCheckCommand {
  readonly kind: 'local-check';
  readonly definition: CheckDefinition;
  readonly source: RegistrationSource;
  readonly state: Pick<LocalCheckRow, 'status' | 'output' | 'sinceMs' | 'ttlDeadlineMs'>;
}

/** Keep the state of a local check; one that was removed meanwhile stays removed. */
export interface LocalCheckStateCommand {
  readonly kind: 'local-check-state';
  readonly id: CheckId;
  readonly state: LocalCheckCommand['state'];
}

export interface LocalRemoveCommand {
  readonly kind: 'local-remove';
  readonly table: 'localServices' | 'localChecks';
  readonly id: string;
}

/** Keep a small fact about this installation. */
export interface FactCommand {
  readonly kind: 'fact';
  readonly name: string;
  readonly value: string;
}

export interface AllCommand {
  readonly kind: 'all';
  readonly commands: readonly Command[];
}

export type Command =
  | RegisterCommand
  | DeregisterCommand
  | CheckStatusCommand
  | LocalServiceCommand
  | LocalCheckCommand
  | LocalCheckStateCommand
  | LocalRemoveCommand
  | FactCommand
  | AllCommand;

/** What the submitter of each kind gets back. */
export interface Results {
  register: true;
  deregister: true;
  'check-status': true;
  'local-service': true;
  'local-check': true;
  'local-check-state': true;
  'local-remove': true;
  fact: true;
  all: readonly unknown[];
}

export interface Committed<Kind extends keyof Results = keyof Results> {
  /** Index of the write, or of the newest one when nothing had to change. */
  readonly index: ModifyIndex;
  readonly result: Results[Kind];
}
