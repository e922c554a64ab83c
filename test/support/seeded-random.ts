/**
 * Randomness that a test can repeat: the same seed gives the same sequence, uuids and bytes included.
 * A failing random test prints its seed; passing that seed again replays it.
 */
import type { Random } from '../../src/lib/random.ts';

/** A generator with 32 bits of state (mulberry32), good enough to vary inputs and to shuffle. */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;

  function next(): number {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  function bytes(count: number): Uint8Array {
    return Uint8Array.from({ length: count }, () => Math.floor(next() * 256));
  }

  function uuid(): string {
    const raw = bytes(16);
    raw[6] = ((raw[6] ?? 0) & 0x0f) | 0x40;
    raw[8] = ((raw[8] ?? 0) & 0x3f) | 0x80;
    const hex = Buffer.from(raw).toString('hex');
    return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
  }

  return { next, below: (limit) => Math.floor(next() * limit), uuid, bytes };
}
