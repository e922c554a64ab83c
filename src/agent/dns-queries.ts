/**
 * Prepared queries for DNS: the catalog's executor with the address that asks, connected here because DNS
 * decides by name alone and the catalog needs a place to measure from.
 */
import type { Coordinates } from '../catalog/coordinate.ts';
import { executeQuery, findQuery } from '../catalog/query.ts';
import type { View } from '../catalog/tables.ts';
import type { ExecuteQuery } from '../dns/resolve.ts';
import type { Random } from '../lib/random.ts';

/** How DNS runs a prepared query by name or id. */
export function dnsQueries(
  view: View,
  agentNode: string,
  coordinates: Coordinates,
  random: Random,
): ExecuteQuery {
  return (nameOrId, clientAddress) => {
    const query = findQuery(view, nameOrId);
    if (query === undefined) return undefined;
    return executeQuery(view, query, {
      source: { agentNode, address: clientAddress },
      near: '',
      limit: 0,
      isConnect: false,
      distance: (from, to) => coordinates.distance(from, to),
      random,
    });
  };
}
