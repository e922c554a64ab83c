/**
 * Sets of characters as ranges of code points, and the named ones of patterns: `\d`, `[:alpha:]` and their like.
 *
 * Named classes are ASCII, as RE2 has them.
 */

/** Code points from `low` to `high`, both included. */
export type Range = readonly [low: number, high: number];

export const MAX_CODE_POINT = 0x10_ffff;
const DIGITS: readonly Range[] = [[0x30, 0x39]];
const WORDS: readonly Range[] = [
  [0x30, 0x39],
  [0x41, 0x5a],
  [0x5f, 0x5f],
  [0x61, 0x7a],
];
const SPACES: readonly Range[] = [
  [0x09, 0x0a],
  [0x0c, 0x0d],
  [0x20, 0x20],
];

/** What is not in `ranges`. */
export function complement(ranges: readonly Range[]): readonly Range[] {
  const sortedRanges = [...ranges].sort((a, b) => a[0] - b[0]);
  const gaps: Range[] = [];
  let next = 0;
  for (const [low, high] of sortedRanges) {
    if (low > next) gaps.push([next, low - 1]);
    next = Math.max(next, high + 1);
  }
  if (next <= MAX_CODE_POINT) gaps.push([next, MAX_CODE_POINT]);
  return gaps;
}

export const PERL_CLASSES: Readonly<Record<string, readonly Range[]>> = {
  d: DIGITS,
  D: complement(DIGITS),
  w: WORDS,
  W: complement(WORDS),
  s: SPACES,
  S: complement(SPACES),
};

export const POSIX_CLASSES: Readonly<Record<string, readonly Range[]>> = {
  alnum: [
    [0x30, 0x39],
    [0x41, 0x5a],
    [0x61, 0x7a],
  ],
  alpha: [
    [0x41, 0x5a],
    [0x61, 0x7a],
  ],
  digit: DIGITS,
  lower: [[0x61, 0x7a]],
  upper: [[0x41, 0x5a]],
  punct: [
    [0x21, 0x2f],
    [0x3a, 0x40],
    [0x5b, 0x60],
    [0x7b, 0x7e],
  ],
  space: [
    [0x09, 0x0d],
    [0x20, 0x20],
  ],
  word: WORDS,
  xdigit: [
    [0x30, 0x39],
    [0x41, 0x46],
    [0x61, 0x66],
  ],
};

/** One character in both cases. */
export function folded([low, high]: Range): readonly Range[] {
  const other: Range[] = [[low, high]];
  for (const [from, to, shift] of [
    [0x41, 0x5a, 0x20],
    [0x61, 0x7a, -0x20],
  ] as const) {
    const [start, end] = [Math.max(low, from), Math.min(high, to)];
    if (start <= end) other.push([start + shift, end + shift]);
  }
  return other;
}
