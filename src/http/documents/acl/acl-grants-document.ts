/**
 * What tokens and roles give, as the API shows it: links with the names of this moment, empty lists left out.
 */
import { createHash } from 'node:crypto';
import type { View } from '../../../catalog/tables.ts';
import type { AclGrants } from '../../../model/acl-types.ts';
import type { Document } from '../row-documents.ts';

/** A list, or nothing for an empty one. */
export const unlessEmpty = <T>(list: readonly T[]): readonly T[] | undefined =>
  list.length === 0 ? undefined : list;

/** Links that still lead somewhere. */
export function linkDocuments(
  view: View,
  table: 'aclPolicies' | 'aclRoles',
  ids: readonly string[],
): readonly Document[] | undefined {
  const found = ids.flatMap((id) => {
    const row = view[table].get(id);
    return row === undefined ? [] : [{ ID: row.id, Name: row.name }];
  });
  return unlessEmpty(found);
}

/** The identities of a token or role, in the API's words. */
export function identityDocuments(grants: AclGrants): Document {
  const { serviceIdentities, nodeIdentities, templatedPolicies } = grants;
  return {
    ServiceIdentities: unlessEmpty(
      serviceIdentities.map(({ serviceName, datacenters }) => ({
        ServiceName: serviceName,
        Datacenters: unlessEmpty(datacenters),
      })),
    ),
    NodeIdentities: unlessEmpty(
      nodeIdentities.map(({ nodeName, datacenter }) => ({ NodeName: nodeName, Datacenter: datacenter })),
    ),
    TemplatedPolicies: unlessEmpty(
      templatedPolicies.map(({ templateName, name, datacenters }) => ({
        TemplateName: templateName,
        TemplateVariables: name === '' ? undefined : { Name: name },
        Datacenters: unlessEmpty(datacenters),
      })),
    ),
  };
}

/** A digest of what of an object can change. */
export function hashOf(...parts: readonly unknown[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('base64');
}
