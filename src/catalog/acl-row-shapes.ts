/**
 * What rows of access control must look like to be served (see row-shapes.ts, which they are part of).
 */
import { hasFields, isBoolean, isDocument, isListOf, isNumber, isOneOf, isText } from '../lib/shape.ts';
import {
  type AclAuthMethodRow,
  type AclBindingRuleRow,
  type AclGrants,
  type AclPolicyRow,
  type AclRoleRow,
  type AclTokenRow,
  BIND_TYPES,
  type NodeIdentity,
  type ServiceIdentity,
  type TemplatedPolicy,
} from '../model/acl-types.ts';
import type { Stamp } from '../model/types.ts';

type Content<Row extends Stamp> = Omit<Row, keyof Stamp>;

const texts = isListOf(isText);

const GRANTS = {
  policies: texts,
  serviceIdentities: isListOf(hasFields<ServiceIdentity>({ serviceName: isText, datacenters: texts })),
  nodeIdentities: isListOf(hasFields<NodeIdentity>({ nodeName: isText, datacenter: isText })),
  templatedPolicies: isListOf(
    hasFields<TemplatedPolicy>({ templateName: isText, name: isText, datacenters: texts }),
  ),
} as const satisfies Record<keyof AclGrants, unknown>;

export const ACL_ROW_SHAPES = {
  aclTokens: hasFields<Content<AclTokenRow>>({
    ...GRANTS,
    accessorId: isText,
    secretId: isText,
    description: isText,
    roles: texts,
    isLocal: isBoolean,
    authMethod: isText,
    expiresAtMs: isNumber,
    createdAtMs: isNumber,
  }),
  aclPolicies: hasFields<Content<AclPolicyRow>>({
    id: isText,
    name: isText,
    description: isText,
    rules: isText,
    datacenters: texts,
  }),
  aclRoles: hasFields<Content<AclRoleRow>>({ ...GRANTS, id: isText, name: isText, description: isText }),
  aclAuthMethods: hasFields<Content<AclAuthMethodRow>>({
    name: isText,
    type: isText,
    displayName: isText,
    description: isText,
    maxTokenTtlMs: isNumber,
    tokenLocality: isOneOf('', 'local', 'global'),
    config: isDocument,
  }),
  aclBindingRules: hasFields<Content<AclBindingRuleRow>>({
    id: isText,
    description: isText,
    authMethod: isText,
    selector: isText,
    bindType: isOneOf(...BIND_TYPES),
    bindName: isText,
    bindVarName: isText,
  }),
} as const;
