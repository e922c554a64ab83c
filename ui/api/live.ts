/**
 * Keeps answers of the API up to date by its own blocking queries, and knows whether the agent is there.
 *
 * One loop for each path that somebody shows: ask, then ask again with the index of the last answer and wait. A browser
 * opens six connections to one server for all its tabs together, so all shown tabs together hold at most HELD_LIMIT of them
 * waiting; further paths are asked once a second, and hidden tabs hold none. When the agent is away the last answer stays,
 * `connection` says since when, and the loops come back by themselves.
 */
import { type ReadonlySignal, type Signal, signal } from '@preact/signals';
import type { PageClock } from '../app/clock.ts';
import { countTabs } from '../app/tabs.ts';
import { type ApiClient, ApiError } from './client.ts';

const HELD_LIMIT = 4;
const UNHELD_PAUSE_MS = 1_000;
/** Long enough to be rare, short enough that a connection which died silently is noticed. */
const WAIT_SECONDS = 55;
/** Between an answer and the next question: a busy catalog is shown a few times a second, a large one less often. */
const PAUSE_MS = 150;
const PAUSE_MS_PER_MIB = 500;
const MAX_PAUSE_MS = 600;
const HIDDEN_PAUSE_MS = 15_000;
/** A refusal stands until rights change; somebody who signs in meanwhile is asked for at once. */
const REFUSED_PAUSE_MS = 30_000;
const BACKOFF_MS = [300, 600, 1_200, 2_500, 5_000] as const;
/** Answers that nobody shows any more but that are kept for coming back. */
const KEPT_ANSWERS = 24;

export interface Live<T> {
  readonly data: Signal<T | undefined>;
  readonly error: Signal<ApiError | undefined>;
}

type Connection =
  | { readonly kind: 'starting' }
  | { readonly kind: 'here' }
  | { readonly kind: 'away'; readonly sinceMs: number };

interface Entry extends Live<unknown> {
  readonly path: string;
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

export interface LivePool {
  readonly connection: Signal<Connection>;
  /** Something that is shown was left out of for want of rights. */
  readonly isFiltered: ReadonlySignal<boolean>;
  /** The shared answer of `path`, whose loop runs until the returned entry is left as often as it was entered. */
  enter<T>(path: string, everyMs: number): Live<T>;
  leave(path: string): void;
  /** The last answer without starting a loop. */
  peek<T>(path: string): Live<T>;
  /** Ask again now, after a write or when the tab is shown again. */
  refresh(): void;
  /** Drop every answer and ask again: what one token was shown is not another one's. */
  forget(): void;
}

interface Ask {
  readonly path: string;
  readonly isHeld: boolean;
}

function withWait(path: string, index: number): string {
  return `${path}${path.includes('?') ? '&' : '?'}index=${index}&wait=${WAIT_SECONDS}s`;
}

/** An index that falls (the agent was restored or replaced) starts again from nothing. */
function nextIndex(before: number, given: number): number {
  return given < before ? 0 : given;
}

function pauseAfter(entry: Entry, index: number): number {
  if (index === 0) return entry.everyMs;
  if (document.hidden) return HIDDEN_PAUSE_MS;
  if (!entry.isHeld) return UNHELD_PAUSE_MS;
  return Math.min(PAUSE_MS + (entry.size / 1_048_576) * PAUSE_MS_PER_MIB, MAX_PAUSE_MS);
}

function pauseAfterFailure(cause: unknown, failures: number): number {
  const isRefused = cause instanceof ApiError && (cause.status === 401 || cause.status === 403);
  return isRefused ? REFUSED_PAUSE_MS : (BACKOFF_MS[Math.min(failures, BACKOFF_MS.length - 1)] ?? 0);
}

class Pool implements LivePool {
  readonly connection = signal<Connection>({ kind: 'starting' });
  readonly isFiltered = signal(false);
  readonly #api: ApiClient;
  readonly #clock: PageClock;
  readonly #tabCount: ReadonlySignal<number>;
  readonly #entries = new Map<string, Entry>();
  #heldCount = 0;

  constructor(api: ApiClient, clock: PageClock, tabCount: ReadonlySignal<number>) {
    this.#api = api;
    this.#clock = clock;
    this.#tabCount = tabCount;
  }

  enter<T>(path: string, everyMs: number): Live<T> {
    const entry = this.#entryOf(path, everyMs);
    if (entry.users++ === 0) this.#start(entry);
    return entry as unknown as Live<T>;
  }

  leave(path: string): void {
    const entry = this.#entries.get(path);
    if (!entry || --entry.users > 0) return;
    entry.loop?.abort();
    entry.loop = undefined;
    this.#entries.delete(path);
    this.#entries.set(path, entry);
    this.#forgetOldest();
    this.#noteFiltered();
  }

