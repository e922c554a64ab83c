/**
 * Writing policies and roles: names are unique, built-ins stay what they are.
 *
 * Links to what is deleted stay where they are and lead nowhere: readers leave them out, and the id is never given again.
 */
import {
  type AclPolicyRow,
  type AclRoleRow,
  GLOBAL_MANAGEMENT_ID,
  GLOBAL_READ_ONLY_ID,
} from '../model/acl-types.ts';
import { invariant, refuse } from '../model/errors.ts';
import { UNSTAMPED } from '../model/types.ts';
import type {
  DeletePolicyCommand,
  DeleteRoleCommand,
  PutPolicyCommand,
  PutRoleCommand,
} from './acl-command.ts';
import { grantsOf } from './acl-links.ts';
import type { Draft } from './draft.ts';
import type { ReduceContext, ResultOrReader } from './reduce-context.ts';
import { isUuid } from './session-lookup.ts';
import { aclNameKey } from './tables.ts';

const POLICY_NAME = /^[A-Za-z0-9_-]{1,128}$/;
const ROLE_NAME = /^[A-Za-z0-9_-]{1,256}$/;

/** Built-in policies by id: their name for refusals. */
const BUILTINS: ReadonlyMap<string, string> = new Map([
  [GLOBAL_MANAGEMENT_ID, 'global-management'],
  [GLOBAL_READ_ONLY_ID, 'builtin/global-read-only'],
]);

interface Named {
  readonly id: string;
  readonly name: string;
}

/** What is put: its table, and the words for it in refusals. */
interface Kind {
  readonly table: 'aclPolicies' | 'aclRoles';
  readonly noun: 'Policy' | 'Role';
  readonly names: RegExp;
}

const POLICY: Kind = { table: 'aclPolicies', noun: 'Policy', names: POLICY_NAME };
const ROLE: Kind = { table: 'aclRoles', noun: 'Role', names: ROLE_NAME };

function requireName({ id, name }: Named, { noun, names }: Kind): void {
  if (name === '') refuse('invalid_command', `Invalid ${noun}: no Name is set`);
  if (!names.test(name) && BUILTINS.get(id.toLowerCase()) !== name)
    refuse(
      'invalid_command',
      `Invalid ${noun}: invalid Name. Only alphanumeric characters, '-' and '_' are allowed`,
    );
}

/** The row that is replaced; undefined for a new one. Refuses a name that another has. */
function replacedBy(draft: Draft, named: Named, kind: Kind): Named | undefined {
  const { table, noun } = kind;
  const { id, name } = named;
  if (id !== '' && !isUuid(id)) refuse('invalid_command', `${noun} ID invalid UUID`);
  const before = id === '' ? undefined : draft.view[table].get(id.toLowerCase());
  if (id !== '' && before === undefined) refuse('invalid_command', `cannot find ${noun.toLowerCase()} ${id}`);
  requireName(named, kind);
  const others = [...draft.view[table].by('name', aclNameKey(name))].filter(
    (other) => other.id !== before?.id,
  );
  if (others.length === 0) return before;
  const what = before === undefined ? `A ${noun} with Name` : `A ${noun.toLowerCase()} with name`;
  return refuse('invalid_command', `Invalid ${noun}: ${what} "${name}" already exists`);
}

/** Reducer of `acl-policy-put`. */
export function putPolicy(
  draft: Draft,
  { policy }: PutPolicyCommand,
  { random }: ReduceContext,
): ResultOrReader<AclPolicyRow> {
  const before = replacedBy(draft, policy, POLICY) as AclPolicyRow | undefined;
  const builtin = before && BUILTINS.get(before.id);
  if (builtin !== undefined && policy.rules !== before?.rules)
    refuse('invalid_command', `Changing the Rules for the builtin ${builtin} policy is not permitted`);
  if (builtin !== undefined && policy.datacenters.length > 0)
    refuse('invalid_command', `Changing the Datacenters of the builtin ${builtin} policy is not permitted`);
  const id = before?.id ?? random.uuid();
  draft.put('aclPolicies', { ...UNSTAMPED, ...policy, id });
  return (view) => {
    const row = view.aclPolicies.get(id);
    invariant(row !== undefined, 'a policy that was put is there');
    return row;
  };
}

/** Reducer of `acl-policy-delete`. */
export function deletePolicy(draft: Draft, { id: given }: DeletePolicyCommand): boolean {
  const id = given.toLowerCase();
  const builtin = BUILTINS.get(id);
  if (builtin !== undefined)
    refuse('invalid_command', `Delete operation not permitted on the builtin ${builtin} policy`);
  return draft.remove('aclPolicies', id);
}

/** Reducer of `acl-role-put`. */
export function putRole(
  draft: Draft,
  { role }: PutRoleCommand,
  { random }: ReduceContext,
): ResultOrReader<AclRoleRow> {
  const before = replacedBy(draft, role, ROLE);
  const id = before?.id ?? random.uuid();
  const { name, description } = role;
  draft.put('aclRoles', { ...UNSTAMPED, ...grantsOf(draft.view, role, 'role'), id, name, description });
  return (view) => {
    const row = view.aclRoles.get(id);
    invariant(row !== undefined, 'a role that was put is there');
    return row;
  };
}

/** Reducer of `acl-role-delete`. */
export function deleteRole(draft: Draft, { id }: DeleteRoleCommand): boolean {
  return draft.remove('aclRoles', id.toLowerCase());
}
