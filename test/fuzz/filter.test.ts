/** Filters from random and from slightly broken text: either a predicate or a refusal in words, never anything else. */
import { expect, test } from 'vitest';
import { compileFilter } from '../../src/filter/compile.ts';
import { ENTRY_FIELDS } from '../../src/filter/fields.ts';
import { AppError } from '../../src/model/errors.ts';
import { seededRandom } from '../support/seeded-random.ts';

const SEED = 20_260_101;
const ROUNDS = 20_000;

const WORDS = [
  'Service',
  '.',
  'Tags',
  'Meta',
  '["k"]',
  'Port',
  'Checks.Status',
  'Node.Node',
  'Nope',
  '==',
  '!=',
  'in',
  'not',
  'is',
  'empty',
  'matches',
  'contains',
  'and',
  'or',
  '(',
  ')',
  '"a"',
  '`b`',
  '5',
  '-1',
  '01',
  '"',
  '`',
  '[',
  ']',
  'x',
  'true',
  '"(a+)+$"',
  ' ',
  '  ',
  '\n',
  'é',
  '\u0000',
];
const ENTRY = {
  Node: { Node: 'n1', Meta: new Map([['k', 'v']]) },
  Service: { Service: 'web', Tags: ['a'], Meta: new Map(), Port: 5 },
  Checks: [{ Status: 'passing' }],
};

function outcome(filter: string): 'predicate' | 'refusal' {
  try {
    expect(typeof compileFilter(filter, ENTRY_FIELDS)(ENTRY)).toBe('boolean');
    return 'predicate';
  } catch (error) {
    if (error instanceof AppError && error.code === 'bad_filter') return 'refusal';
    throw new Error(`seed ${SEED}, filter ${JSON.stringify(filter)}`, { cause: error });
  }
}

test('words in any order', () => {
  const random = seededRandom(SEED);
  const seen = { predicate: 0, refusal: 0 };
  for (let round = 0; round < ROUNDS; round += 1) {
    const words = Array.from({ length: 1 + random.below(8) }, () => WORDS[random.below(WORDS.length)] ?? '');
    seen[outcome(words.join(random.below(2) === 0 ? ' ' : ''))] += 1;
  }
  expect(seen.predicate).toBeGreaterThan(0);
  expect(seen.refusal).toBeGreaterThan(ROUNDS / 2);
});

test('a good filter with one character changed, at every place', () => {
  const good =
    'Service.Meta["k"] == "v" and (not Service.Port == 5 or "a" in Service.Tags) or Checks.Status != `x`';
  expect(outcome(good)).toBe('predicate');
  for (let at = 0; at < good.length; at += 1)
    for (const char of ['', ' ', '"', '`', '(', ')', '[', '.', 'x', '0', '\u0000', '😀'])
      outcome(good.slice(0, at) + char + good.slice(at + 1));
});
