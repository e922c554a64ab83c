/**
 * Binding rules: what somebody gets who logs in, by what the auth method learned of him.
 *
 * Selectors are the filter language over `value.NAME` and `list.NAME`; names take `${value.NAME}`, put in in lower case. What
 * somebody says of himself ends up in names only, so a name that could not stand there refuses the login.
 */
import { TEMPLATES } from '../../acl/identities.ts';
import type { LinkInput, PutBindingRuleCommand, TokenInput } from '../../catalog/acl-command.ts';
import { isIdentityName } from '../../catalog/acl-links.ts';
import { compileFilter } from '../../filter/compile.ts';
import { type Field, FieldTree } from '../../filter/fields.ts';
import type { AclBindingRuleRow, BindType } from '../../model/acl-types.ts';
import { AppError, refuse } from '../../model/errors.ts';
import type { ClaimNames, LoginClaims } from '../acl-port.ts';

/** Names with dots as trees: `serviceaccount.name` is a field of `serviceaccount`. */
function treeOf(names: readonly string[], leaf: Field): FieldTree {
  const fields: Record<string, Field> = {};
  const nested = new Map<string, string[]>();
  for (const name of names) {
    const dot = name.indexOf('.');
    if (dot === -1) fields[name] = leaf;
    else nested.set(name.slice(0, dot), [...(nested.get(name.slice(0, dot)) ?? []), name.slice(dot + 1)]);
  }
  for (const [name, inner] of nested) fields[name] = treeOf(inner, leaf);
  return new FieldTree(fields);
}

/** Values may be asked for under any name, as in Consul; one that is not there is ''. */
function fieldsOf({ values, lists }: ClaimNames): FieldTree {
  const isFlat = values.every((name) => !name.includes('.'));
  return new FieldTree({ value: isFlat ? 'map' : treeOf(values, 'text'), list: treeOf(lists, 'list') });
}

function nest(flat: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const nested: Record<string, unknown> = Object.create(null);
  for (const [name, value] of Object.entries(flat)) {
    const parts = name.split('.');
    let at = nested;
    for (const part of parts.slice(0, -1)) {
      at[part] ??= Object.create(null);
      at = at[part] as Record<string, unknown>;
    }
    at[parts.at(-1) ?? ''] = value;
  }
  return nested;
}

const VARIABLE = /\$\{([^}]*)\}/g;
const NAME_WITH_VALUE = /^value\.(.+)$/;

/** A name with values put in; undefined where it asks for something else than a value. */
function withValues(name: string, claimOf: (key: string) => string | undefined): string | undefined {
  let isKnown = true;
  const filled = name.replace(VARIABLE, (_whole, inside: string) => {
    const key = NAME_WITH_VALUE.exec(inside.trim())?.[1];
    const value = key === undefined ? undefined : claimOf(key);
    if (value === undefined) isKnown = false;
    return (value ?? '').toLowerCase();
  });
  return isKnown && !filled.includes('${') ? filled : undefined;
}

const ROLE_NAME = /^[A-Za-z0-9_-]{1,256}$/;
const POLICY_NAME = /^[A-Za-z0-9_-]{1,128}$/;

const IS_NAME: Readonly<Record<BindType, (name: string) => boolean>> = {
  service: isIdentityName,
  node: isIdentityName,
  role: (name) => ROLE_NAME.test(name),
  policy: (name) => POLICY_NAME.test(name) || name === 'builtin/global-read-only',
  'templated-policy': (name) => Object.hasOwn(TEMPLATES, name),
};

/** Refuse a rule whose selector or names cannot be used. What depends on rows, the reducer refuses. Throws invalid_command. */
export function requireUsable(rule: PutBindingRuleCommand['rule'], names: ClaimNames): void {
  try {
    if (rule.selector !== '') compileFilter(rule.selector, fieldsOf(names));
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    refuse('invalid_command', `invalid Binding Rule: Selector is invalid: ${error.message}`);
  }
  const sample = (key: string): string | undefined => (names.values.includes(key) ? 'fake' : undefined);
  const isName = Object.hasOwn(IS_NAME, rule.bindType) ? IS_NAME[rule.bindType] : undefined;
  if (isName === undefined || rule.bindName === '') return;
  const name = withValues(rule.bindName, sample);
  if (name === undefined)
    refuse(
      'invalid_command',
      'Invalid Binding Rule: invalid BindName: it names a value that the auth method does not know',
    );
  if (!isName(name)) refuse('invalid_command', 'Invalid Binding Rule: invalid BindName');
  if (withValues(rule.bindVarName, sample) === undefined)
    refuse(
      'invalid_command',
      'Invalid Binding Rule: invalid BindVars: it names a value that the auth method does not know',
    );
}

/** What the rules that hold give; `hasAny` when there is something. */
export type Bound = Pick<
  TokenInput,
  'policies' | 'roles' | 'serviceIdentities' | 'nodeIdentities' | 'templatedPolicies'
>;

interface Binding {
  readonly type: BindType;
  readonly name: string;
  readonly varName: string;
}

function bindingOf(rule: AclBindingRuleRow, { values }: LoginClaims): Binding {
  const claimOf = (key: string): string | undefined => (Object.hasOwn(values, key) ? values[key] : undefined);
  const name = withValues(rule.bindName, claimOf);
  const varName = withValues(rule.bindVarName, claimOf);
  if (name === undefined || varName === undefined || !IS_NAME[rule.bindType](name))
    return refuse(
      'forbidden',
      `Permission denied: what binding rule ${rule.id} makes of the login is no name`,
    );
  return { type: rule.bindType, name, varName };
}

const byName = (bindings: readonly Binding[], type: BindType): readonly Binding[] =>
  bindings.filter((binding) => binding.type === type);
const linksTo = (bindings: readonly Binding[], type: BindType): readonly LinkInput[] =>
  byName(bindings, type).map(({ name }) => ({ id: '', name }));

/** What somebody gets by the rules of a method. Throws forbidden for a name that cannot be. */
export function boundBy(
  rules: readonly AclBindingRuleRow[],
  claims: LoginClaims,
  names: ClaimNames,
  datacenter: string,
): Bound {
  const document = { value: nest(claims.values), list: nest(claims.lists) };
  const fields = fieldsOf(names);
  const holding = rules.filter(
    ({ selector }) => selector === '' || compileFilter(selector, fields)(document),
  );
  const bindings = holding.map((rule) => bindingOf(rule, claims));
  return {
    policies: linksTo(bindings, 'policy'),
    roles: linksTo(bindings, 'role'),
    serviceIdentities: byName(bindings, 'service').map(({ name }) => ({
      serviceName: name,
      datacenters: [],
    })),
    nodeIdentities: byName(bindings, 'node').map(({ name }) => ({ nodeName: name, datacenter })),
    templatedPolicies: byName(bindings, 'templated-policy').map(({ name, varName }) => ({
      templateName: name,
      name: varName,
      datacenters: [],
    })),
  };
}
