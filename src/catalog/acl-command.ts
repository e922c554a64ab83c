/**
 * What may change the rows of access control, as values; part of Command (command.ts).
 *
 * Links are resolved by the reducers, because only they see the rows as they are when the write is done. Rules of policies
 * and configurations of auth methods were looked at before a command is made of them (http/).
 */
import type {
  AclAuthMethodRow,
  AclBindingRuleRow,
  AclPolicyRow,
  AclRoleRow,
  AclTokenRow,
  NodeIdentity,
  ServiceIdentity,
  TemplatedPolicy,
} from '../model/acl-types.ts';
import type { Stamp } from '../model/types.ts';

type Unstamped<Row extends Stamp> = Omit<Row, keyof Stamp>;

/** A policy or role by id or, without one, by name. */
export interface LinkInput {
  readonly id: string;
  readonly name: string;
}

interface GrantsInput {
  readonly policies: readonly LinkInput[];
  readonly serviceIdentities: readonly ServiceIdentity[];
  readonly nodeIdentities: readonly NodeIdentity[];
  readonly templatedPolicies: readonly TemplatedPolicy[];
}

export interface TokenInput extends GrantsInput {
  readonly accessorId: string;
  readonly secretId: string;
  readonly description: string;
  readonly roles: readonly LinkInput[];
  readonly isLocal: boolean;
  readonly authMethod: string;
  /** From now on, in ms; 0 when it is not given. */
  readonly expirationTtlMs: number;
  /** Wall time in ms; 0 when it is not given. */
  readonly expiresAtMs: number;
}

export interface RoleInput extends GrantsInput {
  /** '' makes a new one. */
  readonly id: string;
  readonly name: string;
  readonly description: string;
}

/** Make a token; ids that are '' are drawn. */
export interface CreateTokenCommand {
  readonly kind: 'acl-token-create';
  readonly token: TokenInput;
  /** Of a login: links to roles that are not there are left out instead of refused. */
  readonly isLogin?: boolean;
}

/** Replace all of a token that can change. */
export interface UpdateTokenCommand {
  readonly kind: 'acl-token-update';
  readonly token: TokenInput;
}

export interface CloneTokenCommand {
  readonly kind: 'acl-token-clone';
  readonly accessorId: string;
  /** '' keeps that of the other one. */
  readonly description: string;
}

export interface DeleteTokenCommand {
  readonly kind: 'acl-token-delete';
  readonly accessorId: string;
}

/** Remove tokens whose time is over, some of them at once. */
export interface ReapTokensCommand {
  readonly kind: 'acl-token-reap';
}

/** Without an id a new one. */
export interface PutPolicyCommand {
  readonly kind: 'acl-policy-put';
  readonly policy: Unstamped<AclPolicyRow>;
}

export interface DeletePolicyCommand {
  readonly kind: 'acl-policy-delete';
  readonly id: string;
}

export interface PutRoleCommand {
  readonly kind: 'acl-role-put';
  readonly role: RoleInput;
}

export interface DeleteRoleCommand {
  readonly kind: 'acl-role-delete';
  readonly id: string;
}

export interface PutAuthMethodCommand {
  readonly kind: 'acl-auth-method-put';
  readonly method: Unstamped<AclAuthMethodRow>;
}

/** Its binding rules and tokens go with it. */
export interface DeleteAuthMethodCommand {
  readonly kind: 'acl-auth-method-delete';
  readonly name: string;
}

export interface PutBindingRuleCommand {
  readonly kind: 'acl-binding-rule-put';
  readonly rule: Unstamped<AclBindingRuleRow>;
}

export interface DeleteBindingRuleCommand {
  readonly kind: 'acl-binding-rule-delete';
  readonly id: string;
}

/** See to it that what access control begins with is there. */
export interface BeginAclCommand {
  readonly kind: 'acl-begin';
  /** Rules of the policies that are there from the beginning. */
  readonly builtins: readonly Pick<AclPolicyRow, 'id' | 'name' | 'description' | 'rules'>[];
  /** Secret of a management token; '' when none is configured. */
  readonly managementSecret: string;
}

/** Make the first management token, or a further one with the right reset index. */
export interface BootstrapAclCommand {
  readonly kind: 'acl-bootstrap';
  /** '' draws one. */
  readonly secretId: string;
  /** What an operator has written into the reset file; 0 when there is none. */
  readonly resetIndex: number;
}

export type AclCommand =
  | CreateTokenCommand
  | UpdateTokenCommand
  | CloneTokenCommand
  | DeleteTokenCommand
  | ReapTokensCommand
  | PutPolicyCommand
  | DeletePolicyCommand
  | PutRoleCommand
  | DeleteRoleCommand
  | PutAuthMethodCommand
  | DeleteAuthMethodCommand
  | PutBindingRuleCommand
  | DeleteBindingRuleCommand
  | BeginAclCommand
  | BootstrapAclCommand;

/** Rows are as they were installed. Deletions: whether it was there. */
export interface AclResults {
  'acl-token-create': AclTokenRow;
  'acl-token-update': AclTokenRow;
  'acl-token-clone': AclTokenRow;
  'acl-token-delete': boolean;
  /** How many are left. */
  'acl-token-reap': number;
  'acl-policy-put': AclPolicyRow;
  'acl-policy-delete': boolean;
  'acl-role-put': AclRoleRow;
  'acl-role-delete': boolean;
  'acl-auth-method-put': AclAuthMethodRow;
  'acl-auth-method-delete': boolean;
  'acl-binding-rule-put': AclBindingRuleRow;
  'acl-binding-rule-delete': boolean;
  'acl-begin': true;
  'acl-bootstrap': AclTokenRow;
}
