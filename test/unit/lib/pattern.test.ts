import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compilePattern, type Pattern } from '../../../src/lib/pattern.ts';

function pattern(source: string): Pattern {
  const compiled = compilePattern(source);
  if (typeof compiled === 'string') throw new Error(compiled);
  return compiled;
}

const groups = (source: string, text: string): readonly string[] | undefined => pattern(source).match(text);

describe('matching', () => {
  test.each([
    ['a', 'bab', ['a']],
    ['^a', 'bab', undefined],
    ['b$', 'bab', ['b']],
    ['a.c', 'abc', ['abc']],
    ['a.c', 'a\nc', undefined],
    ['(?s)a.c', 'a\nc', ['a\nc']],
    ['(?m)^c', 'a\nc', ['c']],
    ['(a|ab)(c|bcd)(d*)', 'abcd', ['abcd', 'a', 'bcd', '']],
    ['a*?', 'aaa', ['']],
    ['a{2,3}', 'aaaa', ['aaa']],
    ['a{2}?b', 'aaab', ['aab']],
    ['[^a-c]+', 'abcxyz', ['xyz']],
    ['[]a]+', 'x]a', [']a']],
    ['[[:digit:]]+', 'a42', ['42']],
    ['\\d+\\.\\w', '10.x', ['10.x']],
    ['(?i)WEB', 'my-web-1', ['web']],
    ['(?i:w)EB', 'wEB', ['wEB']],
    ['\\bfoo\\b', 'a foo b', ['foo']],
    ['\\Bo', 'foo', ['o']],
    ['(?P<name>a+)b', 'aab', ['aab', 'aa']],
    ['(x)?a', 'a', ['a', '']],
    ['\\x41\\x{42}', 'AB', ['AB']],
    ['é+', 'caféé', ['éé']],
    ['x{,2}', 'x{,2}', ['x{,2}']],
    ['', 'abc', ['']],
  ])('%s on %j gives %j', (source, text, expected) => {
    expect(groups(source, text)).toEqual(expected);
  });
});

describe('what is not a pattern is told as Consul tells it', () => {
  test.each([
    ['(', 'error parsing regexp: missing closing ): `(`'],
    ['a)', 'error parsing regexp: unexpected ): `a)`'],
    ['[a', 'error parsing regexp: missing closing ]: `[a`'],
    ['*a', 'error parsing regexp: missing argument to repetition operator: `*`'],
    ['[b-a]', 'error parsing regexp: invalid character class range: `b-a`'],
    ['a{1001}', 'error parsing regexp: invalid repeat count: `{1001}`'],
    ['\\1', 'error parsing regexp: invalid escape sequence: `\\1`'],
    ['(?=a)', 'error parsing regexp: invalid or unsupported Perl syntax: `(?=`'],
    ['a\\', 'error parsing regexp: trailing backslash at end of expression: ``'],
  ])('%s', (source, message) => {
    expect(compilePattern(source)).toBe(message);
  });

  test('a repetition of repetitions is refused when it would be too large', () => {
    expect(compilePattern('((a{500}){500}){500}')).toMatch(/^error parsing regexp: /);
  });
});

test('a pattern that would run away with backtracking ends at once', () => {
  const startedMs = performance.now();
  expect(groups('^(a+)+$', `${'a'.repeat(5_000)}b`)).toBeUndefined();
  expect(performance.now() - startedMs).toBeLessThan(1_000);
});

describe('agrees with the engine of the language on what both understand', () => {
  const plain = fc.constantFrom('a', 'b', 'c', '.', '[ab]', '[^b]', '\\w');
  const quantifier = fc.constantFrom('', '*', '+', '?', '{1,2}', '*?', '??', '+?');
  const text = fc.stringMatching(/^[abc ]{0,8}$/);

  /** Sequences and alternatives of `leaf`, nested. */
  function patterns(leaf: fc.Arbitrary<string>, wrap: (inner: string) => string): fc.Arbitrary<string> {
    const { node } = fc.letrec<{ node: string }>((tie) => ({
      node: fc.oneof(
        { maxDepth: 4 },
        leaf,
        fc.tuple(tie('node'), tie('node')).map(([a, b]) => a + b),
        fc.tuple(tie('node'), tie('node')).map(([a, b]) => wrap(`${a}|${b}`)),
      ),
    }));
    return node;
  }

  test('where repetitions cannot be empty, match and groups are the same', () => {
    const leaf = fc.tuple(plain, quantifier).map(([atom, q]) => atom + q);
    const node = patterns(leaf, (inner) => `(${inner})`);
    fc.assert(
      fc.property(node, text, (source, input) => {
        const own = new RegExp(source).exec(input);
        expect(groups(source, input)).toEqual(own?.map((group) => group ?? ''));
      }),
      { numRuns: 1_000 },
    );
  });

  test('with assertions and repetitions of anything, the same texts match', () => {
    const leaf = fc.oneof(plain, fc.constantFrom('\\b', '^', '$', '\\B'));
    const node = fc
      .tuple(
        patterns(leaf, (inner) => `(?:${inner})*`),
        patterns(leaf, (inner) => `(?:${inner})+?`),
      )
      .map(([a, b]) => a + b);
    fc.assert(
      fc.property(node, text, (source, input) => {
        expect(groups(source, input) !== undefined).toBe(new RegExp(source).test(input));
      }),
      { numRuns: 1_000 },
    );
  });
});
