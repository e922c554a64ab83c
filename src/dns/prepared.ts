/**
 * Prepared queries by name or id, as DNS asks for them: no limit of its own, nearest to whoever asks.
 *
 * A query that has kept a token finds what that token may see, any other what DNS may see.
 */
import { executeQuery, findQuery } from '../catalog/query.ts';
import type { View } from '../catalog/tables.ts';
import type { Random } from '../lib/random.ts';
import type { DnsConfig } from './dns-config.ts';
import { viewForDns, viewForQuery } from './dns-rights.ts';
import type { ExecuteQuery } from './resolve.ts';

export interface PreparedParts {
  /** All rows. */
  readonly view: View;
  readonly config: () => DnsConfig;
  /** What `_agent` stands for. */
  readonly nodeName: string;
  readonly distance: (fromNode: string, toNode: string) => number;
  readonly random: Random;
}

export function makeExecuteQuery({ view, config, nodeName, distance, random }: PreparedParts): ExecuteQuery {
  const own = viewForDns(view, config);
  return (nameOrId, clientAddress, instancesOf, agentNode = nodeName) => {
    const query = findQuery(view, nameOrId);
    if (query === undefined) return undefined;
    const source = { agentNode, address: clientAddress };
    const options = { source, near: '', limit: 0, isConnect: false, distance, random };
    const { rights } = config();
    const token = rights === null ? '' : query.document.Token;
    if (token === '') return { ...executeQuery(own, query, { ...options, instancesOf }), query };
    const seen = viewForQuery(view, rights, token);
    return seen === undefined ? 'unknown token' : { ...executeQuery(seen, query, options), query };
  };
}
