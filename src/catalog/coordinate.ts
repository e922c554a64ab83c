/**
 * Network coordinates: where nodes are, in estimated round-trip time. Kept in memory; whoever measures them sends them
 * again and again.
 *
 * One agent measures nothing, so its own node sits at the origin. Distances as serf defines them: the Euclidean part
 * plus both heights, plus both adjustments unless that makes it negative.
 */
import { AppError } from '../model/errors.ts';
import { nodeKey, type View } from './tables.ts';

export interface Coordinate {
  readonly vec: readonly number[];
  readonly error: number;
  readonly adjustment: number;
  readonly height: number;
}

const DIMENSIONS = 8;

/** Where a node is that has not measured anything. */
export const ORIGIN: Coordinate = Object.freeze({
  vec: Object.freeze(new Array<number>(DIMENSIONS).fill(0)),
  error: 1.5,
  adjustment: 0,
  height: 1e-5,
});

function secondsBetween(a: Coordinate, b: Coordinate): number {
  const squares = a.vec.reduce((sum, value, i) => sum + (value - (b.vec[i] ?? 0)) ** 2, 0);
  const raw = Math.sqrt(squares) + a.height + b.height;
  const adjusted = raw + a.adjustment + b.adjustment;
  return adjusted > 0 ? adjusted : raw;
}

/** A node and where it is. */
export type Placed = readonly [node: string, coordinate: Coordinate];

export class Coordinates {
  readonly #places = new Map<string, Coordinate>();
  readonly #listeners: ((placed: Placed) => void)[] = [];

  /** `ownNode` is at the origin from the start. */
  constructor(ownNode: string) {
    this.#places.set(nodeKey(ownNode), ORIGIN);
  }

  of(node: string): Coordinate | undefined {
    return this.#places.get(nodeKey(node));
  }

  all(): readonly Placed[] {
    return [...this.#places];
  }

  /** Have the listener told of every coordinate that is remembered. */
  onSet(listener: (placed: Placed) => void): void {
    this.#listeners.push(listener);
  }

  /**
   * Remember where a node of the catalog is; others are forgotten at once. Throws invalid_command for another number of
   * dimensions or what is no number.
   */
  set(node: string, coordinate: Coordinate, view: View): void {
    const { vec, error, adjustment, height } = coordinate;
    if (vec.length !== DIMENSIONS) throw new AppError('invalid_command', 'incompatible coordinate');
    if (![...vec, error, adjustment, height].every(Number.isFinite))
      throw new AppError('invalid_command', 'invalid coordinate');
    if (view.nodes.get(nodeKey(node))) this.place([node, coordinate]);
  }

  /** Remember a coordinate that was looked at before. */
  place([node, coordinate]: Placed): void {
    this.#places.set(nodeKey(node), coordinate);
    for (const listener of this.#listeners) listener([node, coordinate]);
  }

  /** Estimated round trip in seconds; Infinity when one of them is not known. */
  distance(from: string, to: string): number {
    const a = this.of(from);
    const b = this.of(to);
    return a && b ? secondsBetween(a, b) : Number.POSITIVE_INFINITY;
  }
}
