import { describe, expect, it } from 'vitest';
import { Places } from '../../../../src/dns/transport/connection-table.ts';

describe('places for connections', () => {
  it('are given up by the client that holds most, the longest idle one first', () => {
    const places = new Places<string>();
    const a1 = places.enter('10.0.0.1', 'a1');
    places.enter('10.0.0.2', 'b1');
    places.enter('10.0.0.1', 'a2');
    a1.use();
    expect([places.evict(), places.size]).toEqual(['a2', 2]);
  });

  it('are given up by the longest idle one when all clients hold as many', () => {
    const places = new Places<string>();
    places.enter('10.0.0.1', 'a').use();
    places.enter('10.0.0.2', 'b');
    places.enter('10.0.0.3', 'c');
    expect([places.evict(), places.evict(), places.evict(), places.evict()]).toEqual([
      'a',
      'b',
      'c',
      undefined,
    ]);
  });

  it('count an IPv6 network of 64 bits as one client', () => {
    const places = new Places<string>();
    places.enter('10.0.0.1', 'other');
    places.enter('2001:db8::1', 'x');
    places.enter('2001:db8::ffff:2', 'y');
    expect(places.evict()).toBe('x');
  });

  it('are free again when their holder leaves, once', () => {
    const places = new Places<string>();
    const place = places.enter('10.0.0.1', 'a');
    place.leave();
    place.leave();
    place.use();
    expect([places.size, places.evict()]).toEqual([0, undefined]);
  });
});
