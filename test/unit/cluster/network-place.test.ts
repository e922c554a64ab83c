import { expect, it } from 'vitest';
import { NetworkPlace } from '../../../src/cluster/network-place.ts';
import { ORIGIN, secondsBetween } from '../../../src/lib/network-coordinate.ts';
import { seededRandom } from '../../support/seeded-random.ts';

function started() {
  const refused: string[] = [];
  const random = seededRandom(1);
  const place = new NetworkPlace({ random: () => random.next(), onRefused: (what) => refused.push(what) });
  return { place, refused };
}

const FAR = { ...ORIGIN, vec: [0.05, 0, 0, 0, 0, 0, 0, 0], error: 0.1 };

it('measurements bring the estimate near the measured round trip', () => {
  const { place } = started();
  for (let i = 0; i < 100; i += 1) place.take('s1', 20, ORIGIN);
  expect(secondsBetween(place.coordinate, ORIGIN) * 1_000).toBeCloseTo(20, 0);
  expect(place.coordinate.error).toBeLessThan(0.5);
});

it('one late packet moves nobody', () => {
  const { place } = started();
  for (let i = 0; i < 100; i += 1) place.take('s1', 20, FAR);
  const before = secondsBetween(place.coordinate, FAR);
  place.take('s1', 9_000, FAR);
  expect(secondsBetween(place.coordinate, FAR)).toBeCloseTo(before, 3);
});

it('a place is found although most round trips are measured too long', () => {
  const { place } = started();
  const random = seededRandom(9);
  for (let i = 0; i < 200; i += 1) place.take('s1', 20 + (i % 3 === 0 ? 0 : random.next() * 100), FAR);
  expect(secondsBetween(place.coordinate, FAR) * 1_000).toBeCloseTo(20, 0);
});

it('what cannot be a round trip or a coordinate moves nothing, and is counted', () => {
  const { place, refused } = started();
  for (const ms of [-1, Number.NaN, Number.POSITIVE_INFINITY, 60_000]) place.take('s1', ms, ORIGIN);
  for (const odd of [null, {}, { ...ORIGIN, vec: [1] }, { ...ORIGIN, height: Number.NaN }])
    place.take('s1', 1, odd);
  expect(refused).toEqual([...Array(4).fill('round_trip'), ...Array(4).fill('coordinate')]);
  expect([place.coordinate, place.measured]).toEqual([ORIGIN, 0]);
});

it('an agent goes on where it was before, but not once it has measured, nor somewhere impossible', () => {
  const { place } = started();
  place.resume({ ...FAR, height: -1 });
  expect(place.coordinate).toEqual(ORIGIN);
  place.resume(FAR);
  expect(place.coordinate).toEqual(FAR);
  place.take('s1', 20, ORIGIN);
  const { coordinate } = place;
  place.resume(ORIGIN);
  expect(place.coordinate).toBe(coordinate);
});
