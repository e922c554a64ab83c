/**
 * Where nodes are in the network, as rows of the catalog have it, and the writes of those rows.
 *
 * A node may be in several segments of the network, with a coordinate in each; rollcall itself has one segment, whose
 * name is empty. A node goes with its coordinates. Who measures, and how often that is written, is cluster/'s business.
 */
import { type Coordinate, DIMENSIONS, ORIGIN, secondsBetween } from '../lib/network-coordinate.ts';
import { AppError } from '../model/errors.ts';
import { type CoordinateRow, UNSTAMPED } from '../model/types.ts';
import type { CoordinatesCommand, Unstamped } from './command.ts';
import type { Draft } from './draft.ts';
import { coordinateKey, nodeKey, type View } from './tables.ts';

/** Segments with a name that a node may be in; Consul knows 64 by default. */
const MAX_SEGMENTS = 64;

type BySegment = ReadonlyMap<string, Coordinate>;

/** The only segment that a node is in; a node in several is in the one without a name too. */
function segmentOf(places: BySegment): string | undefined {
  return places.size === 1 ? places.keys().next().value : undefined;
}

const coordinateOf = ({ vec, error, adjustment, height }: CoordinateRow): Coordinate => ({
  vec,
  error,
  adjustment,
  height,
});

export class Coordinates {
  readonly #view: View;
  readonly #ownKey: string;

  /** `ownNode` is at the origin while nothing is written of it. */
  constructor(view: View, ownNode: string) {
    this.#view = view;
    this.#ownKey = nodeKey(ownNode);
  }

  /** Coordinates of a node by segment; none when nothing is known of it. */
  of(node: string): BySegment {
    const places = new Map<string, Coordinate>();
    for (const row of this.#view.coordinates.by('node', nodeKey(node)))
      places.set(row.segment, coordinateOf(row));
    if (places.size === 0 && nodeKey(node) === this.#ownKey) places.set('', ORIGIN);
    return places;
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

function requireCoordinate({ vec, error, adjustment, height }: Coordinate): void {
  if (vec.length !== DIMENSIONS) throw new AppError('invalid_command', 'incompatible coordinate');
  if (![...vec, error, adjustment, height].every(Number.isFinite))
    throw new AppError('invalid_command', 'invalid coordinate');
}

/** The segment without a name is where agents measure: it is free whatever others wrote, and never spoils their batch. */
function requireRoom({ view }: Draft, node: string, segment: string): void {
  if (segment === '' || view.coordinates.get(coordinateKey(node, segment)) !== undefined) return;
  const named = [...view.coordinates.by('node', nodeKey(node))].filter((known) => known.segment !== '');
  if (named.length >= MAX_SEGMENTS)
    throw new AppError('invalid_command', `a node is in at most ${MAX_SEGMENTS} segments`);
}

function putCoordinate(draft: Draft, place: Unstamped<CoordinateRow>): void {
  requireCoordinate(place);
  const node = draft.view.nodes.get(nodeKey(place.node));
  if (node === undefined) return;
  requireRoom(draft, node.name, place.segment);
  draft.put('coordinates', { ...UNSTAMPED, ...place, node: node.name });
}

/** Reducer of `coordinates`. Throws invalid_command for what is no coordinate, and for too many segments. */
export function putCoordinates(draft: Draft, { places }: CoordinatesCommand): true {
  for (const place of places) putCoordinate(draft, place);
  return true;
}

/** A node is going: nothing is remembered of where it was. */
export function forgetCoordinates(draft: Draft, node: string): void {
  for (const { segment } of [...draft.view.coordinates.by('node', nodeKey(node))])
    draft.remove('coordinates', coordinateKey(node, segment));
}

/** The nodes are others now: what is left of those that have gone is forgotten. */
export function forgetLostCoordinates(draft: Draft): void {
  const lost = [...draft.view.coordinates.values()].filter(
    ({ node }) => draft.view.nodes.get(nodeKey(node)) === undefined,
  );
  for (const { node } of lost) forgetCoordinates(draft, node);
}
