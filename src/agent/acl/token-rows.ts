/**
 * Where tokens and what they link are found: in the catalog of a server, or in what a client agent was told by one
 * (fetched-tokens.ts). Whoever decides about rights asks here and knows neither.
 */
import type { AclRows } from '../../acl/resolve-token.ts';
import { tokenBySecret } from '../../catalog/acl-token-write.ts';
import type { View } from '../../catalog/tables.ts';
import type { Clock } from '../../lib/clock.ts';
import type { AclTokenRow } from '../../model/acl-types.ts';

export interface TokenRows {
  /** Undefined for a secret that does not exist, or whose time is over. */
  token(secret: string): AclTokenRow | undefined;
  /** The policies and roles that a token from here links. */
  linkedBy(token: AclTokenRow): AclRows;
  /** Nobody can say what this secret is: what `down_policy` says counts for it. */
  isUnanswered(secret: string): boolean;
}

/** The rows of the catalog in this process. */
export function tokenRowsOf(view: View, clock: Pick<Clock, 'now'>): TokenRows {
  const rows: AclRows = {
    policy: (id) => view.aclPolicies.get(id),
    role: (id) => view.aclRoles.get(id),
  };
  return {
    token: (secret) => tokenBySecret(view, secret, clock.now()),
    linkedBy: () => rows,
    isUnanswered: () => false,
  };
}
