/**
 * What access control begins with: built-in policies, the anonymous token, the configured management token, and the
 * bootstrap, which makes the first management token once.
 *
 * That it was done is a setting of its own. Its index is what an operator has to write down to be allowed once more.
 */
import {
  type AclTokenRow,
  ANONYMOUS_ACCESSOR,
  ANONYMOUS_SECRET,
  GLOBAL_MANAGEMENT_ID,
  NO_GRANTS,
} from '../model/acl-types.ts';
import { refuse } from '../model/errors.ts';
import { UNSTAMPED } from '../model/types.ts';
import type { BeginAclCommand, BootstrapAclCommand, TokenInput } from './acl-command.ts';
import { createToken } from './acl-token-write.ts';
import type { Draft } from './draft.ts';
import type { ReduceContext, ResultOrReader } from './reduce-context.ts';
import type { View } from './tables.ts';

const BOOTSTRAPPED = 'acl_bootstrap';

/** What whoever asks for a bootstrap has to write down; 0 while it was not done. */
export function bootstrapIndex(view: View): number {
  return view.settings.get(BOOTSTRAPPED)?.modifyIndex ?? 0;
}

function markBootstrapped(draft: Draft, accessor: string): void {
  draft.put('settings', { ...UNSTAMPED, name: BOOTSTRAPPED, value: JSON.stringify({ accessor }) });
}

/** The configured management token; any text may be its secret. */
function putManagementToken(draft: Draft, secretId: string, { nowMs, random }: ReduceContext): void {
  if (secretId === '' || [...draft.view.aclTokens.by('secret', secretId)].length > 0) return;
  const accessorId = random.uuid();
  const description = 'Initial Management Token';
  const policies = [GLOBAL_MANAGEMENT_ID];
  draft.put('aclTokens', {
    ...UNSTAMPED,
    ...NO_GRANTS,
    policies,
    accessorId,
    secretId,
    description,
    createdAtMs: nowMs,
  });
  if (bootstrapIndex(draft.view) === 0) markBootstrapped(draft, accessorId);
}

/** Reducer of `acl-begin`: changes nothing of what is there. */
export function beginAcl(
  draft: Draft,
  { builtins, managementSecret }: BeginAclCommand,
  context: ReduceContext,
): true {
  for (const { id, name, description, rules } of builtins) {
    const before = draft.view.aclPolicies.get(id);
    const row =
      before === undefined ? { id, name, description, rules, datacenters: [] } : { ...before, rules };
    draft.put('aclPolicies', { ...UNSTAMPED, ...row });
  }
  if (draft.view.aclTokens.get(ANONYMOUS_ACCESSOR) === undefined)
    draft.put('aclTokens', {
      ...UNSTAMPED,
      ...NO_GRANTS,
      accessorId: ANONYMOUS_ACCESSOR,
      secretId: ANONYMOUS_SECRET,
      description: 'Anonymous Token',
      createdAtMs: context.nowMs,
    });
  putManagementToken(draft, managementSecret, context);
  return true;
}

/** Reducer of `acl-bootstrap`. */
export function bootstrapAcl(
  draft: Draft,
  { secretId, resetIndex }: BootstrapAclCommand,
  context: ReduceContext,
): ResultOrReader<AclTokenRow> {
  const done = bootstrapIndex(draft.view);
  if (done !== 0 && resetIndex === 0)
    refuse('forbidden', `Permission denied: ACL bootstrap no longer allowed (reset index: ${done})`);
  if (done !== 0 && resetIndex !== done)
    refuse(
      'invalid_command',
      `Invalid bootstrap reset index (specified ${resetIndex}, reset index: ${done})`,
    );
  const accessorId = context.random.uuid();
  const token: TokenInput = {
    accessorId,
    secretId,
    description: 'Bootstrap Token (Global Management)',
    ...NO_GRANTS,
    policies: [{ id: GLOBAL_MANAGEMENT_ID, name: '' }],
    expirationTtlMs: 0,
  };
  const result = createToken(draft, { kind: 'acl-token-create', token }, context);
  markBootstrapped(draft, accessorId);
  return result;
}
