/**
 * The colours of the map, seen by people who see no red, no green or no blue: any two states stay apart.
 */
import { expect, test } from 'vitest';
import { readSource } from '../../support/source-files.ts';

type Rgb = readonly [red: number, green: number, blue: number];
type Matrix = readonly [Rgb, Rgb, Rgb];

/** Machado, Oliveira and Fernandes 2009, severity 1, on linear light. */
const SIGHTS: Readonly<Record<string, Matrix>> = {
  everything: [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ],
  'no red': [
    [0.152286, 1.052583, -0.204868],
    [0.114503, 0.786281, 0.099216],
    [-0.003882, -0.048116, 1.051998],
  ],
  'no green': [
    [0.367322, 0.860646, -0.227968],
    [0.280085, 0.672501, 0.047413],
    [-0.01182, 0.04294, 0.968881],
  ],
  'no blue': [
    [1.255528, -0.076749, -0.178779],
    [-0.078411, 0.930809, 0.147602],
    [0.004733, 0.691367, 0.3039],
  ],
  'no colour': [
    [0.2126, 0.7152, 0.0722],
    [0.2126, 0.7152, 0.0722],
    [0.2126, 0.7152, 0.0722],
  ],
};

const linear = (part: number): number => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);

function lightOf(hex: string): Rgb {
  const parts = [1, 3, 5].map((at) => linear(Number.parseInt(hex.slice(at, at + 2), 16) / 255));
  return parts as unknown as Rgb;
}

const times = (matrix: Matrix, [r, g, b]: Rgb): Rgb =>
  matrix.map((row) => Math.min(Math.max(row[0] * r + row[1] * g + row[2] * b, 0), 1)) as unknown as Rgb;

/** Oklab: the same distance is the same difference to the eye, more or less. */
function lab([r, g, b]: Rgb): Rgb {
  const l = Math.cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b);
  const m = Math.cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b);
  const s = Math.cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b);
  return [
    0.2104542553 * l + 0.793617785 * m - 0.0040720468 * s,
    1.9779984951 * l - 2.428592205 * m + 0.4505937099 * s,
    0.0259040371 * l + 0.7827717662 * m - 0.808675766 * s,
  ];
}

const distance = (one: Rgb, other: Rgb): number =>
  Math.hypot(...one.map((value, at) => value - (other[at] ?? 0)));

const STATES = ['passing', 'warning', 'critical', 'maintenance'] as const;
/** Neighbouring colours of charts that are made for everybody are some 0.12 apart. */
const APART = 0.12;

function coloursOf(theme: 0 | 1): ReadonlyMap<string, string> {
  const css = readSource('ui/style/tokens.css');
  return new Map(
    STATES.map((state) => {
      const found = new RegExp(`--heat-${state}: light-dark\\((#\\w{6}), (#\\w{6})\\)`).exec(css);
      return [state, found?.[theme + 1] ?? ''];
    }),
  );
}

test.each([
  ['light', 0],
  ['dark', 1],
] as const)('in %s colours any two states are apart for everybody who sees a colour', (_, theme) => {
  const colours = [...coloursOf(theme)];
  const close: string[] = [];
  for (const [sight, matrix] of Object.entries(SIGHTS)) {
    if (sight === 'no colour') continue;
    for (const [at, [one, hex]] of colours.entries())
      for (const [other, otherHex] of colours.slice(at + 1)) {
        const apart = distance(lab(times(matrix, lightOf(hex))), lab(times(matrix, lightOf(otherHex))));
        if (apart < APART) close.push(`${sight}: ${one} and ${other} ${apart.toFixed(3)}`);
      }
  }
  expect(close).toEqual([]);
});

test.each([
  ['light', 0],
  ['dark', 1],
] as const)('in %s colours what is critical is not as light as what is passing', (_, theme) => {
  const colours = coloursOf(theme);
  const grey = (state: string): number =>
    lab(times(SIGHTS['no colour'] as Matrix, lightOf(colours.get(state) ?? '')))[0];
  expect(Math.abs(grey('critical') - grey('passing'))).toBeGreaterThan(0.2);
});
