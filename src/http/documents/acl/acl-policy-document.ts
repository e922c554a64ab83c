/**
 * Policies and roles between JSON and rows.
 */
import type { PutPolicyCommand, RoleInput } from '../../../catalog/acl-command.ts';
import type { View } from '../../../catalog/tables.ts';
import { type FieldTable, text, texts } from '../../../decode/json-fields.ts';
import { tenancyText } from '../../../decode/tenancy-text.ts';
import type { AclPolicyRow, AclRoleRow } from '../../../model/acl-types.ts';
import type { Document } from '../row-documents.ts';
import {
  apiFields,
  ignored,
  links,
  nodeIdentities,
  serviceIdentities,
  templatedPolicies,
} from './acl-body.ts';
import { hashOf, identityDocuments, linkDocuments, unlessEmpty } from './acl-grants-document.ts';

/** What every document of access control may carry beside its own fields. */
interface Carried {
  readonly namespace: string;
  readonly partition: string;
  readonly hash: undefined;
  readonly createIndex: undefined;
  readonly modifyIndex: undefined;
}

const CARRIED: FieldTable<Carried> = {
  namespace: { name: 'Namespace', decode: tenancyText },
  partition: { name: 'Partition', decode: tenancyText },
  hash: { name: 'Hash', decode: ignored },
  createIndex: { name: 'CreateIndex', decode: ignored },
  modifyIndex: { name: 'ModifyIndex', decode: ignored },
};

type PolicyInput = PutPolicyCommand['policy'];

const NAMED: FieldTable<Pick<PolicyInput & RoleInput, 'id' | 'name' | 'description'>> = {
  id: { name: 'ID', decode: text },
  name: { name: 'Name', decode: text },
  description: { name: 'Description', decode: text },
};

export const POLICY: FieldTable<PolicyInput & Carried> = {
  ...NAMED,
  rules: { name: 'Rules', decode: text },
  datacenters: { name: 'Datacenters', decode: texts },
  ...CARRIED,
};

/** The policy that a body describes. Throws bad_request. */
export function policyInput(json: unknown): PolicyInput {
  const fields = apiFields(POLICY, json ?? {});
  const { id = '', name = '', description = '', rules = '', datacenters = [] } = fields;
  return { id, name, description, rules, datacenters };
}

function policyHash({ name, description, rules, datacenters }: AclPolicyRow): string {
  return hashOf(name, description, rules, datacenters);
}

export function policyDocument(policy: AclPolicyRow): Document {
  return {
    ID: policy.id,
    Name: policy.name,
    Description: policy.description,
    Rules: policy.rules,
    Datacenters: unlessEmpty(policy.datacenters),
    Hash: policyHash(policy),
    CreateIndex: policy.createIndex,
    ModifyIndex: policy.modifyIndex,
  };
}

/** An entry of the list: without the rules. */
export function policyStub(policy: AclPolicyRow): Document {
  const { Rules: _rules, ...rest } = policyDocument(policy);
  return { ...rest, Datacenters: unlessEmpty(policy.datacenters) ?? null };
}

export const ROLE: FieldTable<RoleInput & Carried> = {
  ...NAMED,
  policies: { name: 'Policies', decode: links },
  serviceIdentities: { name: 'ServiceIdentities', decode: serviceIdentities },
  nodeIdentities: { name: 'NodeIdentities', decode: nodeIdentities },
  templatedPolicies: { name: 'TemplatedPolicies', decode: templatedPolicies },
  ...CARRIED,
};

/** The role that a body describes. Throws bad_request. */
export function roleInput(json: unknown): RoleInput {
  const fields = apiFields(ROLE, json ?? {});
  return {
    id: fields.id ?? '',
    name: fields.name ?? '',
    description: fields.description ?? '',
    policies: fields.policies ?? [],
    serviceIdentities: fields.serviceIdentities ?? [],
    nodeIdentities: fields.nodeIdentities ?? [],
    templatedPolicies: fields.templatedPolicies ?? [],
  };
}

export function roleDocument(view: View, role: AclRoleRow): Document {
  return {
    ID: role.id,
    Name: role.name,
    Description: role.description,
    Policies: linkDocuments(view, 'aclPolicies', role.policies),
    ...identityDocuments(role),
    Hash: hashOf(role.name, role.description, role.policies, identityDocuments(role)),
    CreateIndex: role.createIndex,
    ModifyIndex: role.modifyIndex,
  };
}
