/**
 * The parameters that every read of the catalog understands: datacenter, consistency, blocking, caching.
 *
 * One agent is always current, so the consistency modes only show in a header; conflicts between them are refused all
 * the same. Refuses with Consul's texts.
 */
import { parseDuration } from '../../lib/duration.ts';
import { AppError } from '../../model/errors.ts';
import type { HttpParts } from '../http-parts.ts';
import type { Call, Query } from '../route.ts';
import { first, has } from './query-values.ts';

export type Consistency = 'leader' | 'stale' | 'consistent';

export interface ReadOptions {
  readonly consistency: Consistency;
  readonly isCached: boolean;
  /** 0 does not block. */
  readonly minIndex: number;
  /** 0 when none is given. */
  readonly waitMs: number;
}

const refuse = (text: string): never => {
  throw new AppError('bad_request', text);
};

const CACHE_DIRECTIVE = /^(?:max-age|stale-if-error)=(.*)$/s;
const SIGNED = /^[+-]?\d{1,19}$/;
const MAX_INT64 = 2n ** 63n - 1n;
const MAX_UINT64 = 2n ** 64n - 1n;

function checkCacheControl(header: string | undefined): void {
  for (const part of (header ?? '').split(',')) {
    const seconds = CACHE_DIRECTIVE.exec(part.trim().toLowerCase())?.[1];
    if (seconds === undefined) continue;
    const isNumber = SIGNED.test(seconds) && BigInt(seconds.replace(/^[+-]/, '')) <= MAX_INT64;
    if (!isNumber) refuse('Invalid Cache-Control header.');
  }
}

function parseConsistency(query: Query): Consistency {
  const isStale = has(query, 'stale');
  const isConsistent = has(query, 'consistent') && !has(query, 'leader');
  const maxStale = first(query, 'max_stale');
  if (maxStale && parseDuration(maxStale) === undefined) refuse(`Invalid max_stale value "${maxStale}"`);
  if (isStale && isConsistent) refuse('Cannot specify ?stale with ?consistent, conflicting semantics.');
  if (has(query, 'cached') && isConsistent)
    refuse('Cannot specify ?cached with ?consistent, conflicting semantics.');
  if (isConsistent) return 'consistent';
  return isStale || maxStale ? 'stale' : 'leader';
}

const WHOLE_NUMBER = /^\d{1,20}$/;
/** What Consul's durations can hold. */
const MAX_WAIT_MS = 2 ** 63 / 1e6;

/** Refuse another datacenter than ours: there is no way to it. */
export function requireOwnDatacenter(datacenter: string | undefined, parts: HttpParts): void {
  if (datacenter && datacenter !== parts.datacenter)
    throw new AppError('unknown_datacenter', 'No path to datacenter');
}

/** Read the common parameters of a call. Throws bad_request and unknown_datacenter. */
export function readOptions(call: Call, parts: HttpParts): ReadOptions {
  const { query, headers } = call;
  const index = first(query, 'index');
  const wait = first(query, 'wait');
  const waitMs = wait ? parseDuration(wait) : 0;
  if (waitMs === undefined || Math.abs(waitMs) > MAX_WAIT_MS) return refuse('Invalid wait time');
  if (index && !(WHOLE_NUMBER.test(index) && BigInt(index) <= MAX_UINT64)) refuse('Invalid index');
  const consistency = parseConsistency(query);
  checkCacheControl(headers['cache-control']);
  requireOwnDatacenter(first(query, 'dc'), parts);
  return {
    consistency,
    isCached: has(query, 'cached'),
    minIndex: index ? Number(index) : 0,
    waitMs: Math.max(waitMs, 0),
  };
}
