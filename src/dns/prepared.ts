/**
 * Prepared queries by name or id, as DNS asks for them: no limit of its own, nearest to whoever asks.
 */
import { executeQuery, findQuery } from '../catalog/query.ts';
import type { View } from '../catalog/tables.ts';
import type { Random } from '../lib/random.ts';
import type { ExecuteQuery } from './resolve.ts';

export interface PreparedParts {
  readonly view: View;
  /** What `_agent` stands for. */
  readonly nodeName: string;
  readonly distance: (fromNode: string, toNode: string) => number;
  readonly random: Random;
}

export function makeExecuteQuery({ view, nodeName, distance, random }: PreparedParts): ExecuteQuery {
  return (nameOrId, clientAddress, instancesOf) => {
    const query = findQuery(view, nameOrId);
    if (query === undefined) return undefined;
    const source = { agentNode: nodeName, address: clientAddress };
    return executeQuery(view, query, {
      source,
      near: '',
      limit: 0,
      isConnect: false,
      distance,
      random,
      instancesOf,
    });
  };
}
