/**
 * Everything that may change what this agent keeps registered, as values. `all` is atomic, under one index.
 *
 * Each kind has its reducer in agent-rules.ts.
 */
import type {
  CheckDefinition,
  CheckId,
  LocalCheckRow,
  RegistrationSource,
  ServiceDefinition,
} from '../model/types.ts';

/** Keep a service registered. */
export interface KeepServiceCommand {
  readonly kind: 'keep-service';
  readonly definition: ServiceDefinition;
  readonly source: RegistrationSource;
  readonly token: string;
}

/** Keep a check of the node or of a service that is kept; refused for another. */
export interface KeepCheckCommand {
  readonly kind: 'keep-check';
  readonly definition: CheckDefinition;
  readonly source: RegistrationSource;
  readonly token: string;
  readonly state: Pick<LocalCheckRow, 'status' | 'output' | 'sinceMs' | 'ttlDeadlineMs'>;
}

/** Keep the state of a check; one that was removed meanwhile stays removed. */
export interface CheckStateCommand {
  readonly kind: 'check-state';
  readonly id: CheckId;
  readonly state: KeepCheckCommand['state'];
}

/** Keep a service no more, nor the checks that it has by then. */
export interface DropServiceCommand {
  readonly kind: 'drop-service';
  readonly id: string;
}

export interface DropCheckCommand {
  readonly kind: 'drop-check';
  readonly id: string;
}

/** Keep a small fact about this installation. */
export interface FactCommand {
  readonly kind: 'fact';
  readonly name: string;
  readonly value: string;
}

export interface AllAgentCommand {
  readonly kind: 'all';
  readonly commands: readonly AgentCommand[];
}

export type AgentCommand =
  | KeepServiceCommand
  | KeepCheckCommand
  | CheckStateCommand
  | DropServiceCommand
  | DropCheckCommand
  | FactCommand
  | AllAgentCommand;

/** What the submitter of each kind gets back: only that it is done. */
export type AgentResults = { readonly [Kind in AgentCommand['kind']]: true };
