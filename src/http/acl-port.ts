/**
 * What the API needs of access control beyond the rights of an asker (`HttpParts.authorizerOf`): whose token a request
 * brings, the agent's own tokens, the reset file, and who says whether somebody may log in. agent/acl/ fills it.
 */
import type { Decision, Question } from '../acl/merged-rules.ts';
import type { AclAuthMethodRow, AclTokenRow } from '../model/acl-types.ts';
import type { Authorizer } from './access/right.ts';
import type { AskedWith } from './access/sent-token.ts';

/** Kinds of agent tokens, as the API spells them, older names included. */
export const AGENT_TOKEN_KINDS = {
  default: 'default',
  acl_token: 'default',
  agent: 'agent',
  acl_agent_token: 'agent',
  agent_recovery: 'recovery',
  agent_master: 'recovery',
  acl_agent_master_token: 'recovery',
  replication: 'replication',
  acl_replication_token: 'replication',
  config_file_service_registration: 'config',
  dns: 'dns',
} as const;
export type AgentTokenKind = (typeof AGENT_TOKEN_KINDS)[keyof typeof AGENT_TOKEN_KINDS];

/** What a method learned of somebody who logs in. */
export interface LoginClaims {
  readonly values: Readonly<Record<string, string>>;
  readonly lists: Readonly<Record<string, readonly string[]>>;
}

/** What a method can tell of whoever logs in: names that selectors and names may use. */
export interface ClaimNames {
  readonly values: readonly string[];
  readonly lists: readonly string[];
}

/** Who has a token and what it may do, for explanations. */
export interface ExplainedToken {
  readonly token: AclTokenRow;
  decide(question: Question): Decision;
}

export interface AclPort {
  /** The secret that a request sent; '' when it sent none. */
  sentSecret(request: AskedWith): string;
  /** The token that counts for a request, the default one included; undefined when none was sent and none is configured. */
  tokenOf(request: AskedWith): AclTokenRow | undefined;
  /** The rights of a secret that somebody else has kept. Throws forbidden for one that is not known. */
  authorizerOfSecret(secret: string): Authorizer;
  /** What a token may do, by which rule. */
  explain(token: AclTokenRow): ExplainedToken;
  /** Take a token into use, at once; '' takes it away. */
  setAgentToken(kind: AgentTokenKind, secret: string): Promise<void>;
  /** What the operator wrote into the reset file; 0 when there is none. */
  readResetIndex(): Promise<number>;
  removeResetFile(): Promise<void>;
  /** What is wrong with an auth method's configuration; undefined when nothing is. Throws unsupported for types that are out. */
  authMethodProblem(type: string, config: AclAuthMethodRow['config']): string | undefined;
  claimNames(method: AclAuthMethodRow): ClaimNames;
  /** Who it is that brings this. Rejects with forbidden. */
  logIn(method: AclAuthMethodRow, bearerToken: string): Promise<LoginClaims>;
}
