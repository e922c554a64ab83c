import { describe, expect, test } from 'vitest';
import { GLOBAL_MANAGEMENT_RULES } from '../../../src/acl/builtin-policies.ts';
import { decide, isEverythingAllowed, mergeRules } from '../../../src/acl/merged-rules.ts';
import { parseRules } from '../../../src/acl/parse-rules.ts';
import type { Level, Resource } from '../../../src/acl/resources.ts';

/** `may('key:write a/b')` under these policies. */
function under(policies: readonly string[], isDefaultAllow = false) {
  const named = policies.map((text, at) => ({ from: `p${at}`, rules: parseRules(text) }));
  const merged = mergeRules(named, isDefaultAllow);
  const ask = (question: string) => {
    const [, resource, level, name = ''] = /^(\w+):([\w-]+) ?(.*)$/.exec(question) ?? [];
    return decide(merged, { resource: resource as Resource, level: level as Level, name });
  };
  return { may: (question: string) => ask(question).isAllowed, ask, merged };
}

describe('which rule decides', () => {
  test('the exact one, else the longest beginning, else the default', () => {
    const { may } = under([
      'key_prefix "" { policy = "read" } key_prefix "app/" { policy = "write" } key_prefix "app/secret/" { policy = "deny" } key "app/secret/public" { policy = "read" }',
    ]);
    expect(may('key:read x')).toBe(true);
    expect(may('key:write x')).toBe(false);
    expect(may('key:write app/a')).toBe(true);
    expect(may('key:read app/secret/a')).toBe(false);
    expect(may('key:read app/secret/public')).toBe(true);
    expect(may('key:write app/secret/public')).toBe(false);
    expect(may('key:read app/secret/public2')).toBe(false);
    expect(may('service:read web')).toBe(false);
  });

  test('the longest beginning is found whatever stands between it and the name', () => {
    const names = ['', 'a', 'ab', 'abc', 'abd', 'abd/x', 'abz', 'b', 'ba'];
    const rules = names.map((name) => `key_prefix ${JSON.stringify(name)} { policy = "read" }`).join('\n');
    const { ask } = under([rules]);
    for (const name of ['', 'a', 'aa', 'abcd', 'abda', 'abd/xy', 'aby', 'ac', 'bb', 'baz', 'zz', '\u00e4']) {
      const longest = names.filter((one) => name.startsWith(one)).sort((a, b) => b.length - a.length)[0];
      expect([name, ask(`key:read ${name}`).rule?.name]).toEqual([name, longest]);
    }
  });

  test('names are compared with case, and beginnings cut anywhere', () => {
    const { may } = under(['service_prefix "team" { policy = "write" }']);
    expect(may('service:write team-a')).toBe(true);
    expect(may('service:write Team-a')).toBe(false);
  });
});

describe('several policies', () => {
  test('deny wins over write, write over read, for the same scope and name only', () => {
    const { may } = under([
      'key "a" { policy = "write" } key "b" { policy = "read" } key_prefix "c" { policy = "deny" }',
      'key "a" { policy = "deny" } key "b" { policy = "write" } key "c" { policy = "write" }',
    ]);
    expect([may('key:read a'), may('key:write b'), may('key:write c')]).toEqual([false, true, true]);
  });

  test('a decision names the policies that said so', () => {
    const { ask } = under(['key "a" { policy = "read" }', 'key "a" { policy = "write" }']);
    expect(ask('key:read a').rule?.from).toEqual(['p1']);
  });

  test('intentions are merged for themselves, and follow the policy only where nobody says anything', () => {
    const { may } = under([
      'service "a" { policy = "write" intentions = "write" } service "b" { policy = "write" }',
      'service "a" { policy = "deny" } service "b" { policy = "read" intentions = "deny" }',
    ]);
    expect([may('service:read a'), may('intention:write a')]).toEqual([false, true]);
    expect([may('service:write b'), may('intention:read b')]).toEqual([true, false]);
    expect(under(['service "a" { policy = "write" }']).may('intention:write a')).toBe(false);
    expect(under(['service "a" { policy = "write" }']).may('intention:read a')).toBe(true);
  });
});

describe('special questions', () => {
  test('acl is never given by the default, everything else is', () => {
    const { may } = under([], true);
    expect([may('acl:read'), may('acl:write')]).toEqual([false, false]);
    expect([may('operator:write'), may('key:write a'), may('mesh:write')]).toEqual([true, true, true]);
  });

  test('operator stands in for mesh and peering', () => {
    const { may } = under(['operator = "read" peering = "deny"']);
    expect([may('mesh:read'), may('mesh:write'), may('peering:read')]).toEqual([true, false, false]);
  });

  test('a tree is written if what covers it says write and nothing below says less', () => {
    const { may } = under([
      'key_prefix "app/" { policy = "write" } key_prefix "app/sub/" { policy = "read" } key "app/b/x" { policy = "list" }',
    ]);
    expect(may('key:write-prefix app/')).toBe(false);
    expect(may('key:write-prefix app')).toBe(false);
    expect(may('key:write-prefix app/b/')).toBe(false);
    expect(may('key:write-prefix app/c/')).toBe(true);
    expect(under(['key "a" { policy = "write" }']).may('key:write-prefix a')).toBe(false);
    expect(under(['key "a" { policy = "write" }'], true).may('key:write-prefix a')).toBe(true);
  });

  test('list lies between read and write', () => {
    const { may } = under(['key_prefix "a" { policy = "list" } key_prefix "b" { policy = "read" }']);
    expect([may('key:read a'), may('key:list a'), may('key:write a')]).toEqual([true, true, false]);
    expect([may('key:read b'), may('key:list b')]).toEqual([true, false]);
  });

  test('intentions with any destination: one rule gives read, only all of them write', () => {
    const some = 'service "a" { policy = "read" } service "b" { policy = "write" intentions = "write" }';
    expect(under([some]).may('intention:read *')).toBe(true);
    expect(under([some]).may('intention:write *')).toBe(false);
    expect(
      under(['service_prefix "" { policy = "write" intentions = "write" }']).may('intention:write *'),
    ).toBe(true);
  });
});

test('everything is allowed to who manages, until another policy takes something away', () => {
  expect(isEverythingAllowed(under([GLOBAL_MANAGEMENT_RULES]).merged)).toBe(true);
  expect(isEverythingAllowed(under([GLOBAL_MANAGEMENT_RULES, 'key "x" { policy = "read" }']).merged)).toBe(
    false,
  );
  expect(isEverythingAllowed(under([''], true).merged)).toBe(false);
});
