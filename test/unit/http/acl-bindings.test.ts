import { expect, test } from 'vitest';
import { boundBy, requireUsable } from '../../../src/http/access/bindings.ts';
import type { AclBindingRuleRow } from '../../../src/model/acl-types.ts';
import { UNSTAMPED } from '../../../src/model/types.ts';

const NAMES = { values: ['user', 'team'], lists: ['groups'] };

function rule(fields: Partial<AclBindingRuleRow>): AclBindingRuleRow {
  return {
    ...UNSTAMPED,
    id: 'r',
    description: '',
    authMethod: 'idp',
    selector: '',
    bindType: 'service',
    bindName: 'x',
    bindVarName: '',
    ...fields,
  };
}

const bob = { values: { user: 'Bob', team: '' }, lists: { groups: ['dev'] } };

test('every rule that holds adds, with what the login says in lower case', () => {
  const rules = [
    rule({ bindName: 'svc-${'.concat('value.user}'), selector: 'dev in list.groups' }),
    rule({ bindType: 'role', bindName: 'team', selector: 'value.team != ""' }),
    rule({ bindType: 'node', bindName: 'n-${'.concat('value.user}'), selector: 'value.nobody_told == ""' }),
    rule({
      bindType: 'templated-policy',
      bindName: 'builtin/service',
      bindVarName: '${'.concat('value.user}'),
    }),
  ];
  expect(boundBy(rules, bob, NAMES, 'dc1')).toMatchObject({
    serviceIdentities: [{ serviceName: 'svc-bob', datacenters: [] }],
    roles: [],
    templatedPolicies: [{ templateName: 'builtin/service', name: 'bob', datacenters: [] }],
  });
});

test('a login that says what no name can hold is refused', () => {
  const eve = { values: { user: 'a" { policy = "write" } service_prefix "', team: '' }, lists: {} };
  const rules = [rule({ bindName: '${'.concat('value.user}') })];
  expect(() => boundBy(rules, eve, NAMES, 'dc1')).toThrow(/^Permission denied: /);
  const other = { values: { user: '${'.concat('value.team}'), team: 'x' }, lists: {} };
  expect(() => boundBy(rules, other, NAMES, 'dc1')).toThrow(/^Permission denied: /);
});

test.each<[Partial<AclBindingRuleRow>, RegExp]>([
  [{ bindName: '${'.concat('value.nope}') }, /invalid BindName/],
  [{ bindName: '${'.concat('list.groups}') }, /invalid BindName/],
  [{ bindName: 'Not Ok' }, /^Invalid Binding Rule: invalid BindName$/],
  [{ selector: 'no good' }, /^invalid Binding Rule: Selector is invalid: /],
  [{ selector: 'list.other is empty' }, /^invalid Binding Rule: Selector is invalid: /],
  [{ bindType: 'templated-policy', bindName: 'nope' }, /invalid BindName/],
])('%j is refused', (fields, refusal) => {
  expect(() => requireUsable(rule(fields), NAMES)).toThrow(refusal);
});

test('names with dots are fields of fields, as Kubernetes tells them', () => {
  const names = { values: ['serviceaccount.name', 'serviceaccount.namespace'], lists: [] };
  const claims = { values: { 'serviceaccount.name': 'web', 'serviceaccount.namespace': 'prod' }, lists: {} };
  const rules = [
    rule({
      selector: 'value.serviceaccount.namespace == prod',
      bindName: '${'.concat('value.serviceaccount.name}'),
    }),
  ];
  expect(boundBy(rules, claims, names, 'dc1').serviceIdentities).toEqual([
    { serviceName: 'web', datacenters: [] },
  ]);
});
