/**
 * Nearest first: lists in the order of estimated distance from a node.
 */
import { nodeKey, type View } from './tables.ts';

/** Estimated round trip in seconds; Infinity when one of the nodes has no coordinates. */
export type Distance = (fromNode: string, toNode: string) => number;

/** Who asks, for lists that are sorted by nearness. */
export interface NearSource {
  /** Stands for `_agent`. */
  readonly agentNode: string;
  /** Address that asked; stands for `_ip`. */
  readonly address: string;
}

/** The node that `near` names, `_agent` and `_ip` included; '' when there is none. */
export function originOf(view: View, near: string, { agentNode, address }: NearSource): string {
  if (near === '_agent') return agentNode;
  if (near !== '_ip') return near;
  const [node] = view.nodes.by('address', address);
  return node?.name ?? '';
}

/** What is on `origin` before all others, what has no coordinates last; equals keep their order. O(n log n). */
export function sortByDistance<Item>(
  items: readonly Item[],
  nodeOf: (item: Item) => string,
  origin: string,
  distance: Distance,
): readonly Item[] {
  const isOrigin = (node: string): boolean => nodeKey(node) === nodeKey(origin);
  return items
    .map((item) => ({ item, seconds: isOrigin(nodeOf(item)) ? -1 : distance(origin, nodeOf(item)) }))
    .sort((a, b) => (a.seconds === b.seconds ? 0 : a.seconds - b.seconds))
    .map(({ item }) => item);
}
