/**
 * Where this agent is in one network (its datacenter's, or that of all datacenters), moved by each measured round trip.
 *
 * What others say is looked at first: no coordinate and no round trip that cannot be one moves anything; each is counted.
 * Of every peer the shortest of its last five round trips counts: what is measured is only ever too long, by whatever else
 * the two machines were busy with. Peers that are remembered for that are bounded.
 */
import { type Coordinate, coordinateFault } from '../lib/network-coordinate.ts';
import { isRoundTrip, type Moving, moved, UNMOVED } from '../lib/vivaldi.ts';

/** Peers whose last round trips are remembered; beyond it the one that was measured first is forgotten. */
const MAX_PEERS = 512;
/** Round trips of a peer, of which the shortest counts. Turning it up is slower to see that a way has become longer. */
const SHORTEST_OF = 5;
const MS_PER_SECOND = 1_000;

export type RefusedMeasurement = 'round_trip' | 'coordinate';

export interface NetworkPlaceParts {
  /** In [0, 1). */
  readonly random: () => number;
  readonly onRefused: (what: RefusedMeasurement) => void;
}

const whatIsWrong = (coordinate: unknown): RefusedMeasurement | undefined =>
  coordinateFault(coordinate) === undefined ? undefined : 'coordinate';

export class NetworkPlace {
  readonly #parts: NetworkPlaceParts;
  readonly #latest = new Map<string, readonly number[]>();
  #moving: Moving = UNMOVED;
  #measured = 0;

  constructor(parts: NetworkPlaceParts) {
    this.#parts = parts;
  }

  get coordinate(): Coordinate {
    return this.#moving.coordinate;
  }

  /** How many round trips have counted so far. */
  get measured(): number {
    return this.#measured;
  }

  /** Go on where one was before; what has been measured already counts more. */
  resume(coordinate: unknown): void {
    if (this.#measured > 0 || coordinateFault(coordinate) !== undefined) return;
    this.#moving = { ...UNMOVED, coordinate: coordinate as Coordinate };
  }

  /** A round trip to a peer, and what it says where it is. */
  take(peer: string, roundTripMs: number, coordinate: unknown): void {
    const { random, onRefused } = this.#parts;
    const seconds = roundTripMs / MS_PER_SECOND;
    const refused = isRoundTrip(seconds) ? whatIsWrong(coordinate) : 'round_trip';
    if (refused !== undefined) {
      onRefused(refused);
      return;
    }
    const latest = [...(this.#latest.get(peer) ?? []), seconds].slice(-SHORTEST_OF);
    this.#remember(peer, latest);
    this.#measured += 1;
    const measurement = { peer: coordinate as Coordinate, seconds: Math.min(...latest) };
    this.#moving = moved(this.#moving, measurement, random);
  }

  #remember(peer: string, latest: readonly number[]): void {
    this.#latest.set(peer, latest);
    if (this.#latest.size <= MAX_PEERS) return;
    const [first] = this.#latest.keys();
    if (first !== undefined) this.#latest.delete(first);
  }
}
