import { expect, test } from 'vitest';
import { MAX_RULES_LENGTH, parseRules } from '../../../src/acl/parse-rules.ts';

test('HCL and JSON say the same', () => {
  const hcl = parseRules(
    'key_prefix "a/" { policy = "READ" } operator = "write" # why\nservice "s" { policy = "write" intentions = "deny" }',
  );
  const json = parseRules(
    '{"key_prefix":{"a/":{"policy":"read"}},"operator":"write","service":{"s":{"policy":"write","intentions":"deny"}}}',
  );
  expect(json).toEqual(hcl);
  expect(hcl).toEqual([
    { resource: 'key', scope: 'prefix', name: 'a/', access: 1 },
    { resource: 'operator', scope: 'all', name: '', access: 3 },
    { resource: 'service', scope: 'exact', name: 's', access: 3, intentions: 0 },
  ]);
});

test('what belongs to other editions is ignored, and so are further fields of a rule', () => {
  const text =
    'namespace "x" { policy = "write" } partition_prefix "" { policy = "write" } key "a" { policy = "read" sentinel { code = "x" } }';
  expect(parseRules(text)).toEqual([{ resource: 'key', scope: 'exact', name: 'a', access: 1 }]);
  expect(parseRules('')).toEqual([]);
});

test.each([
  [
    'key "a" { policy = "x" }',
    /^Invalid key policy: line 1, key "a": it is "x", not deny, read, list or write$/,
  ],
  ['key "a" { }', /^Invalid key policy: line 1, key "a": it is missing/],
  ['\nservice "a" { policy = "list" }', /^Invalid service policy: line 2/],
  ['service_prefix "a" { policy = "x" }', /^Invalid service_prefix policy: /],
  ['service "a" { policy = "read" intentions = "x" }', /^Invalid service intentions policy: /],
  ['acl = "list"', /^Invalid acl policy: /],
  ['mesh = "x"', /^Invalid mesh policy: /],
  ['key "a" {', /^Failed to parse ACL rules: At 1:10: /],
  ['key = "read"', /^Failed to parse ACL rules: /],
  ['operator "x" { policy = "read" }', /^Failed to parse ACL rules: /],
  ['operator { policy = "read" }', /^Failed to parse ACL rules: /],
  ['key "a" "b" { policy = "read" }', /^Failed to parse ACL rules: /],
  ['key "a" { policy = 3 }', /^Failed to parse ACL rules: /],
  [`# ${'x'.repeat(MAX_RULES_LENGTH)}`, /^Failed to parse ACL rules: longer than/],
  ['x = '.concat('['.repeat(60_000)), /^Failed to parse ACL rules: /],
])('%.60j is refused', (text, refusal) => {
  expect(() => parseRules(text)).toThrow(refusal);
});
