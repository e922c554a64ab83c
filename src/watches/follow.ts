/**
 * Follows one plan by blocking queries and hands on what changed.
 *
 * How to reach the API comes in as `ask`. A failed query is tried again later and later: 5 s × failures², 180 s at most,
 * as in Consul. An answer that does not say how to wait for the next one counts as failed: it would be asked
 * again at once, for ever.
 */
import type { Clock } from '../lib/clock.ts';
import { AppError } from '../model/errors.ts';
import type { Query, WatchPlan } from './watch-plan.ts';

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly body: Uint8Array;
}

/** Sends a GET request; resolves with an answer of status 200 or 404, rejects otherwise. */
export type Ask = (path: string, query: Query, signal: AbortSignal) => Promise<Answer>;

export interface Following {
  readonly ask: Ask;
  readonly clock: Pick<Clock, 'after'>;
  /** Aborting it ends the following. */
  readonly signal: AbortSignal;
  /** Told of a failed query and when it is tried again; what it throws ends the following. */
  readonly onError: (error: unknown, retryMs: number) => void;
}

export interface Reading {
  readonly value: unknown;
  /** X-Consul-Index, or the content hash. */
  readonly index: string;
}

/** How long one query blocks. */
const WAIT = '60s';
const RETRY_MS = 5_000;
const RETRY_MAX_MS = 180_000;
const CURSOR_HEADER = { index: 'x-consul-index', hash: 'x-consul-contenthash' } as const;

function pause(ms: number, { clock, signal }: Following): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      timer.cancel();
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = clock.after(ms, done);
    signal.addEventListener('abort', done, { once: true });
    if (signal.aborted) done();
  });
}

interface Raw {
  readonly text: string;
  readonly index: string;
}

async function readOnce(plan: WatchPlan, index: string, { ask, signal }: Following): Promise<Raw> {
  const query = { ...plan.query, [plan.cursor]: index, wait: WAIT };
  const { status, headers, body } = await ask(plan.path, query, signal);
  const text = Buffer.from(body).toString('utf8');
  const next = headers[CURSOR_HEADER[plan.cursor]];
  if (typeof next !== 'string')
    throw new AppError('bad_request', `Unexpected response code: ${status} (${text.trim()})`);
  return { text: status === 404 ? 'null' : text, index: next };
}

/** An index that falls means another server or a restored one: begin anew. */
function nextIndex(plan: WatchPlan, before: string, next: string): string {
  return plan.cursor === 'index' && Number(next) < Number(before) ? '0' : next;
}

/** Every view that differs from the one before, beginning with the present one. */
export async function* readChanges(plan: WatchPlan, following: Following): AsyncGenerator<Reading> {
  const first = plan.cursor === 'index' ? '0' : '';
  let [index, failures] = [first, 0];
  let last: string | undefined;
  let before: unknown;
  while (!following.signal.aborted) {
    let reading: Reading;
    try {
      const raw = await readOnce(plan, index, following);
      failures = 0;
      index = nextIndex(plan, index, raw.index);
      if (raw.text === last) continue;
      const body = JSON.parse(raw.text) as unknown;
      reading = { value: plan.show(body, before), index: raw.index };
      [last, before] = [raw.text, body];
    } catch (error) {
      if (following.signal.aborted) return;
      failures += 1;
      index = first;
      const retryMs = Math.min(RETRY_MS * failures ** 2, RETRY_MAX_MS);
      following.onError(error, retryMs);
      await pause(retryMs, following);
      continue;
    }
    yield reading;
  }
}
