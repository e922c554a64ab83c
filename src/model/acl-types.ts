/**
 * The nouns of access control, as rows of the catalog. Tokens link policies and roles by id, so that renaming keeps links.
 */
import type { JsonObject, Stamp } from './types.ts';

/** What a service may do, for one service. */
export interface ServiceIdentity {
  readonly serviceName: string;
  /** Empty: in all of them. */
  readonly datacenters: readonly string[];
}

export interface NodeIdentity {
  readonly nodeName: string;
  readonly datacenter: string;
}

/** A built-in template of rules with what is put into it. */
export interface TemplatedPolicy {
  readonly templateName: string;
  /** The variable `name`; '' for templates that take none. */
  readonly name: string;
  /** Empty: in all of them. */
  readonly datacenters: readonly string[];
}

/** What a token or a role gives. */
export interface AclGrants {
  /** Ids of policies. */
  readonly policies: readonly string[];
  readonly serviceIdentities: readonly ServiceIdentity[];
  readonly nodeIdentities: readonly NodeIdentity[];
  readonly templatedPolicies: readonly TemplatedPolicy[];
}

export interface AclTokenRow extends Stamp, AclGrants {
  /** What the token is called by; no secret. */
  readonly accessorId: string;
  /** Whoever knows it has what the token gives. */
  readonly secretId: string;
  readonly description: string;
  /** Ids of roles. */
  readonly roles: readonly string[];
  /** Of this datacenter only. */
  readonly isLocal: boolean;
  /** Name of the method that it was got by with a login; '' for others. */
  readonly authMethod: string;
  /** Wall time in ms; 0 is never. */
  readonly expiresAtMs: number;
  readonly createdAtMs: number;
}

/** What a token has that gives nothing and never ends. */
export const NO_GRANTS = Object.freeze({
  policies: [],
  roles: [],
  serviceIdentities: [],
  nodeIdentities: [],
  templatedPolicies: [],
  isLocal: false,
  authMethod: '',
  expiresAtMs: 0,
});

export interface AclPolicyRow extends Stamp {
  readonly id: string;
  readonly name: string;
  readonly description: string;
  /** As written. */
  readonly rules: string;
  /** Empty: in all of them. */
  readonly datacenters: readonly string[];
}

export interface AclRoleRow extends Stamp, AclGrants {
  readonly id: string;
  readonly name: string;
  readonly description: string;
}

export interface AclAuthMethodRow extends Stamp {
  readonly name: string;
  readonly type: string;
  readonly displayName: string;
  readonly description: string;
  /** 0 is none. */
  readonly maxTokenTtlMs: number;
  /** '' is local. */
  readonly tokenLocality: '' | 'local' | 'global';
  /** As given, PascalCase keys. */
  readonly config: JsonObject;
}

export const BIND_TYPES = ['service', 'node', 'role', 'policy', 'templated-policy'] as const;
export type BindType = (typeof BIND_TYPES)[number];

export interface AclBindingRuleRow extends Stamp {
  readonly id: string;
  readonly description: string;
  readonly authMethod: string;
  /** A filter over what the method learned of who logs in; '' holds for all. */
  readonly selector: string;
  readonly bindType: BindType;
  readonly bindName: string;
  /** The variable `name` of a templated policy; '' for none. */
  readonly bindVarName: string;
}

/** What follows from this prefix is the built-in's. */
export const RESERVED_UUID_PREFIX = '00000000-0000-0000-0000-0000000000';
export const ANONYMOUS_ACCESSOR = '00000000-0000-0000-0000-000000000002';
export const ANONYMOUS_SECRET = 'anonymous';
export const GLOBAL_MANAGEMENT_ID = '00000000-0000-0000-0000-000000000001';
export const GLOBAL_READ_ONLY_ID = '00000000-0000-0000-0000-000000000002';
