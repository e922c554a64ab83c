/**
 * What a token comes to, as `?expanded` shows it: the policies and roles behind its links, and what counts where none of
 * them says anything.
 */
import type { AclTokenRow } from '../../../model/acl-types.ts';
import type { HttpParts } from '../../http-parts.ts';
import type { Document } from '../row-documents.ts';
import { policyDocument, roleDocument } from './acl-policy-document.ts';

export function expandedToken({ state, config, nodeName }: HttpParts, token: AclTokenRow): Document {
  const { view } = state;
  const roles = token.roles.flatMap((id) => view.aclRoles.get(id) ?? []);
  const ids = new Set([...token.policies, ...roles.flatMap(({ policies }) => policies)]);
  return {
    ExpandedPolicies: [...ids].flatMap((id) => view.aclPolicies.get(id) ?? []).map(policyDocument),
    ExpandedRoles: roles.map((role) => roleDocument(view, role)),
    NamespaceDefaultPolicyIDs: null,
    NamespaceDefaultRoleIDs: null,
    AgentACLDefaultPolicy: config.acl.defaultAllows ? 'allow' : 'deny',
    AgentACLDownPolicy: 'extend-cache',
    ResolvedByAgent: nodeName,
  };
}
