/**
 * The parameters that every read of the catalog understands: consistency, blocking, caching. The datacenter is place.ts's.
 *
 * Conflicts between the consistency modes are refused also where an agent is alone and always current. Refuses with
 * Consul's texts.
 */
import { parseDuration } from '../../lib/duration.ts';
import { refuse } from '../../model/errors.ts';
import type { Call, Consistency, Query, ReadOptions } from '../call-and-reply.ts';
import { first, has } from './query-values.ts';

const CACHE_DIRECTIVE = /^(?:max-age|stale-if-error)=(.*)$/s;
const SIGNED = /^[+-]?\d{1,19}$/;
const MAX_INT64 = 2n ** 63n - 1n;
const MAX_UINT64 = 2n ** 64n - 1n;

function checkCacheControl(header: string | undefined): void {
  for (const part of (header ?? '').split(',')) {
    const seconds = CACHE_DIRECTIVE.exec(part.trim().toLowerCase())?.[1];
    if (seconds === undefined) continue;
    const isNumber = SIGNED.test(seconds) && BigInt(seconds.replace(/^[+-]/, '')) <= MAX_INT64;
    if (!isNumber) refuse('bad_request', 'Invalid Cache-Control header.');
  }
}

function parseConsistency(query: Query): Consistency {
  const isStale = has(query, 'stale');
  const isConsistent = has(query, 'consistent') && !has(query, 'leader');
  const maxStale = first(query, 'max_stale');
  if (maxStale && parseDuration(maxStale) === undefined)
    refuse('bad_request', `Invalid max_stale value "${maxStale}"`);
  if (isStale && isConsistent)
    refuse('bad_request', 'Cannot specify ?stale with ?consistent, conflicting semantics.');
  if (has(query, 'cached') && isConsistent)
    refuse('bad_request', 'Cannot specify ?cached with ?consistent, conflicting semantics.');
  if (isConsistent) return 'consistent';
  return isStale || maxStale ? 'stale' : 'leader';
}

const WHOLE_NUMBER = /^\d{1,20}$/;
/** What Consul's durations can hold. */
const MAX_WAIT_MS = 2 ** 63 / 1e6;

/** Read the common parameters of a call. Throws bad_request. */
export function readOptions({ query, headers }: Pick<Call, 'query' | 'headers'>): ReadOptions {
  const index = first(query, 'index');
  const wait = first(query, 'wait');
  const waitMs = wait ? parseDuration(wait) : 0;
  if (waitMs === undefined || Math.abs(waitMs) > MAX_WAIT_MS)
    return refuse('bad_request', 'Invalid wait time');
  if (index && !(WHOLE_NUMBER.test(index) && BigInt(index) <= MAX_UINT64))
    refuse('bad_request', 'Invalid index');
  const consistency = parseConsistency(query);
  checkCacheControl(headers['cache-control']);
  return {
    consistency,
    isCached: has(query, 'cached'),
    minIndex: index ? Number(index) : 0,
    waitMs: Math.max(waitMs, 0),
    maxStaleMs: Math.max(parseDuration(first(query, 'max_stale') ?? '') ?? 0, 0),
  };
}
