/**
 * Where this agent, and the servers of all datacenters, are in the network, as they have measured it; from memory.
 *
 * Nodes of the own datacenter are rows of the catalog (catalog/coordinate.ts). An agent that has nobody to measure is at
 * the origin, and so is its datacenter.
 */
import { type Coordinate, ORIGIN } from '../lib/network-coordinate.ts';

/** The servers of a datacenter that have a place. */
export interface NetworkArea {
  readonly datacenter: string;
  readonly servers: readonly { readonly node: string; readonly coordinate: Coordinate }[];
}

export interface NetworkPort {
  /** This agent among those of its datacenter. */
  own(): Coordinate;
  /** The own datacenter first. */
  areas(): readonly NetworkArea[];
}

/** The network of an agent that measures nothing. */
export function unmeasuredNetwork(datacenter: string, node: string): NetworkPort {
  const areas: readonly NetworkArea[] = [{ datacenter, servers: [{ node, coordinate: ORIGIN }] }];
  return { own: () => ORIGIN, areas: () => areas };
}
