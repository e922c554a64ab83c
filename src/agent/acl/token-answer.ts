/**
 * What a server tells a client agent of a token: its row and all that it links, or that there is none.
 *
 * Whoever knows the secret may know what it gives, so nothing else is asked for. The rows of others, and which secrets there
 * are, cannot be learned here.
 */
import { tokenBySecret } from '../../catalog/acl-token-write.ts';
import { ROW_SHAPES } from '../../catalog/row-shapes.ts';
import type { View } from '../../catalog/tables.ts';
import type { Clock } from '../../lib/clock.ts';
import { hasFields, isListOf, orNull } from '../../lib/shape.ts';
import type { AclPolicyRow, AclRoleRow, AclTokenRow } from '../../model/acl-types.ts';
import { refuse } from '../../model/errors.ts';
import type { RpcMethod } from '../../rpc/rpc-server.ts';

export interface TokenAnswer {
  readonly token: AclTokenRow | null;
  readonly policies: readonly AclPolicyRow[];
  readonly roles: readonly AclRoleRow[];
}

/** Secrets are not longer than this. */
const MAX_SECRET_LENGTH = 4_096;

const isTokenAnswer = hasFields<TokenAnswer>({
  token: orNull(ROW_SHAPES.aclTokens),
  policies: isListOf(ROW_SHAPES.aclPolicies),
  roles: isListOf(ROW_SHAPES.aclRoles),
});

/** What came from a server as such an answer; undefined for what is none. */
export function readTokenAnswer(value: unknown): TokenAnswer | undefined {
  return isTokenAnswer(value, 'answer') === undefined ? (value as TokenAnswer) : undefined;
}

function defined<Row>(rows: readonly (Row | undefined)[]): readonly Row[] {
  return rows.filter((row) => row !== undefined);
}

/** What the catalog knows of a secret. */
function answerAboutToken(view: View, secret: string, nowMs: number): TokenAnswer {
  const token = tokenBySecret(view, secret, nowMs);
  if (token === undefined) return { token: null, policies: [], roles: [] };
  const roles = defined(token.roles.map((id) => view.aclRoles.get(id)));
  const policies = new Set([token, ...roles].flatMap((grants) => grants.policies));
  return { token, policies: defined([...policies].map((id) => view.aclPolicies.get(id))), roles };
}

/** The method that answers client agents. */
export function tokenMethod(view: View, clock: Pick<Clock, 'now'>): RpcMethod {
  return async (request) => {
    const { secret } = (request ?? {}) as { secret?: unknown };
    if (typeof secret !== 'string' || secret === '' || secret.length > MAX_SECRET_LENGTH)
      return refuse('bad_request', 'a token is a text');
    return answerAboutToken(view, secret, clock.now());
  };
}
