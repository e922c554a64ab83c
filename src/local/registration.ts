/**
 * What others hand to Local and get from it; see local.ts for the rules.
 */
import type { CheckInput, RegisterCommand } from '../catalog/command.ts';
import type {
  CheckDefinition,
  CheckId,
  LocalServiceRow,
  RegistrationSource,
  ServiceDefinition,
} from '../model/types.ts';
import type { LocalCheck } from './local-check.ts';

/** A service with the checks that came in the same document. */
export interface ServiceRegistration {
  readonly definition: ServiceDefinition;
  readonly checks: readonly CheckDefinition[];
  readonly source: RegistrationSource;
  /** Secret that it is written to the catalog with; none stands for the agent's own tokens. */
  readonly token?: string;
}

/** Who registers a check: where it comes from, and the secret that it is written to the catalog with. */
export type Registrant = Pick<ServiceRegistration, 'source' | 'token'>;

/** What the agent itself is in the catalog: its node, and services and checks that nobody registered (consul, serfHealth). */
export interface OwnRows {
  readonly node: RegisterCommand['node'];
  readonly services: readonly ServiceDefinition[];
  readonly checks: readonly CheckInput[];
}

/** Which checks must run from now on (new or changed) and which must stop; handed to the scheduler. */
export interface ChecksChange {
  readonly started: readonly StartedCheck[];
  readonly stopped: readonly CheckId[];
}

export interface StartedCheck {
  readonly check: LocalCheck;
  /** Its state is from before a restart: the first run may wait for its turn. */
  readonly isRestored: boolean;
}

/** A service that this agent was asked to keep registered. */
export type LocalService = Pick<LocalServiceRow, 'definition' | 'source'>;

/** Settings that a reload may change; asked for at every use. */
export interface LocalSettings {
  /** How long a change of output alone may wait before it reaches the catalog; 0 for not at all. */
  readonly checkUpdateIntervalMs: number;
  /** Keep no outputs. */
  readonly discardCheckOutput: boolean;
  /** Who may register checks that run programs: nobody, configuration files, or the HTTP API too. */
  readonly scripts: 'none' | 'files' | 'all';
}

/** What a reload of definitions did. */
export interface DefinitionsDiff {
  readonly added: readonly string[];
  readonly changed: readonly string[];
  readonly removed: readonly string[];
}

/** Answer to a report for a TTL check. */
export type TtlOutcome = 'ok' | 'unknown' | 'not-ttl';
