/**
 * What `node-meta`, `tag` and `passing` select, in the routes that have them. All values of a parameter must hold.
 */

import type { Instance } from '../../catalog/select.ts';
import { parseBoolean } from '../../lib/boolean.ts';
import { AppError } from '../../model/errors.ts';
import type { NodeRow } from '../../model/types.ts';
import type { Call } from '../call-and-reply.ts';
import type { QueryParameter } from '../route.ts';
import { all, first } from './query-values.ts';

/** Descriptions of the parameters that most reads share. */
export const READ_PARAMETERS: readonly QueryParameter[] = [
  { name: 'dc', about: 'Datacenter to ask; the own one when absent.' },
  { name: 'index', about: 'Wait until the index of the answer is above this one.' },
  { name: 'wait', about: 'Longest wait, as a duration like 30s.' },
  { name: 'stale', about: 'Accepted; every answer is current.' },
  { name: 'consistent', about: 'Accepted; every answer is current.' },
  { name: 'cached', about: 'Accepted; tells in X-Cache whether the URL was asked for before.' },
  { name: 'pretty', about: 'Indent the answer.' },
];
export const FILTER_PARAMETER: QueryParameter = {
  name: 'filter',
  about: 'Expression that selects the results, like Service.Port == 80.',
};
export const NODE_META_PARAMETER: QueryParameter = {
  name: 'node-meta',
  about: 'Only nodes with this metadata, as key:value.',
  isRepeatable: true,
};
export const NEAR_PARAMETER: QueryParameter = {
  name: 'near',
  about: 'Nearest to this node first, by network coordinates; _agent and _ip stand for who asks.',
};
export const TAG_PARAMETER: QueryParameter = {
  name: 'tag',
  about: 'Only instances with this tag, compared without case.',
  isRepeatable: true,
};

/** What each key of a node's metadata must be; undefined when a key must be two things at once. */
function wantedMeta(call: Call): ReadonlyMap<string, string> | undefined {
  const wanted = new Map<string, string>();
  for (const pair of all(call.query, 'node-meta')) {
    const colon = pair.indexOf(':');
    const [key, value] = colon === -1 ? [pair, ''] : [pair.slice(0, colon), pair.slice(colon + 1)];
    if ((wanted.get(key) ?? value) !== value) return undefined;
    wanted.set(key, value);
  }
  return wanted;
}

/**
 * A claim about nodes made of all `node-meta` pairs; the value of a pair without a colon is ''. It costs no more than a
 * node has metadata, however often a pair is given.
 */
export function nodeMetaSelector(call: Call): (node: NodeRow) => boolean {
  const wanted = wantedMeta(call);
  if (wanted === undefined) return () => false;
  const pairs = [...wanted];
  return ({ meta }) =>
    pairs.every(([key, value]) => meta !== null && Object.hasOwn(meta, key) && meta[key] === value);
}

/** A claim about instances: every `tag` and every `node-meta` holds. No instance belongs to a `peer`. */
export function instanceSelector(call: Call): (instance: Instance) => boolean {
  if (first(call.query, 'peer')) return () => false;
  const tags = [...new Set(all(call.query, 'tag').map((tag) => tag.toLowerCase()))];
  const hasMeta = nodeMetaSelector(call);
  return ({ node, service }) => {
    if (service.tags.length < tags.length || !hasMeta(node)) return false;
    if (tags.length === 0) return true;
    const own = new Set(service.tags.map((tag) => tag.toLowerCase()));
    return tags.every((tag) => own.has(tag));
  };
}

/** Whether only instances without a failing or warning check are wanted. Throws bad_request. */
export function wantsPassing(call: Call): boolean {
  const value = first(call.query, 'passing');
  if (value === undefined) return false;
  const isPassing = value === '' ? true : parseBoolean(value);
  if (isPassing === undefined) throw new AppError('bad_request', 'Invalid value for ?passing');
  return isPassing;
}
