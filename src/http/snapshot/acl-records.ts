/**
 * Access control in snapshots: tokens, policies, roles, auth methods and binding rules as Consul's records, both ways.
 *
 * Tokens keep their secrets, so a snapshot is as secret as they are. Rules that stand in a token itself (before Consul 1.4)
 * are not kept.
 */
import type { PutChange } from '../../catalog/state.ts';
import { isObject } from '../../decode/json-fields.ts';
import { goTime, readGoTime } from '../../lib/go-time.ts';
import {
  type AclAuthMethodRow,
  type AclBindingRuleRow,
  type AclGrants,
  type AclPolicyRow,
  type AclRoleRow,
  type AclTokenRow,
  GLOBAL_MANAGEMENT_ID,
} from '../../model/acl-types.ts';
import {
  ACL_AUTH_METHOD,
  ACL_BINDING_RULE,
  ACL_POLICY,
  ACL_ROLE,
  ACL_TOKEN,
} from '../../model/consul-records.ts';
import { type JsonObject, UNSTAMPED } from '../../model/types.ts';

const NANOSECONDS_PER_MS = 1e6;

const textIn = (value: unknown): string => (typeof value === 'string' ? value : '');
const textsIn = (value: unknown): readonly string[] => (Array.isArray(value) ? (value as string[]) : []);
const objectsIn = (value: unknown): readonly JsonObject[] =>
  Array.isArray(value) ? value.filter((item): item is JsonObject => isObject(item)) : [];
const orNull = <T>(list: readonly T[]): readonly T[] | null => (list.length === 0 ? null : list);

/** A moment of a record; 0 where there is none. */
function momentIn(value: unknown): number {
  const ms = value instanceof Uint8Array ? readGoTime(value) : undefined;
  return ms === undefined || ms < 0 ? 0 : ms;
}

const idsIn = (links: unknown): readonly string[] => objectsIn(links).map(({ ID }) => textIn(ID));
const linksOf = (ids: readonly string[]): readonly JsonObject[] | null =>
  orNull(ids.map((id) => ({ ID: id, Name: '' })));

function grantsIn(fields: JsonObject): AclGrants {
  return {
    policies: idsIn(fields['Policies']),
    serviceIdentities: objectsIn(fields['ServiceIdentities']).map(({ ServiceName, Datacenters }) => ({
      serviceName: textIn(ServiceName),
      datacenters: textsIn(Datacenters),
    })),
    nodeIdentities: objectsIn(fields['NodeIdentities']).map(({ NodeName, Datacenter }) => ({
      nodeName: textIn(NodeName),
      datacenter: textIn(Datacenter),
    })),
    templatedPolicies: objectsIn(fields['TemplatedPolicies']).map((policy) => ({
      templateName: textIn(policy['TemplateName']),
      name: isObject(policy['TemplateVariables']) ? textIn(policy['TemplateVariables']['Name']) : '',
      datacenters: textsIn(policy['Datacenters']),
    })),
  };
}

function grantsOf({ policies, serviceIdentities, nodeIdentities, templatedPolicies }: AclGrants): JsonObject {
  return {
    Policies: linksOf(policies),
    ServiceIdentities: orNull(
      serviceIdentities.map(({ serviceName, datacenters }) => ({
        ServiceName: serviceName,
        Datacenters: orNull(datacenters),
      })),
    ),
    NodeIdentities: orNull(
      nodeIdentities.map(({ nodeName, datacenter }) => ({ NodeName: nodeName, Datacenter: datacenter })),
    ),
    TemplatedPolicies: orNull(
      templatedPolicies.map(({ templateName, name, datacenters }) => ({
        TemplateName: templateName,
        TemplateVariables: { Name: name },
        Datacenters: orNull(datacenters),
      })),
    ),
  };
}

/** What a token gives; those of before policies had all rights or rules of their own. */
function policiesOf(fields: JsonObject): readonly string[] {
  const policies = idsIn(fields['Policies']);
  return policies.length === 0 && fields['Type'] === 'management' ? [GLOBAL_MANAGEMENT_ID] : policies;
}

function tokenRow(fields: JsonObject): AclTokenRow | undefined {
  const accessorId = textIn(fields['AccessorID']);
  if (accessorId === '' || textIn(fields['Rules']) !== '') return undefined;
  return {
    ...UNSTAMPED,
    ...grantsIn(fields),
    policies: policiesOf(fields),
    accessorId,
    secretId: textIn(fields['SecretID']),
    description: textIn(fields['Description']),
    roles: idsIn(fields['Roles']),
    isLocal: fields['Local'] === true,
    authMethod: textIn(fields['AuthMethod']),
    expiresAtMs: momentIn(fields['ExpirationTime']),
    createdAtMs: momentIn(fields['CreateTime']),
  };
}

function tokenFields(row: AclTokenRow): JsonObject {
  return {
    AccessorID: row.accessorId,
    SecretID: row.secretId,
    Description: row.description,
    ...grantsOf(row),
    Roles: linksOf(row.roles),
    Type: '',
    Rules: '',
    Local: row.isLocal,
    AuthMethod: row.authMethod,
    ExpirationTime: row.expiresAtMs === 0 ? null : goTime(row.expiresAtMs),
    CreateTime: goTime(row.createdAtMs),
  };
}

