/**
 * Network coordinates: where nodes are, in estimated round-trip time. Kept in memory; whoever measures them sends them
 * again and again.
 *
 * One agent measures nothing, so its own node sits at the origin. Distances as serf defines them: the Euclidean part
 * plus both heights, plus both adjustments unless that makes it negative. A node may be in several segments of the
 * network, with a coordinate in each; rollcall itself has one segment, whose name is empty.
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

/** A node and where it is in a segment of the network. */
export type Placed = readonly [node: string, coordinate: Coordinate, segment: string];

/** A node is in few segments; Consul knows 64 by default. */
const MAX_SEGMENTS = 64;

type BySegment = ReadonlyMap<string, Coordinate>;

/** The only segment that a node is in; a node in several is in the one without a name too. */
function segmentOf(places: BySegment): string | undefined {
  return places.size === 1 ? places.keys().next().value : undefined;
}

export class Coordinates {
  readonly #places = new Map<string, Map<string, Coordinate>>();
  readonly #listeners: ((placed: Placed) => void)[] = [];

  /** `ownNode` is at the origin from the start. */
  constructor(ownNode: string) {
    this.#places.set(nodeKey(ownNode), new Map([['', ORIGIN]]));
  }

  /** Coordinates of a node by segment; none when nothing is known of it. */
  of(node: string): BySegment {
    return this.#places.get(nodeKey(node)) ?? new Map();
  }

  all(): readonly Placed[] {
    return Array.from(this.#places, ([node, places]) =>
      Array.from(places, ([segment, coordinate]): Placed => [node, coordinate, segment]),
    ).flat();
  }

  /** Have the listener told of every coordinate that is remembered. */
  onSet(listener: (placed: Placed) => void): void {
    this.#listeners.push(listener);
  }

  /**
   * Remember where a node of the catalog is; others are forgotten at once. Throws invalid_command for another number of
   * dimensions, what is no number, and too many segments.
   */
  set([node, coordinate, segment]: Placed, view: View): void {
    const { vec, error, adjustment, height } = coordinate;
    if (vec.length !== DIMENSIONS) throw new AppError('invalid_command', 'incompatible coordinate');
    if (![...vec, error, adjustment, height].every(Number.isFinite))
      throw new AppError('invalid_command', 'invalid coordinate');
    const known = this.of(node);
    if (known.size >= MAX_SEGMENTS && !known.has(segment))
      throw new AppError('invalid_command', `a node is in at most ${MAX_SEGMENTS} segments`);
    if (view.nodes.get(nodeKey(node))) this.place([node, coordinate, segment]);
  }

  /** Remember a coordinate that was looked at before. */
  place([node, coordinate, segment]: Placed): void {
    const known = this.#places.get(nodeKey(node));
    if (known) known.set(segment, coordinate);
    else this.#places.set(nodeKey(node), new Map([[segment, coordinate]]));
    for (const listener of this.#listeners) listener([node, coordinate, segment]);
  }

  /** Estimated round trip in seconds; Infinity when one of them is not known, or they share no segment. */
  distance(from: string, to: string): number {
    const placesFrom = this.of(from);
    const placesTo = this.of(to);
    const segment = segmentOf(placesTo) ?? segmentOf(placesFrom) ?? '';
    const a = placesFrom.get(segment);
    const b = placesTo.get(segment);
    return a && b ? secondsBetween(a, b) : Number.POSITIVE_INFINITY;
  }
}
