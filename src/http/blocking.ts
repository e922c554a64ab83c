/**
 * Reads of the catalog, answered at once or when something behind them changes.
 *
 * A call with `index` waits until one of the topics of its answer has a higher index, its time is over, or its client
 * goes away. Waits last `wait` (the default when none is given, never more than the maximum) plus up to a sixteenth of
 * that, so that a crowd that was parked together does not come back together.
 */
import type { ModifyIndex } from '../model/types.ts';
import type { Call, Consistency, ReadOptions, Reply } from './call-and-reply.ts';
import { type CatalogCopy, contactHeaders, isContactSteady } from './catalog-copy.ts';
import type { HttpParts } from './http-parts.ts';

/** A read: `reply` is called when the answer is due, and what it gives depends on the URL and `topics` only. */
export interface Read {
  readonly topics: readonly string[];
  readonly reply: () => Reply;
  /** The index of the answer, when it is known better than by its topics. It must not fall either. */
  readonly index?: () => ModifyIndex;
  /** The answer depends on more than its topics, so its bytes must not be kept. */
  readonly isVolatile?: boolean;
}

const JITTER_FRACTION = 16;

/** Milliseconds to wait for a change, jitter included. */
export function waitTimeMs(requestedMs: number, parts: Pick<HttpParts, 'config' | 'random'>): number {
  const { defaultQueryTimeMs, maxQueryTimeMs } = parts.config;
  const baseMs = Math.min(requestedMs === 0 ? defaultQueryTimeMs : requestedMs, maxQueryTimeMs);
  return baseMs + (parts.random.next() * baseMs) / JITTER_FRACTION;
}

function indexOf({ indexes }: HttpParts, { topics, index }: Read): ModifyIndex {
  return index === undefined ? indexes.of(topics) : index();
}

/** Whether the rows of a read are here no more: nobody tells of their changes then. Only a client agent gives any up. */
function isGivenUp({ indexes }: HttpParts, { topics, index }: Read): boolean {
  return index === undefined && indexes.of(topics) === 0;
}

/** Wait until the index of a read is above `minIndex`, its rows are given up or the time is over. Never rejects. */
async function waitForChange(
  call: Call,
  parts: HttpParts,
  read: Read,
  { minIndex, waitMs }: ReadOptions,
): Promise<void> {
  const { watch, clock } = parts;
  const deadlineMs = clock.monotonic() + waitTimeMs(waitMs, parts);
  while (indexOf(parts, read) <= minIndex && !isGivenUp(parts, read)) {
    const remainingMs = deadlineMs - clock.monotonic();
    if (remainingMs <= 0 || (await watch.wait(read.topics, remainingMs, call.signal())) !== 'woken') return;
  }
}

/** Headers that say how current an answer is. */
export function metaHeaders(
  index: ModifyIndex,
  consistency: Consistency,
  copy: CatalogCopy,
): Record<string, string> {
  return {
    'X-Consul-Index': String(index),
    ...contactHeaders(copy, consistency),
    'X-Consul-Effective-Consistency': consistency,
    'X-Consul-Query-Backend': 'blocking-query',
  };
}

/** What is true of the answer now; what it says is made when no kept answer can stand for it. */
function replyNow(parts: HttpParts, read: Read, { consistency, isCached }: ReadOptions): Reply {
  const headers = metaHeaders(indexOf(parts, read), consistency, parts.copy);
  const make = (): Reply => {
    const reply = read.reply();
    return { ...reply, headers: { ...headers, ...reply.headers } };
  };
  if (isCached) return { ...make(), isCacheRequested: true };
  if (read.isVolatile || !isContactSteady(parts.copy, consistency)) return make();
  return { status: 200, make, topics: read.topics, index: parts.indexes.of(read.topics) };
}

/** Answer a read, after its wait if it asks for one. Throws bad_request. */
export function answerRead(call: Call, parts: HttpParts, read: Read): Reply | Promise<Reply> {
  const options = call.readOptions;
  if (options.minIndex === 0) return replyNow(parts, read, options);
  return waitForChange(call, parts, read, options).then(() => replyNow(parts, read, options));
}
