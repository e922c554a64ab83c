/**
 * Keeps answers of the API up to date, and knows whether the agent is there.
 *
 * One loop for each path that somebody shows: ask, then ask again when the stream of changes says so (change-feed.ts). What
 * no topic tells is waited for by its index. A browser opens six connections to one server for all its tabs together, so all
 * shown tabs together hold at most HELD_LIMIT of them; what is beyond that is asked once a second, and hidden tabs hold
 * none. When the agent is away the last answer stays, `connection` says since when, and the loops come back by themselves.
 */
import { type ReadonlySignal, type Signal, signal } from '@preact/signals';
import type { PageClock } from '../app/clock.ts';
import { countTabs } from '../app/tabs.ts';
import { ChangeFeed } from './change-feed.ts';
import { type ApiClient, ApiError } from './client.ts';
import {
  ANSWER_SECONDS,
  type Entry,
  type Live,
  pauseAfter,
  pauseAfterFailure,
  WAIT_SECONDS,
  withWait,
} from './live-entry.ts';
import { topicsOf } from './topics.ts';

const HELD_LIMIT = 4;
/** Answers that nobody shows any more but that are kept for coming back. */
const KEPT_ANSWERS = 24;

type Connection =
  | { readonly kind: 'starting' }
  | { readonly kind: 'here' }
  | { readonly kind: 'away'; readonly sinceMs: number };

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

class Pool implements LivePool {
  readonly connection = signal<Connection>({ kind: 'starting' });
  readonly isFiltered = signal(false);
  readonly #api: ApiClient;
  readonly #clock: PageClock;
  readonly #tabCount: ReadonlySignal<number>;
  readonly #entries = new Map<string, Entry>();
  readonly #feed: ChangeFeed;
  #heldCount = 0;

  constructor(api: ApiClient, clock: PageClock, tabCount: ReadonlySignal<number>) {
    this.#api = api;
    this.#clock = clock;
    this.#tabCount = tabCount;
    this.#feed = new ChangeFeed({
      api,
      clock,
      onChange: (topic, index) => this.#noteChange(topic, index),
      onCoverage: () => this.#noteCoverage(),
    });
  }

  #shown(): readonly Entry[] {
    return [...this.#entries.values()].filter(({ users }) => users > 0);
  }

  #noteChange(topic: string, index: number): void {
    for (const entry of this.#shown()) {
      if (index <= entry.index || !entry.topics.includes(topic)) continue;
      entry.toldIndex = Math.max(entry.toldIndex, index);
      entry.wake();
    }
  }

  /** What waits for its own changes need not any more, and what was told of them is to be asked for where nobody tells. */
  #noteCoverage(): void {
    for (const entry of this.#shown()) {
      const isTold = this.#feed.covers(entry.topics);
      if (!isTold) entry.toldIndex = 0;
      if (isTold && entry.isWaiting) this.#start(entry);
      else entry.wake();
    }
  }

  /** Have the stream tell of what is shown, where this tab may hold a connection. */
  #follow(): void {
    const mayHold = !document.hidden && HELD_LIMIT / this.#tabCount.peek() >= 1;
    this.#feed.want(new Set(mayHold ? this.#shown().flatMap(({ topics }) => topics) : []));
  }

  enter<T>(path: string, everyMs: number): Live<T> {
    const entry = this.#entryOf(path, everyMs);
    if (entry.users++ === 0) {
      this.#start(entry);
      this.#follow();
    }
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
    this.#follow();
  }

  peek<T>(path: string): Live<T> {
    return this.#entryOf(path, 0) as unknown as Live<T>;
  }

  refresh(): void {
    this.#follow();
    for (const entry of this.#shown()) this.#start(entry);
  }

  forget(): void {
    for (const entry of this.#entries.values()) {
      entry.data.value = undefined;
      entry.error.value = undefined;
      entry.isFiltered = false;
      if (entry.users === 0) this.#entries.delete(entry.path);
    }
    this.#noteFiltered();
    this.#feed.restart();
    this.refresh();
  }

  #noteFiltered(): void {
    this.isFiltered.value = this.#shown().some(({ isFiltered }) => isFiltered);
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
    const limit = Math.floor(HELD_LIMIT / this.#tabCount.peek()) - this.#feed.held;
    const mayHold = index > 0 && !document.hidden && this.#heldCount < limit;
    const isHeld = mayHold && !this.#feed.covers(entry.topics);
    return { path: isHeld ? withWait(entry.path, index) : entry.path, isHeld };
  }

  /** One question and its answer; gives the index to go on from. */
  async #ask(entry: Entry, index: number, abort: AbortSignal): Promise<number> {
    const ask = this.#nextAsk(entry, index);
    const timeout = AbortSignal.timeout(((ask.isHeld ? WAIT_SECONDS : 0) + ANSWER_SECONDS) * 1_000);
    if (ask.isHeld) this.#heldCount++;
    entry.isWaiting = ask.isHeld;
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
      entry.index = reply.index;
      return reply.index;
    } finally {
      if (ask.isHeld) this.#heldCount--;
      if (!abort.aborted) entry.isWaiting = false;
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
        pauseMs = pauseAfter(entry, this.#feed.covers(entry.topics));
      } catch (cause) {
        if (abort.aborted) return;
        this.#noteFailure(entry, cause);
        index = 0;
        entry.index = 0;
        pauseMs = pauseAfterFailure(cause, failures++);
      }
      if (pauseMs === 0) return;
      await this.#clock.pause(pauseMs, abort);
      if (index > 0) await this.#untilTold(entry, abort);
    }
  }

  /** While changes of an entry are told, until there is one; nothing is asked meanwhile. */
  async #untilTold(entry: Entry, abort: AbortSignal): Promise<void> {
    while (!abort.aborted && entry.toldIndex <= entry.index && this.#feed.covers(entry.topics))
      await new Promise<void>((resolve) => {
        entry.wake = resolve;
        abort.addEventListener('abort', () => resolve(), { once: true });
      });
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
      topics: topicsOf(path),
      index: 0,
      toldIndex: 0,
      isWaiting: false,
      wake: () => {},
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
