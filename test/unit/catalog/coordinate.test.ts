import { describe, expect, test } from 'vitest';
import { Coordinates } from '../../../src/catalog/coordinate.ts';
import { startKv } from '../../support/kv.ts';

const at = (x: number, fields = {}) => ({
  vec: [x, 0, 0, 0, 0, 0, 0, 0],
  error: 1,
  adjustment: 0,
  height: 0,
  ...fields,
});

describe('coordinates', () => {
  test('tell distances: space between, heights, and adjustments unless they make it negative', async () => {
    const { state } = await startKv();
    const places = new Coordinates('me');
    places.set(['n1', at(3, { height: 0.5, adjustment: 0.25 }), ''], state.view);
    expect(places.distance('me', 'N1')).toBeCloseTo(3.75001);
    places.set(['n1', at(3, { adjustment: -10 }), ''], state.view);
    expect(places.distance('me', 'n1')).toBeCloseTo(3.00001);
    expect(places.distance('me', 'nobody')).toBe(Number.POSITIVE_INFINITY);
  });

  test('are compared in a segment that both nodes are in', async () => {
    const { state } = await startKv();
    const places = new Coordinates('me');
    places.set(['n1', at(3), 'alpha'], state.view);
    expect(places.distance('me', 'n1')).toBe(Number.POSITIVE_INFINITY);
    places.place(['me', at(1), 'alpha']);
    expect(places.distance('me', 'n1')).toBeCloseTo(2);
    expect(places.distance('n1', 'me')).toBeCloseTo(2);
    places.set(['n1', at(5), ''], state.view);
    expect(places.distance('me', 'n1')).toBeCloseTo(5.00001);
  });

  test('are kept for 64 segments of a node at most', async () => {
    const { state } = await startKv();
    const places = new Coordinates('me');
    for (let n = 0; n < 64; n += 1) places.set(['n1', at(n), String(n)], state.view);
    expect(() => places.set(['n1', at(1), 'more'], state.view)).toThrow('at most 64 segments');
    places.set(['n1', at(7), '3'], state.view);
    expect(places.of('n1').get('3')?.vec[0]).toBe(7);
  });

  test('of nodes that the catalog does not know are not kept; odd ones are refused', async () => {
    const { state } = await startKv();
    const places = new Coordinates('me');
    places.set(['stranger', at(1), ''], state.view);
    expect(places.of('stranger').size).toBe(0);
    expect(() => places.set(['n1', { ...at(1), vec: [1] }, ''], state.view)).toThrow(
      'incompatible coordinate',
    );
    expect(() => places.set(['n1', at(Number.NaN), ''], state.view)).toThrow('invalid coordinate');
  });
});
