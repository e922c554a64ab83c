/**
 * Network coordinates: points whose distance is the estimated round trip between two nodes, in seconds.
 *
 * A point has eight dimensions for what lies between sites, and a height for the way from a node to the network, which
 * every packet takes. The adjustment corrects what the model gets wrong on average; it is left out where it would make a
 * distance negative. vivaldi.ts moves them; nothing here measures.
 */

export interface Coordinate {
  readonly vec: readonly number[];
  /** How sure it is: 1.5 is not at all. */
  readonly error: number;
  readonly adjustment: number;
  readonly height: number;
}

export const DIMENSIONS = 8;
export const MAX_ERROR = 1.5;
/** No node is nearer to the network than this, seconds. */
export const MIN_HEIGHT = 1e-5;
/** Round trips above this, in seconds, are no measurements. */
export const MAX_ROUND_TRIP = 10;

/** Where a node is that has not measured anything. */
export const ORIGIN: Coordinate = Object.freeze({
  vec: Object.freeze(new Array<number>(DIMENSIONS).fill(0)),
  error: MAX_ERROR,
  adjustment: 0,
  height: MIN_HEIGHT,
});

/** The distance as the model has it, without adjustments. */
export function rawSecondsBetween(a: Coordinate, b: Coordinate): number {
  const squares = a.vec.reduce((sum, value, i) => sum + (value - (b.vec[i] ?? 0)) ** 2, 0);
  return Math.sqrt(squares) + a.height + b.height;
}

/** Estimated round trip in seconds. */
export function secondsBetween(a: Coordinate, b: Coordinate): number {
  const raw = rawSecondsBetween(a, b);
  const adjusted = raw + a.adjustment + b.adjustment;
  return adjusted > 0 ? adjusted : raw;
}

const isWithin = (value: unknown, low: number, high: number): boolean =>
  typeof value === 'number' && value >= low && value <= high;

/**
 * What keeps a value from being a coordinate that another agent may have measured; undefined for a good one. Bounded so
 * that one agent cannot push its peers away without limit: nothing is further off than the longest round trip.
 */
export function coordinateFault(value: unknown): string | undefined {
  const { vec, error, adjustment, height } = (value ?? {}) as Partial<Coordinate>;
  if (!Array.isArray(vec) || vec.length !== DIMENSIONS) return 'a coordinate has 8 dimensions';
  if (!vec.every((each) => isWithin(each, -MAX_ROUND_TRIP, MAX_ROUND_TRIP)))
    return 'its place is out of range';
  if (!isWithin(error, 0, MAX_ERROR)) return 'its error is out of range';
  if (!isWithin(adjustment, -MAX_ROUND_TRIP, MAX_ROUND_TRIP)) return 'its adjustment is out of range';
  if (!isWithin(height, 0, MAX_ROUND_TRIP)) return 'its height is out of range';
  return undefined;
}

/** How far a point has moved since, in seconds, heights and adjustments included. */
export function secondsMoved(before: Coordinate, now: Coordinate): number {
  const squares = now.vec.reduce((sum, value, i) => sum + (value - (before.vec[i] ?? 0)) ** 2, 0);
  const other = Math.abs(now.height - before.height) + Math.abs(now.adjustment - before.adjustment);
  return Math.sqrt(squares) + other;
}
