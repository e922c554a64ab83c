/**
 * Which answers come first: a random order for every query.
 *
 * Equal weights: Fisher–Yates, stopped after as many as are sent. Different weights: sampling without replacement in
 * proportion to them (Efraimidis and Spirakis 2006: sort by -ln(u)/w), so the order and who survives a limit follow the
 * weights. Weight 0 comes after everything else. Works in place on numbers; allocates nothing for equal weights.
 */
import type { Random } from '../lib/random.ts';
import type { Order } from '../wire/emit.ts';

/** Numbers that fit in 16 bits; V8 keeps short arrays of them inside the object, one memory access less. */
const MAX_SHORT = 0x10000;

/** Whether all weights are equal, in which case they do not matter. */
export function areEqual(weights: Float64Array): boolean {
  for (let i = 1; i < weights.length; i += 1) if (weights[i] !== weights[0]) return false;
  return true;
}

function shuffle(order: Order, count: number, random: Random): void {
  const last = Math.min(count, order.length - 1);
  for (let i = 0; i < last; i += 1) {
    const j = i + random.below(order.length - i);
    const picked = order[j] as number;
    order[j] = order[i] as number;
    order[i] = picked;
  }
}

function sample(order: Order, weights: Float64Array, random: Random): void {
  const keys = new Float64Array(weights.length);
  for (let i = 0; i < keys.length; i += 1) {
    const weight = weights[i] as number;
    const exponential = -Math.log(1 - random.next());
    // Among weight 0 any order will do, but behind all others.
    keys[i] = weight > 0 ? exponential / weight : Number.MAX_VALUE * (0.5 + random.next() / 2);
  }
  order.sort((a, b) => (keys[a] as number) - (keys[b] as number));
}

/**
 * Put the first `count` entries of `order`, a permutation, into random order; `weights` by entry, or null when equal.
 * O(count), or O(n log n) with weights.
 */
export function reorder(order: Order, count: number, weights: Float64Array | null, random: Random): void {
  if (weights === null) shuffle(order, count, random);
  else sample(order, weights, random);
}

/** 0, 1, 2 … */
export function identityOrder(length: number): Order {
  const order = length <= MAX_SHORT ? new Uint16Array(length) : new Uint32Array(length);
  for (let i = 0; i < length; i += 1) order[i] = i;
  return order;
}

/** Longer orders are rare and not shared. */
const MAX_SHARED = 64;

/**
 * Permutations to shuffle, one for all answers of the same length: what comes out of a shuffle does not depend on what
 * went in. With many services in use that is memory which is always in the processor's cache.
 */
export class SharedOrders {
  readonly #byLength: (Order | undefined)[] = [];

  of(length: number): Order {
    if (length > MAX_SHARED) return identityOrder(length);
    const order = this.#byLength[length] ?? identityOrder(length);
    this.#byLength[length] = order;
    return order;
  }
}
