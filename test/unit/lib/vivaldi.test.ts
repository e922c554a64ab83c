import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type Coordinate,
  coordinateFault,
  ORIGIN,
  secondsBetween,
  secondsMoved,
} from '../../../src/lib/network-coordinate.ts';
import { isRoundTrip, type Moving, moved, UNMOVED } from '../../../src/lib/vivaldi.ts';
import { seededRandom } from '../../support/seeded-random.ts';

interface Site {
  readonly x: number;
  readonly y: number;
  /** Way to the network, seconds. */
  readonly tail: number;
}

const trueSeconds = (a: Site, b: Site): number => Math.hypot(a.x - b.x, a.y - b.y) + a.tail + b.tail;

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] as number;
}

/** Let nodes on a plane measure each other at random, with round trips that are up to 10 % too long. */
function converged(sites: readonly Site[], rounds: number, random: () => number): readonly Moving[] {
  const nodes: Moving[] = sites.map(() => UNMOVED);
  for (let round = 0; round < rounds; round += 1)
    for (const [i, site] of sites.entries()) {
      const j = Math.floor(random() * sites.length);
      if (i === j) continue;
      const seconds = trueSeconds(site, sites[j] as Site) * (1 + random() / 10);
      const peer = (nodes[j] as Moving).coordinate;
      nodes[i] = moved(nodes[i] as Moving, { peer, seconds }, random);
    }
  return nodes;
}

function errorsOf(sites: readonly Site[], nodes: readonly Moving[]): readonly number[] {
  const errors: number[] = [];
  for (const [i, a] of sites.entries())
    for (const [j, b] of sites.entries()) {
      if (i >= j) continue;
      const seconds = trueSeconds(a, b);
      const estimated = secondsBetween((nodes[i] as Moving).coordinate, (nodes[j] as Moving).coordinate);
      errors.push(Math.abs(estimated - seconds) / seconds);
    }
  return errors;
}

const anyCoordinate: fc.Arbitrary<Coordinate> = fc.record({
  vec: fc.array(fc.double({ min: -10, max: 10, noNaN: true }), { minLength: 8, maxLength: 8 }),
  error: fc.double({ min: 0, max: 1.5, noNaN: true }),
  adjustment: fc.double({ min: -10, max: 10, noNaN: true }),
  height: fc.double({ min: 0, max: 10, noNaN: true }),
});

describe('nodes that measure round trips', () => {
  test.each([1, 2, 3, 4, 5])('find places whose distances are those (seed %i)', (seed) => {
    const random = seededRandom(seed);
    const next = (): number => random.next();
    const sites = Array.from({ length: 20 }, () => ({
      x: next() * 0.08,
      y: next() * 0.08,
      tail: 0.0005 + next() * 0.003,
    }));
    const nodes = converged(sites, 400, next);
    expect(median(errorsOf(sites, nodes))).toBeLessThan(0.12);
    expect(median(nodes.map(({ coordinate }) => coordinate.error))).toBeLessThan(0.3);
  });

  test('two at one place, far from all others, come apart from them and not from each other', () => {
    const random = seededRandom(7);
    const next = (): number => random.next();
    const near = { x: 0, y: 0, tail: 0.0002 };
    const sites = [near, near, ...[1, 2, 3].map((n) => ({ x: 0.05 * n, y: 0.05, tail: 0.0002 }))];
    const [a, b, c] = converged(sites, 400, next).map(({ coordinate }) => coordinate) as [
      Coordinate,
      Coordinate,
      Coordinate,
    ];
    expect(secondsBetween(a, b)).toBeLessThan(0.005);
    expect(secondsBetween(a, c)).toBeGreaterThan(0.05);
  });

  test.each([1, 2, 3, 4, 5, 6, 7, 8])(
    'are found where only three of them are measured by all (seed %i)',
    (seed) => {
      const random = seededRandom(seed);
      const next = (): number => random.next();
      const anchors = [
        { x: 0, y: 0, tail: 0.0005 },
        { x: 0.03, y: 0, tail: 0.0005 },
        { x: 0.015, y: 0.025, tail: 0.0005 },
      ];
      const sites = [...anchors, ...anchors.map(({ x, y }) => ({ x: x + 0.001, y, tail: 0.0005 }))];
      const nodes: Moving[] = sites.map(() => UNMOVED);
      for (let round = 0; round < 120; round += 1)
        for (const [i, site] of sites.entries()) {
          const j = random.below(anchors.length);
          if (i === j) continue;
          const measurement = {
            peer: (nodes[j] as Moving).coordinate,
            seconds: trueSeconds(site, anchors[j] as Site),
          };
          nodes[i] = moved(nodes[i] as Moving, measurement, next);
        }
      for (const [i, { coordinate }] of nodes.slice(0, 3).entries())
        expect(secondsBetween(coordinate, (nodes[i + 3] as Moving).coordinate)).toBeLessThan(0.008);
    },
  );

  test('stay within bounds whatever their peers say', () => {
    const measurement = fc.record({
      peer: anyCoordinate,
      seconds: fc.double({ min: 0, max: 10, noNaN: true }),
    });
    fc.assert(
      fc.property(fc.array(measurement, { maxLength: 60 }), fc.integer(), (measurements, seed) => {
        const random = seededRandom(seed);
        let node = UNMOVED;
        for (const each of measurements) node = moved(node, each, () => random.next());
        expect(coordinateFault(node.coordinate)).toBeUndefined();
        expect(node.residuals.length).toBeLessThanOrEqual(20);
      }),
    );
  });

  test('know what is no round trip', () => {
    expect([0, 0.001, 10].every(isRoundTrip)).toBe(true);
    expect([-1, 11, Number.NaN, Number.POSITIVE_INFINITY].some(isRoundTrip)).toBe(false);
  });
});

describe('a coordinate', () => {
  test('is refused where it is none, or further off than any network', () => {
    expect(coordinateFault(ORIGIN)).toBeUndefined();
    const vec = [...ORIGIN.vec];
    for (const odd of [
      null,
      'x',
      {},
      { ...ORIGIN, vec: vec.slice(1) },
      { ...ORIGIN, vec: [...vec.slice(1), Number.NaN] },
      { ...ORIGIN, vec: [...vec.slice(1), '1'] },
      { ...ORIGIN, vec: [...vec.slice(1), 11] },
      { ...ORIGIN, error: -1 },
      { ...ORIGIN, error: 2 },
      { ...ORIGIN, height: -1 },
      { ...ORIGIN, height: Number.POSITIVE_INFINITY },
      { ...ORIGIN, adjustment: 1e300 },
    ])
      expect(coordinateFault(odd)).not.toBeUndefined();
  });

  test('has moved by space, height and adjustment', () => {
    const far = { ...ORIGIN, vec: [3, 4, 0, 0, 0, 0, 0, 0], height: 1 + ORIGIN.height, adjustment: -2 };
    expect(secondsMoved(ORIGIN, far)).toBeCloseTo(8);
    expect(secondsMoved(far, far)).toBe(0);
  });
});
