import { expect, test } from 'vitest';
import { compilePattern } from '../../../src/lib/pattern.ts';
import { patternSteps } from '../../../src/lib/pattern-size.ts';

test.each([
  ['', 0],
  ['abc', 3],
  ['a{1000}', 1_000],
  ['a{3,}', 3],
  ['a{2,5}b', 6],
  ['[()]{10}', 10],
  [String.raw`\({10}`, 10],
  [String.raw`[^]\]{]{10}`, 10],
  ['[[:alpha:]{]{7}', 7],
  ['(ab){10}', 40],
  ['((a{10}){10}){10}', 1_220],
  ['(a{10}', 10],
  [String.raw`\pL\p{Greek}`, 62],
])('%s has about %i steps', (source, steps) => {
  expect(patternSteps(source)).toBe(steps);
});

test('what people write is far below the limit, and what takes long is refused before it is compiled', () => {
  for (const source of [
    String.raw`^(\d{1,3}\.){3}\d{1,3}$`,
    '^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$',
    '^web-(prod|test)-[a-z0-9]{1,63}(\\.[a-z0-9-]{1,63}){0,4}$',
    'a{1000}',
  ])
    expect(typeof compilePattern(source)).toBe('object');
  for (const source of ['a{1000}'.repeat(500), `(${'a'.repeat(400)}){900}`, `(${'\\pL'.repeat(500)}){9}`])
    expect(compilePattern(source)).toBe('error parsing regexp: expression too large');
});
