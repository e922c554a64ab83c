/**
 * What a token or a role gives, as short texts that people type and read: `web`, `web@dc1,dc2`, `n1@dc1`,
 * `builtin/dns`, `builtin/service:web@dc1`. Pure; a text that cannot be read is undefined.
 */
import type { GrantsShape } from '../api/acl-shapes.ts';

export type ServiceIdentityShape = NonNullable<GrantsShape['ServiceIdentities']>[number];
export type NodeIdentityShape = NonNullable<GrantsShape['NodeIdentities']>[number];
export type TemplatedPolicyShape = NonNullable<GrantsShape['TemplatedPolicies']>[number];

const within = (datacenters: readonly string[] | null | undefined): string =>
  (datacenters ?? []).length === 0 ? '' : `@${(datacenters ?? []).join(',')}`;

function split(text: string): readonly [name: string, datacenters: readonly string[]] {
  const at = text.lastIndexOf('@');
  if (at < 0) return [text.trim(), []];
  const datacenters = text
    .slice(at + 1)
    .split(',')
    .map((word) => word.trim())
    .filter(Boolean);
  return [text.slice(0, at).trim(), datacenters];
}

export const sayServiceIdentity = (given: ServiceIdentityShape): string =>
  `${given.ServiceName}${within(given.Datacenters)}`;

export function readServiceIdentity(text: string): ServiceIdentityShape | undefined {
  const [name, Datacenters] = split(text);
  if (name === '') return undefined;
  return Datacenters.length === 0 ? { ServiceName: name } : { ServiceName: name, Datacenters };
}

export const sayNodeIdentity = (given: NodeIdentityShape): string => `${given.NodeName}@${given.Datacenter}`;

/** A node identity holds in one datacenter; `own` where none is typed. */
export function readNodeIdentity(text: string, own: string): NodeIdentityShape | undefined {
  const [name, [datacenter = own, ...more]] = split(text);
  return name === '' || datacenter === '' || more.length > 0
    ? undefined
    : { NodeName: name, Datacenter: datacenter };
}

export function sayTemplatedPolicy({
  TemplateName,
  TemplateVariables,
  Datacenters,
}: TemplatedPolicyShape): string {
  const name = TemplateVariables?.Name ?? '';
  return `${TemplateName}${name === '' ? '' : `:${name}`}${within(Datacenters)}`;
}

export function readTemplatedPolicy(text: string): TemplatedPolicyShape | undefined {
  const [whole, Datacenters] = split(text);
  const [TemplateName = '', ...rest] = whole.split(':');
  const Name = rest.join(':');
  if (TemplateName === '') return undefined;
  return {
    TemplateName,
    ...(Name !== '' && { TemplateVariables: { Name } }),
    ...(Datacenters.length > 0 && { Datacenters }),
  };
}

/** Everything that is given, as the words of a list: what a table shows. */
export function sayGrants(
  grants: GrantsShape & { readonly Roles?: readonly { readonly Name: string }[] | null },
): readonly string[] {
  return [
    ...(grants.Policies ?? []).map(({ Name }) => Name),
    ...(grants.Roles ?? []).map(({ Name }) => `role ${Name}`),
    ...(grants.ServiceIdentities ?? []).map((given) => `service ${sayServiceIdentity(given)}`),
    ...(grants.NodeIdentities ?? []).map((given) => `node ${sayNodeIdentity(given)}`),
    ...(grants.TemplatedPolicies ?? []).map(sayTemplatedPolicy),
  ];
}
