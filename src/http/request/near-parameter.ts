/**
 * The parameter `near`: who is meant by it, and lists in that order.
 */
import { type NearSource, originOf, sortByDistance } from '../../catalog/near.ts';
import type { Call } from '../call-and-reply.ts';
import type { HttpParts } from '../http-parts.ts';
import { first } from './query-values.ts';

/**
 * The node of the agent that was asked, in requests that agents pass on; '' where it is in another datacenter, whose
 * coordinates are compared with none of this one.
 */
export const ASKED_AGENT = 'x-rollcall-agent';

/** Who asks; a proxy in between may say so. */
export function nearSource(call: Call, { nodeName }: HttpParts): NearSource {
  const passedBy = call.isForwarded ? call.headers[ASKED_AGENT] : undefined;
  const forwarded = call.headers['x-forwarded-for'];
  const asked = typeof forwarded === 'string' ? forwarded.split(',')[0]?.trim() : undefined;
  const agentNode = typeof passedBy === 'string' ? passedBy : nodeName;
  return { agentNode, address: asked || call.remoteAddress };
}

/** Puts a list into the order that the call asks for; without `near` it stays as it is. */
export interface NearOrder {
  /** Whether the order depends on coordinates, which move without an index. */
  readonly isVolatile: boolean;
  <Item>(items: readonly Item[], nodeOf: (item: Item) => string): readonly Item[];
}

export function nearOrder(call: Call, parts: HttpParts): NearOrder {
  const near = first(call.query, 'near') ?? '';
  const order = <Item>(items: readonly Item[], nodeOf: (item: Item) => string): readonly Item[] => {
    if (near === '') return items;
    const origin = originOf(parts.state.view, near, nearSource(call, parts));
    return sortByDistance(items, nodeOf, origin, (from, to) => parts.coordinates.distance(from, to));
  };
  return Object.assign(order, { isVolatile: near !== '' });
}
