/**
 * The reducers of access control by the kind of their command; part of REDUCERS (reduce.ts).
 */
import { beginAcl, bootstrapAcl } from './acl-begin.ts';
import type { AclCommand, AclResults } from './acl-command.ts';
import { deleteAuthMethod, deleteBindingRule, putAuthMethod, putBindingRule } from './acl-login-write.ts';
import { deletePolicy, deleteRole, putPolicy, putRole } from './acl-policy-write.ts';
import { cloneToken, createToken, deleteToken, reapTokens, updateToken } from './acl-token-write.ts';
import type { Draft } from './draft.ts';
import type { ReduceContext, ResultOrReader } from './reduce-context.ts';

type AclReducers = {
  readonly [Kind in AclCommand['kind']]: (
    draft: Draft,
    command: Extract<AclCommand, { kind: Kind }>,
    context: ReduceContext,
  ) => ResultOrReader<AclResults[Kind]>;
};

export const ACL_REDUCERS: AclReducers = {
  'acl-token-create': createToken,
  'acl-token-update': updateToken,
  'acl-token-clone': cloneToken,
  'acl-token-delete': deleteToken,
  'acl-token-reap': reapTokens,
  'acl-policy-put': putPolicy,
  'acl-policy-delete': deletePolicy,
  'acl-role-put': putRole,
  'acl-role-delete': deleteRole,
  'acl-auth-method-put': putAuthMethod,
  'acl-auth-method-delete': deleteAuthMethod,
  'acl-binding-rule-put': putBindingRule,
  'acl-binding-rule-delete': deleteBindingRule,
  'acl-begin': beginAcl,
  'acl-bootstrap': bootstrapAcl,
};
