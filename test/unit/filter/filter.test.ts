import { describe, expect, test } from 'vitest';
import { compileFilter } from '../../../src/filter/compile.ts';
import { ENTRY_FIELDS, SERVICE_FIELDS } from '../../../src/filter/fields.ts';

const WEB = {
  ID: 'web-1',
  Service: 'web',
  Tags: ['v1', 'blue'],
  Meta: new Map([
    ['env', 'prod'],
    ['10', 'ten'],
  ]),
  Port: 80,
  Address: '10.0.0.1',
  TaggedAddresses: new Map([['lan', { Address: '10.0.0.1', Port: 80 }]]),
  Weights: { Passing: 10, Warning: 1 },
  EnableTagOverride: false,
};

const holds = (filter: string): boolean => compileFilter(filter, SERVICE_FIELDS)(WEB);

describe('selects', () => {
  test.each([
    ['Service == web', true],
    ['Service==web', true],
    ['Service == "web"', true],
    [String.raw`Service == "w\u0065b"`, true],
    [String.raw`Service == "\x77\145\U00000062"`, true],
    [String.raw`Service != "\ud800\xc3\xa9\xff\t\\"`, true],
    [String.raw`Address matches "^10\\.0\\."`, true],
    ['Address matches `^10\\.0\\.`', true],
    ['Service == `web`', true],
    ['Service != web', false],
    ['not Service == web', false],
    ['Service contains eb', true],
    ['eb in Service', true],
    ['xx not in Service', true],
    ['Service matches "^w.b$"', true],
    ['Service not matches "^w.b$"', false],
    ['v1 in Tags', true],
    ['"green" not in Tags', true],
    ['Tags contains blue', true],
    ['Tags is empty', false],
    ['Tags is not empty', true],
    ['Meta.env == prod', true],
    ['Meta["env"] == prod', true],
    ['Meta["10"] == ten', true],
    ['Meta.nope == x', false],
    ['Meta.nope != x', true],
    ['x not in Meta.nope', true],
    ['Meta.nope not matches x', true],
    ['env in Meta', true],
    ['Meta is empty', false],
    ['Port == 80', true],
    ['Port != 80', false],
    ['Weights.Passing == 10', true],
    ['EnableTagOverride == false', true],
    ['EnableTagOverride == 0', true],
    ['TaggedAddresses.lan.Port == 80', true],
    ['TaggedAddresses["wan"].Port == 80', false],
    ['Kind == ""', true],
    ['Proxy.DestinationServiceName == ""', true],
    ['Service == web and Port == 81', false],
    ['Service == web and (Port == 81 or Port == 80)', true],
    ['Service == api or Port == 80', true],
    [' ( Service == web ) ', true],
  ])('%s: %s', (filter, expected) => {
    expect(holds(filter)).toBe(expected);
  });

  test('a comparison with a list of documents holds when it holds for one of them', () => {
    const entry = { Checks: [{ Status: 'passing' }, { Status: 'critical' }] };
    const entryHolds = (filter: string): boolean => compileFilter(filter, ENTRY_FIELDS)(entry);
    expect(entryHolds('Checks.Status == critical')).toBe(true);
    expect(entryHolds('Checks.Status != critical')).toBe(true);
    expect(entryHolds('Checks.Status == warning')).toBe(false);
    expect(entryHolds('Checks is empty')).toBe(false);
  });
});