  peek<T>(path: string): Live<T> {
    return this.#entryOf(path, 0) as unknown as Live<T>;
  }

  refresh(): void {
    for (const entry of this.#entries.values()) if (entry.users > 0) this.#start(entry);
  }

  forget(): void {
    for (const entry of this.#entries.values()) {
      entry.data.value = undefined;
      entry.error.value = undefined;
      entry.isFiltered = false;
      if (entry.users === 0) this.#entries.delete(entry.path);
    }
    this.#noteFiltered();
    this.refresh();
  }

  #noteFiltered(): void {
    const shown = [...this.#entries.values()].filter(({ users }) => users > 0);
    this.isFiltered.value = shown.some(({ isFiltered }) => isFiltered);
  }

  #noteAnswer(): void {
    if (this.connection.peek().kind !== 'here') this.connection.value = { kind: 'here' };
  }

  #noteFailure(entry: Entry, cause: unknown): void {
    const error = cause instanceof ApiError ? cause : new ApiError(0, 'The agent does not answer.');
    entry.error.value = error;
    if (!error.isAway) this.#noteAnswer();
    else if (this.connection.peek().kind !== 'away')
      this.connection.value = { kind: 'away', sinceMs: this.#clock.now() };
  }

  #nextAsk(entry: Entry, index: number): Ask {
    const limit = Math.floor(HELD_LIMIT / this.#tabCount.peek());
    const isHeld = index > 0 && !document.hidden && this.#heldCount < limit;
    return { path: isHeld ? withWait(entry.path, index) : entry.path, isHeld };
  }

  /** One question and its answer; gives the index to go on from. */
  async #ask(entry: Entry, index: number, abort: AbortSignal): Promise<number> {
    const ask = this.#nextAsk(entry, index);
    const timeout = AbortSignal.timeout((WAIT_SECONDS + 15) * 1_000);
    if (ask.isHeld) this.#heldCount++;
    try {
      const reply = await this.#api.get(ask.path, AbortSignal.any([abort, timeout]));
      if (abort.aborted) return index;
      this.#noteAnswer();
      entry.size = reply.size;
      entry.isFiltered = reply.isFiltered;
      this.#noteFiltered();
      entry.isHeld = ask.isHeld || index === 0;
      entry.error.value = undefined;
      if (reply.index === 0 || reply.index !== index) entry.data.value = reply.value;
      return nextIndex(index, reply.index);
    } finally {
      if (ask.isHeld) this.#heldCount--;
    }
  }

  async #run(entry: Entry, abort: AbortSignal): Promise<void> {
    let index = 0;
    let failures = 0;
    while (!abort.aborted) {
      let pauseMs: number;
      try {
        index = await this.#ask(entry, index, abort);
        failures = 0;
        pauseMs = pauseAfter(entry, index);
      } catch (cause) {
        if (abort.aborted) return;
        this.#noteFailure(entry, cause);
        index = 0;
        pauseMs = pauseAfterFailure(cause, failures++);
      }
      if (pauseMs === 0) return;
      await this.#clock.pause(pauseMs, abort);
    }
  }

  #start(entry: Entry): void {
    entry.loop?.abort();
    entry.loop = new AbortController();
    void this.#run(entry, entry.loop.signal);
  }

  #entryOf(path: string, everyMs: number): Entry {
    const known = this.#entries.get(path);
    if (known) {
      known.everyMs = Math.max(known.everyMs, everyMs);
      return known;
    }
    const [data, error] = [signal(undefined), signal(undefined)];
    const entry: Entry = {
      path,
      everyMs,
      size: 0,
      isFiltered: false,
      isHeld: false,
      users: 0,
      loop: undefined,
      data,
      error,
    };
    this.#entries.set(path, entry);
    return entry;
  }

  #forgetOldest(): void {
    const unused = [...this.#entries.values()].filter((entry) => entry.users === 0);
    const excess = Math.max(unused.length - KEPT_ANSWERS, 0);
    for (const entry of unused.slice(0, excess)) this.#entries.delete(entry.path);
  }
}

/** A pool that gives its connections back while the tab is hidden, and catches up when it is shown. */
export function createLivePool(api: ApiClient, clock: PageClock): LivePool {
  const tabCount = countTabs(clock);
  const pool = new Pool(api, clock, tabCount);
  // With another number of tabs each has another share of the connections.
  tabCount.subscribe(() => pool.refresh());
  document.addEventListener('visibilitychange', () => pool.refresh());
  window.addEventListener('online', () => pool.refresh());
  return pool;
}