function policyRow(fields: JsonObject): AclPolicyRow {
  return {
    ...UNSTAMPED,
    id: textIn(fields['ID']),
    name: textIn(fields['Name']),
    description: textIn(fields['Description']),
    rules: textIn(fields['Rules']),
    datacenters: textsIn(fields['Datacenters']),
  };
}

function policyFields({ id, name, description, rules, datacenters }: AclPolicyRow): JsonObject {
  return { ID: id, Name: name, Description: description, Rules: rules, Datacenters: orNull(datacenters) };
}

function roleRow(fields: JsonObject): AclRoleRow {
  return {
    ...UNSTAMPED,
    ...grantsIn(fields),
    id: textIn(fields['ID']),
    name: textIn(fields['Name']),
    description: textIn(fields['Description']),
  };
}

const roleFields = (row: AclRoleRow): JsonObject => ({
  ID: row.id,
  Name: row.name,
  Description: row.description,
  ...grantsOf(row),
});

function methodRow(fields: JsonObject): AclAuthMethodRow {
  const { Config: config, TokenLocality: locality } = fields;
  return {
    ...UNSTAMPED,
    name: textIn(fields['Name']),
    type: textIn(fields['Type']),
    displayName: textIn(fields['DisplayName']),
    description: textIn(fields['Description']),
    maxTokenTtlMs: Number(fields['MaxTokenTTL'] ?? 0) / NANOSECONDS_PER_MS,
    tokenLocality: locality === 'global' || locality === 'local' ? locality : '',
    config: isObject(config) ? config : {},
  };
}

const methodFields = (row: AclAuthMethodRow): JsonObject => ({
  Name: row.name,
  Type: row.type,
  DisplayName: row.displayName,
  Description: row.description,
  MaxTokenTTL: Math.round(row.maxTokenTtlMs * NANOSECONDS_PER_MS),
  TokenLocality: row.tokenLocality,
  Config: row.config,
});

function bindingRuleRow(fields: JsonObject): AclBindingRuleRow {
  const variables = fields['BindVars'];
  return {
    ...UNSTAMPED,
    id: textIn(fields['ID']),
    description: textIn(fields['Description']),
    authMethod: textIn(fields['AuthMethod']),
    selector: textIn(fields['Selector']),
    bindType: textIn(fields['BindType']) as AclBindingRuleRow['bindType'],
    bindName: textIn(fields['BindName']),
    bindVarName: isObject(variables) ? textIn(variables['Name']) : '',
  };
}

const bindingRuleFields = (row: AclBindingRuleRow): JsonObject => ({
  ID: row.id,
  Description: row.description,
  AuthMethod: row.authMethod,
  Selector: row.selector,
  BindType: row.bindType,
  BindName: row.bindName,
  BindVars: row.bindVarName === '' ? null : { Name: row.bindVarName },
});

/** Fields that are no texts, by the kind of record. */
export const ACL_OCTETS: Readonly<Record<number, readonly string[]>> = {
  [ACL_TOKEN]: ['ExpirationTime', 'CreateTime', 'Hash'],
  [ACL_POLICY]: ['Hash'],
  [ACL_ROLE]: ['Hash'],
};

/** Rows from the fields of records; undefined for a record that is not kept. */
export const ACL_READERS: Readonly<Record<number, (fields: JsonObject) => PutChange | undefined>> = {
  [ACL_TOKEN]: (fields) => {
    const row = tokenRow(fields);
    return row && { op: 'put', table: 'aclTokens', row };
  },
  [ACL_POLICY]: (fields) => ({ op: 'put', table: 'aclPolicies', row: policyRow(fields) }),
  [ACL_ROLE]: (fields) => ({ op: 'put', table: 'aclRoles', row: roleRow(fields) }),
  [ACL_BINDING_RULE]: (fields) => ({ op: 'put', table: 'aclBindingRules', row: bindingRuleRow(fields) }),
  [ACL_AUTH_METHOD]: (fields) => ({ op: 'put', table: 'aclAuthMethods', row: methodRow(fields) }),
};

/** Kind and fields of the record of a row; undefined for rows of other tables. */
export function aclRecord({ table, row }: PutChange): { type: number; fields: JsonObject } | undefined {
  switch (table) {
    case 'aclTokens':
      return { type: ACL_TOKEN, fields: tokenFields(row) };
    case 'aclPolicies':
      return { type: ACL_POLICY, fields: policyFields(row) };
    case 'aclRoles':
      return { type: ACL_ROLE, fields: roleFields(row) };
    case 'aclBindingRules':
      return { type: ACL_BINDING_RULE, fields: bindingRuleFields(row) };
    case 'aclAuthMethods':
      return { type: ACL_AUTH_METHOD, fields: methodFields(row) };
    default:
      return undefined;
  }
}