describe('refuses with the texts of Consul', () => {
  const PREFIX = 'Failed to create boolean expression evaluator: ';
  test.each([
    [
      '((',
      '1:3 (2): no match found, expected: "(", "-", "0", "\\"", "`", "not", [ \\t\\r\\n], [1-9] or [a-zA-Z]',
    ],
    [
      'Service ==',
      '1:11 (10): no match found, expected: "-", "0", "\\"", "`", [ \\t\\r\\n], [1-9] or [a-zA-Z]',
    ],
    ['Service == "a', '1:14 (13): rule "string": Unterminated string literal'],
    [String.raw`Service matches "\."`, '1:17 (16): rule "string": invalid syntax'],
    [String.raw`Service == "\"`, '1:12 (11): rule "string": invalid syntax'],
    [String.raw`Service == "\U00110000"`, '1:12 (11): rule "string": invalid syntax'],
    ['Service == "a\nb"', '1:12 (11): rule "string": invalid syntax'],
    ['Service == `a', '1:14 (13): rule "string": Unterminated string literal'],
    [
      'Service = a',
      '1:9 (8): no match found, expected: "!=", "==", "contains", "in", "is", "matches", "not" or [ \\t\\r\\n]',
    ],
    ['Service', '1:8 (7): no match found, expected: "!=", ".", "==", "[", [ \\t\\r\\n] or [a-zA-Z0-9_]'],
    ['a in', '1:5 (4): no match found, expected: [ \\t\\r\\n]'],
    ['"a" in 5', '1:8 (7): rule "match": Invalid selector'],
    ['Service is empt', '1:12 (11): no match found, expected: "empty", "not" or [ \\t\\r\\n]'],
    ['Service == a b', '1:14 (13): no match found, expected: "and", "or", [ \\t\\r\\n] or EOF'],
    ['(Service == a', '1:14 (13): rule "grouping": Unmatched parentheses'],
    ['Service == a)', '1:13 (12): no match found, expected: ".", "[", [ \\t\\r\\n], [a-zA-Z0-9_] or EOF'],
    // what may follow a number is named as if nobody had looked ahead
    ['5', '1:2 (1): no match found, expected: ".", [ \\t\\r\\n] or [0-9]'],
    ['Port == 5 ]', '1:11 (10): no match found, expected: "and", "or", [ \\t\\r\\n] or EOF'],
    ['Port == 51.5)', '1:13 (12): no match found, expected: [ \\t\\r\\n], [0-9] or EOF'],
    ['Port == 01', '1:10 (9): rule "number": Invalid number literal'],
    ['Meta["a" == 1', '1:10 (9): rule "index": Unclosed index expression'],
    ['Meta[a] == 1', '1:6 (5): rule "index": Invalid index'],
    ['Tags.0 == x', '1:6 (5): no match found, expected: [a-zA-Z]'],
    ['"a/b" == Service', '1:7 (6): no match found, expected: "in", "not" or [ \\t\\r\\n]'],
    [
      "Service == 'a'",
      '1:12 (11): no match found, expected: "-", "0", "\\"", "`", [ \\t\\r\\n], [1-9] or [a-zA-Z]',
    ],
    ['Nope == 1', 'Selector "Nope" is not valid'],
    ['Meta.a.b == 1', 'Selector "Meta.a.b" is not valid'],
    ['Service.x == 1', 'Selector "Service.x" is not valid'],
    ['Service.x.y == 1', 'Selector "Service.x" is not valid'],
    ['Weights.Passing.x.y == 1', 'Selector "Weights.Passing.x" is not valid'],
    ['Tags == x', 'Invalid match operator "Equal" for selector "Tags"'],
    ['Meta == x', 'Invalid match operator "Equal" for selector "Meta"'],
    ['Weights == 1', 'Invalid match operator "Equal" for selector "Weights"'],
    ['5 in Port', 'Invalid match operator "In" for selector "Port"'],
    ['Port matches 1', 'Invalid match operator "Matches" for selector "Port"'],
    ['Kind is empty', 'Invalid match operator "Is Empty" for selector "Kind"'],
    ['Meta.nope is not empty', 'Invalid match operator "Is Not Empty" for selector "Meta.nope"'],
    [
      'Port == x',
      'Failed to coerce value "x" for selector "Port": strconv.ParseInt: parsing "x": invalid syntax',
    ],
    [
      'EnableTagOverride == yes',
      'Failed to coerce value "yes" for selector "EnableTagOverride": strconv.ParseBool: parsing "yes": invalid syntax',
    ],
    [
      'Service matches "("',
      'Failed to compile regular expression "(": error parsing regexp: missing closing ): `(`',
    ],
    [
      'Service matches `\\`',
      'Failed to compile regular expression "\\\\": error parsing regexp: trailing backslash at end of expression: ``',
    ],
  ])('%s', (filter, message) => {
    expect(() => compileFilter(filter, SERVICE_FIELDS)).toThrow(PREFIX + message);
  });

  test('positions count characters and octets', () => {
    expect(() => compileFilter('Service == "é" é', SERVICE_FIELDS)).toThrow('1:16 (16): no match found');
  });

  test('patterns that are large together, before they are compiled', () => {
    const large = (count: number): string =>
      Array.from({ length: count }, (_, i) => `Service matches "(a|b.{9}){99}${i}"`).join(' or ');
    expect(holds(large(5))).toBe(false);
    expect(() => compileFilter(large(400), SERVICE_FIELDS)).toThrow(/too large$/);
    expect(() => compileFilter('Service matches "(.{30}){30}((a{30}){30}){30}"', SERVICE_FIELDS)).toThrow(
      /too large$|invalid repeat/,
    );
  });

  test('nesting that would be parsed again and again ends at once', () => {
    const startedMs = performance.now();
    expect(() => compileFilter('('.repeat(5_000), SERVICE_FIELDS)).toThrow(PREFIX);
    expect(() => compileFilter('x'.repeat(20_000), SERVICE_FIELDS)).toThrow('longer than');
    expect(performance.now() - startedMs).toBeLessThan(2_000);
  });
});
