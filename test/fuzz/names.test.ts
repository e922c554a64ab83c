/** Random names against the grammar: always one meaning, and the same one again when it is rendered. */
import { expect, it } from 'vitest';
import { KEYWORDS } from '../../src/names/lookup.ts';
import { parse } from '../../src/names/parse-name.ts';
import { render } from '../support/name-of-lookup.ts';
import { seededRandom } from '../support/seeded-random.ts';

const SEED = Number(process.env['ROLLCALL_FUZZ_SEED'] ?? Math.floor(Math.random() * 2 ** 31));
const NAMES = Number(process.env['ROLLCALL_FUZZ_NAMES'] ?? 100_000);
const random = seededRandom(SEED);
const zones = { domain: ['consul'], altDomain: ['alt', 'test'] };

const WORDS = [
  ...KEYWORDS,
  'dc',
  'peer',
  'dc1',
  'web',
  '_web',
  '_tcp',
  '_udp',
  '_',
  'consul',
  'alt',
  'test',
  'arpa',
  'in-addr',
  'ip6',
  '10',
  '0',
  'a',
  'ns',
  '0a000001',
  'a\\.b',
  '',
];
const ENDS = [['consul'], ['alt', 'test'], ['in-addr', 'arpa'], ['ip6', 'arpa'], ['com'], []];

it(`understands ${NAMES} odd names (seed ${SEED})`, () => {
  for (let i = 0; i < NAMES; i += 1) {
    const front = Array.from({ length: random.below(8) }, () => WORDS[random.below(WORDS.length)] as string);
    const labels = [...front, ...(ENDS[random.below(ENDS.length)] as string[])];
    const qtype = random.next() < 0.5 ? 33 : 1;
    const lookup = parse(labels, qtype, zones);
    const text = render(lookup, 'consul');
    if (text === '' || labels.some((label) => label.startsWith('_') || label === '' || label.includes('\\')))
      continue;
    expect(parse(text.split('.'), qtype, zones), labels.join('.')).toEqual(lookup);
  }
});
