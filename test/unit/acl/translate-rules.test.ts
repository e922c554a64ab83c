/** Expectations are what Consul 1.8.7 answers. */
import { expect, test } from 'vitest';
import { translateRules } from '../../../src/acl/translate-rules.ts';

test.each([
  ['operator="read"\nkeyring="write"', 'operator = "read"\n\nkeyring = "write"'],
  [
    '# top\n\n# second\nkey "a" { \n  # inner\n  policy = "read" # trailing\n}\n// slash\noperator = "read" // tail\n/* block\n comment */\nservice "x" { policy = "write" intentions = "read" }',
    '# top\n\n# second\nkey_prefix "a" {\n  # inner\n  policy = "read" # trailing\n}\n\n// slash\noperator = "read" // tail\n\n/* block\n comment */\nservice_prefix "x" {\n  policy = "write"\n\n  intentions = "read"\n}',
  ],
  [
    'service "x" {\n  policy = "write"\n  intentions = "read"\n}\n# end',
    'service_prefix "x" {\n  policy     = "write"\n  intentions = "read"\n}\n\n# end\n',
  ],
  [
    'key "a" { policy = "read" } key "b" { policy = "read" }\nfoo "x" { a = 1 }',
    'key_prefix "a" {\n  policy = "read"\n}\n\nkey_prefix "b" {\n  policy = "read"\n}\n\nfoo "x" {\n  a = 1\n}',
  ],
  ['key_prefix "x" { policy = "deny" }', 'key_prefix "x" {\n  policy = "deny"\n}'],
  [
    '{"key":{"a":{"policy":"read"},"b":{"policy":"write"}},"operator":"read"}',
    'key_prefix "a" {\n  policy = "read"\n}\n\nkey_prefix "b" {\n  policy = "write"\n}\n\noperator = "read"',
  ],
  ['key "a" { policy = <<EOF\nread\nEOF\n}', 'key_prefix "a" {\n  policy = <<EOF\n  read\n  EOF\n}'],
  ['', ''],
])('%j', (old, today) => {
  expect(translateRules(old)).toBe(today);
});

test('what is no text of rules is refused', () => {
  expect(() => translateRules('key "a" {')).toThrow(/^Bad request: Failed to parse rules: At 1:/);
});
