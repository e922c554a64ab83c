import { describe, expect, test } from 'vitest';
import { Coordinates } from '../../../src/catalog/coordinate.ts';
import type { Coordinate } from '../../../src/lib/network-coordinate.ts';
import type { NodeName } from '../../../src/model/types.ts';
import { startKv } from '../../support/kv.ts';

const at = (x: number, fields = {}): Coordinate => ({
  vec: [x, 0, 0, 0, 0, 0, 0, 0],
  error: 1,
  adjustment: 0,
  height: 0,
  ...fields,
});

/** A catalog with one node `n1`, seen by the agent `me`, which is at the origin. */
async function startPlaces() {
  const { state, writer } = await startKv();
  const set = (node: string, coordinate: Coordinate, segment = '') =>
    writer.submit({ kind: 'coordinates', places: [{ node: node as NodeName, segment, ...coordinate }] });
  return { places: new Coordinates(state.view, 'me'), set, state, writer };
}

describe('coordinates', () => {
  test('tell distances: space between, heights, and adjustments unless they make it negative', async () => {
    const { places, set } = await startPlaces();
    await set('n1', at(3, { height: 0.5, adjustment: 0.25 }));
    expect(places.distance('me', 'N1')).toBeCloseTo(3.75001);
    await set('n1', at(3, { adjustment: -10 }));
    expect(places.distance('me', 'n1')).toBeCloseTo(3.00001);
    expect(places.distance('me', 'nobody')).toBe(Number.POSITIVE_INFINITY);
  });

  test('are compared in a segment that both nodes are in', async () => {
    const { places, set, writer } = await startPlaces();
    await set('n1', at(3), 'alpha');
    expect(places.distance('me', 'n1')).toBe(Number.POSITIVE_INFINITY);
    const me = { name: 'me' as NodeName, id: '', address: '10.0.0.9', taggedAddresses: null, meta: null };
    await writer.submit({ kind: 'register', node: me, skipNodeUpdate: false, checks: [] });
    await set('me', at(1), 'alpha');
    expect(places.distance('me', 'n1')).toBeCloseTo(2);
    expect(places.distance('n1', 'me')).toBeCloseTo(2);
    await set('me', at(0));
    await set('n1', at(5));
    expect(places.distance('me', 'n1')).toBeCloseTo(5);
  });

  test('are kept for 64 segments of a node at most, and for the one without a name', async () => {
    const { places, set } = await startPlaces();
    for (let n = 0; n < 64; n += 1) await set('n1', at(n), String(n));
    await expect(set('n1', at(1), 'more')).rejects.toThrow('at most 64 segments');
    await set('n1', at(7), '3');
    expect(places.of('n1').get('3')?.vec[0]).toBe(7);
    await set('n1', at(8));
    await expect(set('n1', at(1), 'more')).rejects.toThrow('at most 64 segments');
    expect([places.of('n1').size, places.of('n1').get('')?.vec[0]]).toEqual([65, 8]);
  });

  test('of nodes that the catalog does not know are not kept; odd ones are refused', async () => {
    const { places, set } = await startPlaces();
    await set('stranger', at(1));
    expect(places.of('stranger').size).toBe(0);
    await expect(set('n1', { ...at(1), vec: [1] })).rejects.toThrow('incompatible coordinate');
    await expect(set('n1', at(Number.NaN))).rejects.toThrow('invalid coordinate');
  });

  test('go with their node, and are not those of the next one of its name', async () => {
    const { places, set, state, writer } = await startPlaces();
    await set('n1', at(3));
    await writer.submit({ kind: 'deregister', node: 'N1' });
    expect([places.of('n1').size, state.view.coordinates.size]).toEqual([0, 0]);
  });

  test('go when a snapshot is restored that does not know their node', async () => {
    const { places, set, writer } = await startPlaces();
    await set('n1', at(3));
    await writer.submit({ kind: 'restore', rows: [], ownNode: 'me' });
    expect(places.of('n1').size).toBe(0);
  });
});
