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
    places.set('n1', at(3, { height: 0.5, adjustment: 0.25 }), state.view);
    expect(places.distance('me', 'N1')).toBeCloseTo(3.75001);
    places.set('n1', at(3, { adjustment: -10 }), state.view);
    expect(places.distance('me', 'n1')).toBeCloseTo(3.00001);
    expect(places.distance('me', 'nobody')).toBe(Number.POSITIVE_INFINITY);
  });

  test('of nodes that the catalog does not know are not kept; odd ones are refused', async () => {
    const { state } = await startKv();
    const places = new Coordinates('me');
    places.set('stranger', at(1), state.view);
    expect(places.of('stranger')).toBeUndefined();
    expect(() => places.set('n1', { ...at(1), vec: [1] }, state.view)).toThrow('incompatible coordinate');
    expect(() => places.set('n1', at(Number.NaN), state.view)).toThrow('invalid coordinate');
  });
});
