/** One path that is kept up to date: what is known of it, and how long to wait before it is asked for again. */
import type { Signal } from '@preact/signals';
import { ApiError } from './client.ts';

const UNHELD_PAUSE_MS = 1_000;
/** Long enough to be rare, short enough that a connection which died silently is noticed. */
export const WAIT_SECONDS = 55;
/** Time that an answer may take, besides waiting. */
export const ANSWER_SECONDS = 15;
/** Between an answer and the next question: a busy catalog is shown a few times a second, a large one less often. */
const PAUSE_MS = 150;
const PAUSE_MS_PER_MIB = 500;
const MAX_PAUSE_MS = 600;
const HIDDEN_PAUSE_MS = 15_000;
/** A refusal stands until rights change; somebody who signs in meanwhile is asked for at once. */
const REFUSED_PAUSE_MS = 30_000;
const BACKOFF_MS = [300, 600, 1_200, 2_500, 5_000] as const;

export interface Live<T> {
  readonly data: Signal<T | undefined>;
  readonly error: Signal<ApiError | undefined>;
}

export interface Entry extends Live<unknown> {
  readonly path: string;
  /** Of the stream of changes; none where no topic tells. */
  readonly topics: readonly string[];
  /** Of the last answer. */
  index: number;
  /** Of the last change that was told. */
  toldIndex: number;
  /** Its question is waiting at the agent for a change. */
  isWaiting: boolean;
  /** Ends the waiting of its loop. */
  wake: () => void;
  /** Asked again after this many ms when the answer cannot be waited on; 0: only once. */
  everyMs: number;
  /** Length of the last answer's text. */
  size: number;
  /** Something was left out of the last answer that the token may not see. */
  isFiltered: boolean;
  /** The last question waited for its answer, or was the first one. */
  isHeld: boolean;
  users: number;
  loop: AbortController | undefined;
}

export function withWait(path: string, index: number): string {
  return `${path}${path.includes('?') ? '&' : '?'}index=${index}&wait=${WAIT_SECONDS}s`;
}

export function pauseAfter(entry: Entry, isTold: boolean): number {
  if (entry.index === 0) return entry.everyMs;
  if (document.hidden) return HIDDEN_PAUSE_MS;
  if (!entry.isHeld && !isTold) return UNHELD_PAUSE_MS;
  return Math.min(PAUSE_MS + (entry.size / 1_048_576) * PAUSE_MS_PER_MIB, MAX_PAUSE_MS);
}

/** Gives 0 for what is not asked again. */
export function pauseAfterFailure(cause: unknown, failures: number): number {
  const isRefused = cause instanceof ApiError && (cause.status === 401 || cause.status === 403);
  return isRefused ? REFUSED_PAUSE_MS : (BACKOFF_MS[Math.min(failures, BACKOFF_MS.length - 1)] ?? 0);
}
