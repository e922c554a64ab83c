/**
 * How a node finds its network coordinate: each measured round trip pulls it towards its peer, or pushes it away.
 *
 * Vivaldi (Dabek, Cox, Kaashoek, Morris 2004) with the additions that made it stable in practice: heights, a weak pull to
 * the origin (Ledlie, Gardner, Seltzer 2007), and an adjustment from the residuals of late (Lee, Guha, Rouaix 2010). The
 * constants are those that Consul documents. Which of several round trips to a peer counts, its caller decides. Pure.
 */
import {
  type Coordinate,
  MAX_ERROR,
  MAX_ROUND_TRIP,
  MIN_HEIGHT,
  ORIGIN,
  rawSecondsBetween,
} from './network-coordinate.ts';

/** How much one measurement may change the error, and the place. */
const ERROR_SHARE = 0.25;
const PLACE_SHARE = 0.25;
/** Residuals that the adjustment is made of. */
const RESIDUALS = 20;
/** Seconds from the origin at which the pull back equals one second: far above any real network. */
const GRAVITY_SECONDS = 150;
/**
 * The part of each push that goes anywhere. Few nodes that measure only each other may come to lie on a line, and make up
 * for it by their heights: no push would ever lead them off it.
 */
const ASTRAY = 0.1;
/** Below this, in seconds, there is no telling. */
const TINY = 1e-6;

/** A node on its way to where it belongs. */
export interface Moving {
  readonly coordinate: Coordinate;
  /** Measured minus estimated, the newest last. */
  readonly residuals: readonly number[];
}

export const UNMOVED: Moving = Object.freeze({ coordinate: ORIGIN, residuals: Object.freeze([]) });

/** A round trip to a peer whose coordinate has been looked at (coordinateFault). */
export interface Measurement {
  readonly peer: Coordinate;
  readonly seconds: number;
}

/** Whether this can be a round trip in seconds. */
export const isRoundTrip = (seconds: number): boolean => seconds >= 0 && seconds <= MAX_ROUND_TRIP;

const lengthOf = (vec: readonly number[]): number => Math.hypot(...vec);

function anyDirection(dimensions: number, random: () => number): readonly number[] {
  const any = Array.from({ length: dimensions }, () => random() - 0.5);
  const length = lengthOf(any) || 1;
  return any.map((value) => value / length);
}

/** The direction away from a peer, and how far it is; any direction from one at the same place. */
function awayFrom(from: readonly number[], to: readonly number[], random: () => number) {
  const between = to.map((value, i) => value - (from[i] ?? 0));
  const length = lengthOf(between);
  const any = anyDirection(to.length, random);
  if (length <= TINY) return { direction: any, length: 0 };
  return { direction: between.map((value, i) => value / length + ASTRAY * (any[i] ?? 0)), length };
}

/** The coordinate after a force of so many seconds away from a peer. */
function pushed(own: Coordinate, peer: Coordinate, force: number, random: () => number): Coordinate {
  const { direction, length } = awayFrom(peer.vec, own.vec, random);
  const vec = own.vec.map((value, i) => value + (direction[i] ?? 0) * force);
  const height =
    length > TINY
      ? Math.max(own.height + ((own.height + peer.height) * force) / length, MIN_HEIGHT)
      : own.height;
  return { ...own, vec, height };
}

function pulledHome(own: Coordinate): Coordinate {
  const distance = rawSecondsBetween(own, ORIGIN);
  const force = -((distance / GRAVITY_SECONDS) ** 2);
  const length = lengthOf(own.vec);
  if (length <= TINY) return own;
  return { ...own, vec: own.vec.map((value) => value + (value / length) * force) };
}

function isUsable({ vec, error, adjustment, height }: Coordinate): boolean {
  return (
    [...vec, error, adjustment, height].every(Number.isFinite) &&
    vec.every((value) => Math.abs(value) <= MAX_ROUND_TRIP) &&
    height <= MAX_ROUND_TRIP
  );
}

/**
 * Where a node is after one more measurement. What the arithmetic has driven out of bounds begins anew at the origin.
 * Throws nothing; `seconds` has to be a round trip (isRoundTrip).
 */
export function moved(
  { coordinate: own, residuals }: Moving,
  { peer, seconds }: Measurement,
  random: () => number,
): Moving {
  const rtt = Math.max(seconds, TINY);
  const estimated = rawSecondsBetween(own, peer);
  const wrongness = Math.abs(estimated - rtt) / rtt;
  const weight = own.error / Math.max(own.error + peer.error, TINY);
  const share = ERROR_SHARE * weight;
  const error = Math.min(share * wrongness + own.error * (1 - share), MAX_ERROR);
  const force = PLACE_SHARE * weight * (rtt - estimated);
  const now = pushed({ ...own, error }, peer, force, random);
  const newest = [...residuals, rtt - rawSecondsBetween(now, peer)].slice(-RESIDUALS);
  const adjustment = newest.reduce((sum, each) => sum + each, 0) / (2 * RESIDUALS);
  const coordinate = pulledHome({ ...now, adjustment });
  return isUsable(coordinate) ? { coordinate, residuals: newest } : UNMOVED;
}
