/**
 * What a token or a role links: names to ids, repeated ones dropped, identities with names that can be names.
 *
 * Refusals have Consul's texts; `owner` is the word for what links.
 */

import type { AclGrants, NodeIdentity, ServiceIdentity, TemplatedPolicy } from '../model/acl-types.ts';
import { refuse } from '../model/errors.ts';
import type { LinkInput, RoleInput, TokenInput } from './acl-command.ts';
import { aclNameKey, type View } from './tables.ts';

export type Owner = 'token' | 'role';

const IDENTITY_NAME = /^[a-z0-9]([a-z0-9_-]{0,254}[a-z0-9])?$/;

/** Whether a text can be the name of a service or node identity. */
export function isIdentityName(name: string): boolean {
  return IDENTITY_NAME.test(name);
}

function idOf(view: View, table: 'aclPolicies' | 'aclRoles', { id, name }: LinkInput): string | undefined {
  if (id !== '') return view[table].get(id.toLowerCase())?.id;
  for (const row of view[table].by('name', aclNameKey(name))) return row.id;
  return undefined;
}

/** The ids that links lead to. Throws invalid_command for one that leads nowhere, unless `skipsUnknown`. */
export function linkedIds(
  view: View,
  what: 'policy' | 'role',
  links: readonly LinkInput[],
  skipsUnknown = false,
): readonly string[] {
  const table = what === 'policy' ? 'aclPolicies' : 'aclRoles';
  const ids = links.map((link) => {
    const id = idOf(view, table, link);
    if (id !== undefined || skipsUnknown) return id;
    const by = link.id === '' ? `name ${JSON.stringify(link.name)}` : `ID ${JSON.stringify(link.id)}`;
    return refuse('invalid_command', `No such ACL ${what} with ${by}`);
  });
  return [...new Set(ids.filter((id) => id !== undefined))];
}

function requireServiceIdentity(
  { serviceName, datacenters }: ServiceIdentity,
  owner: Owner,
  isLocal: boolean,
) {
  if (serviceName === '')
    refuse('invalid_command', `Service identity is missing the service name field on this ${owner}`);
  if (isLocal && datacenters.length > 0)
    refuse(
      'invalid_command',
      `Service identity "${serviceName}" cannot specify a list of datacenters on a local token`,
    );
  if (!isIdentityName(serviceName))
    refuse(
      'invalid_command',
      `Service identity "${serviceName}" has an invalid name. Only alphanumeric characters, '-' and '_' are allowed`,
    );
}

function requireNodeIdentity({ nodeName, datacenter }: NodeIdentity, owner: Owner): void {
  if (nodeName === '')
    refuse('invalid_command', `Node identity is missing the node name field on this ${owner}`);
  if (datacenter === '')
    refuse('invalid_command', `Node identity is missing the datacenter field on this ${owner}`);
  if (!isIdentityName(nodeName))
    refuse(
      'invalid_command',
      `Node identity has an invalid name. Only alphanumeric characters, '-' and '_' are allowed`,
    );
}

function sameService(a: ServiceIdentity, b: ServiceIdentity): ServiceIdentity {
  const isEverywhere = a.datacenters.length === 0 || b.datacenters.length === 0;
  return { ...a, datacenters: isEverywhere ? [] : [...new Set([...a.datacenters, ...b.datacenters])] };
}

/** One identity for each service, in all datacenters that any of them names. */
function mergedServices(identities: readonly ServiceIdentity[]): readonly ServiceIdentity[] {
  const byName = new Map<string, ServiceIdentity>();
  for (const identity of identities) {
    const before = byName.get(identity.serviceName);
    byName.set(identity.serviceName, before === undefined ? identity : sameService(before, identity));
  }
  return [...byName.values()];
}

function distinct<T>(items: readonly T[]): readonly T[] {
  return [...new Map(items.map((item) => [JSON.stringify(item), item])).values()];
}

function requireTemplate({ templateName }: TemplatedPolicy, owner: Owner): void {
  if (templateName === '')
    refuse('invalid_command', `templated policy is missing the template name field on this ${owner}`);
}

/** What an input gives, with its links resolved. Throws invalid_command. */
export function grantsOf(view: View, input: TokenInput | RoleInput, owner: Owner): AclGrants {
  const isLocal = 'isLocal' in input && input.isLocal;
  const policies = linkedIds(view, 'policy', input.policies);
  for (const identity of input.serviceIdentities) requireServiceIdentity(identity, owner, isLocal);
  for (const identity of input.nodeIdentities) requireNodeIdentity(identity, owner);
  for (const template of input.templatedPolicies) requireTemplate(template, owner);
  return {
    policies,
    serviceIdentities: mergedServices(input.serviceIdentities),
    nodeIdentities: distinct(input.nodeIdentities),
    templatedPolicies: distinct(input.templatedPolicies),
  };
}
