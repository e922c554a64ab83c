/**
 * Writing auth methods and binding rules. What the configuration of a method and a selector must be is looked at before
 * (http/); here is what depends on other rows.
 */
import { type AclAuthMethodRow, type AclBindingRuleRow, BIND_TYPES } from '../model/acl-types.ts';
import { invariant, refuse } from '../model/errors.ts';
import { UNSTAMPED } from '../model/types.ts';
import type {
  DeleteAuthMethodCommand,
  DeleteBindingRuleCommand,
  PutAuthMethodCommand,
  PutBindingRuleCommand,
} from './acl-command.ts';
import type { Draft } from './draft.ts';
import type { ReduceContext, ResultOrReader } from './reduce-context.ts';
import { isUuid } from './session-lookup.ts';
import { aclNameKey } from './tables.ts';

/** Reducer of `acl-auth-method-put`. */
export function putAuthMethod(
  draft: Draft,
  { method }: PutAuthMethodCommand,
): ResultOrReader<AclAuthMethodRow> {
  const key = aclNameKey(method.name);
  const before = draft.view.aclAuthMethods.get(key);
  if (before !== undefined && before.type !== method.type)
    refuse('invalid_command', 'the Type field of an Auth Method is immutable');
  draft.put('aclAuthMethods', { ...UNSTAMPED, ...method, name: before?.name ?? method.name });
  return (view) => {
    const row = view.aclAuthMethods.get(key);
    invariant(row !== undefined, 'an auth method that was put is there');
    return row;
  };
}

/** Reducer of `acl-auth-method-delete`. */
export function deleteAuthMethod(draft: Draft, { name }: DeleteAuthMethodCommand): boolean {
  const before = draft.view.aclAuthMethods.get(aclNameKey(name));
  if (before === undefined) return false;
  for (const rule of [...draft.view.aclBindingRules.by('authMethod', aclNameKey(before.name))])
    draft.remove('aclBindingRules', rule.id);
  for (const token of [...draft.view.aclTokens.by('authMethod', before.name)])
    draft.remove('aclTokens', token.accessorId);
  return draft.remove('aclAuthMethods', aclNameKey(before.name));
}

function requireRule(draft: Draft, { authMethod, bindType, bindName }: PutBindingRuleCommand['rule']): void {
  if (authMethod === '') refuse('invalid_command', 'Invalid Binding Rule: no AuthMethod is set');
  if (draft.view.aclAuthMethods.get(aclNameKey(authMethod)) === undefined)
    refuse('invalid_command', `cannot find auth method with name "${authMethod}"`);
  if ((bindType as string) === '') refuse('invalid_command', 'Invalid Binding Rule: no BindType is set');
  if (bindName === '') refuse('invalid_command', 'Invalid Binding Rule: no BindName is set');
  if (!BIND_TYPES.includes(bindType))
    refuse('invalid_command', `Invalid Binding Rule: unknown BindType "${bindType as string}"`);
}

/** Reducer of `acl-binding-rule-put`. */
export function putBindingRule(
  draft: Draft,
  { rule }: PutBindingRuleCommand,
  { random }: ReduceContext,
): ResultOrReader<AclBindingRuleRow> {
  const { view } = draft;
  if (rule.id !== '' && !isUuid(rule.id)) refuse('invalid_command', 'Binding Rule ID invalid UUID');
  const before = rule.id === '' ? undefined : view.aclBindingRules.get(rule.id.toLowerCase());
  if (rule.id !== '' && before === undefined)
    refuse('invalid_command', `cannot find binding rule ${rule.id}`);
  requireRule(draft, rule);
  if (before !== undefined && aclNameKey(before.authMethod) !== aclNameKey(rule.authMethod))
    refuse('invalid_command', 'the AuthMethod field of an Binding Rule is immutable');
  const id = before?.id ?? random.uuid();
  draft.put('aclBindingRules', { ...UNSTAMPED, ...rule, id });
  return (installed) => {
    const row = installed.aclBindingRules.get(id);
    invariant(row !== undefined, 'a binding rule that was put is there');
    return row;
  };
}

/** Reducer of `acl-binding-rule-delete`. */
export function deleteBindingRule(draft: Draft, { id }: DeleteBindingRuleCommand): boolean {
  return draft.remove('aclBindingRules', id.toLowerCase());
}
