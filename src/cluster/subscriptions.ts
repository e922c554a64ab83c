/**
 * What a client agent follows: a name that somebody here asks for is followed from then on, and shared by all who ask.
 *
 * The first who asks waits until the rows are here; everybody after that is answered from memory. A name that nobody
 * has asked for during ten minutes is given up, or during one minute if nothing is registered under it; but never while
 * no server is reached: what is known then is all there is. Those who wait for a change count as asking.
 */
import type { Clock, Timer } from '../lib/clock.ts';
import type { RowsMessage } from './agent-messages.ts';
import type { Mirror } from './mirror.ts';

/** Names that are followed at once. Half of what a server takes of one agent (subscriptions-of-agents.ts). */
const MAX_TOPICS = 4_096;
const IDLE_MS = 10 * 60_000;
/** Names that do not exist can be made up without end. */
const IDLE_EMPTY_MS = 60_000;
const LOOK_MS = 10_000;
/** How long the first who asks for a name waits for it. DNS clients ask again after some seconds. */
const FETCH_MS = 2_000;

export interface SubscriptionsParts {
  readonly mirror: Mirror;
  readonly clock: Clock;
  /** Whether a server is reached. */
  readonly isUp: () => boolean;
  /** Have the server send these topics by the right of a token; false when it did not take it. Never rejects. */
  readonly follow: (topics: readonly string[], token: string) => Promise<boolean>;
  readonly unfollow: (topics: readonly string[]) => void;
  /** Whether somebody waits for a change of a topic. */
  readonly isAwaited: (topic: string) => boolean;
  /** Followed from the first server on, whether somebody asks or not. */
  readonly always: readonly string[];
}

interface Fetching {
  readonly result: Promise<boolean>;
  end(isHere: boolean): void;
}

export class Subscriptions {
  readonly #parts: SubscriptionsParts;
  readonly #usedMs = new Map<string, number>();
  /** The secret that each topic is followed with, where that is not ''. */
  readonly #tokens = new Map<string, string>();
  readonly #fetching = new Map<string, Fetching>();
  readonly #listeners: ((topic: string) => void)[] = [];
  /** Rows of topics that were told in part. */
  readonly #partial = new Map<string, RowsMessage['put']>();
  /** Topics whose kept answers were recalled, to see whether somebody still asks. */
  readonly #doubted = new Set<string>();
  #timer: Timer | undefined;

  constructor(parts: SubscriptionsParts) {
    this.#parts = parts;
  }

  start(): void {
    this.#timer = this.#parts.clock.after(LOOK_MS, () => {
      this.#look();
      this.start();
    });
  }

  stop(): void {
    this.#timer?.cancel();
    for (const fetching of [...this.#fetching.values()]) fetching.end(false);
  }

  /** Have `listener` told of topics whose kept answers must be made anew or asked for again. */
  onRecalled(listener: (topic: string) => void): void {
    this.#listeners.push(listener);
  }

  /** Topics that are followed. */
  get count(): number {
    return this.#usedMs.size;
  }

  /** Whether the rows of a topic are here; somebody asks for them. */
  use(topic: string): boolean {
    if (!this.#parts.mirror.has(topic)) return false;
    this.#touch(topic);
    return true;
  }

  /** Resolves when the rows are here, or to false when no server tells in time, or none to this token. Never rejects. */
  fetch(topic: string, token = ''): Promise<boolean> {
    if (this.use(topic)) return Promise.resolve(true);
    const known = this.#fetching.get(topic);
    if (known !== undefined) return known.result;
    const { isUp, follow } = this.#parts;
    if (!isUp() || !this.#makeRoom()) return Promise.resolve(false);
    const fetching = this.#begin(topic);
    if (token !== '') this.#tokens.set(topic, token);
    void follow([topic], token).then((isTaken) => {
      if (!isTaken && !this.#parts.isUp()) fetching.end(false);
    });
    return fetching.result;
  }

  /** A server was reached: have it send all that is followed. */
  async resume(): Promise<void> {
    this.#partial.clear(); // what another server did not finish
    for (const topic of this.#parts.always) this.#touch(topic);
    const byToken = Map.groupBy(this.#usedMs.keys(), (topic) => this.#tokens.get(topic) ?? '');
    await Promise.all([...byToken].map(([token, topics]) => this.#parts.follow(topics, token)));
  }

  /** A server tells these topics no more. */
  close(topics: readonly string[]): void {
    for (const topic of topics) {
      const fetching = this.#fetching.get(topic);
      if (fetching !== undefined) fetching.end(false);
      else if (this.#usedMs.has(topic)) this.#forget(topic);
    }
  }

  /** A server told rows. */
  take(message: RowsMessage): void {
    const { topic } = message;
    if (!this.#usedMs.has(topic)) return; // given up meanwhile
    const before = this.#partial.get(topic) ?? [];
    const put = before.length === 0 ? message.put : [...before, ...message.put];
    if (message.hasMore) {
      this.#partial.set(topic, put);
      return;
    }
    this.#partial.delete(topic);
    this.#parts.mirror.take({ ...message, put });
    this.#fetching.get(topic)?.end(true);
  }

  #touch(topic: string): void {
    this.#usedMs.set(topic, this.#parts.clock.monotonic());
    this.#doubted.delete(topic);
  }

  #begin(topic: string): Fetching {
    this.#touch(topic);
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const timer = this.#parts.clock.after(FETCH_MS, () => fetching.end(false));
    const fetching: Fetching = {
      result: promise,
      end: (isHere) => {
        timer.cancel();
        this.#fetching.delete(topic);
        if (!isHere) this.#forget(topic);
        resolve(isHere);
      },
    };
    this.#fetching.set(topic, fetching);
    return fetching;
  }

  /** Give up what was not asked for longest when there are too many; false when all are waited for. */
  #makeRoom(): boolean {
    if (this.#usedMs.size < MAX_TOPICS) return true;
    let [oldest, oldestMs] = ['', Number.POSITIVE_INFINITY];
    for (const [topic, usedMs] of this.#usedMs) {
      if (usedMs >= oldestMs || this.#isNeeded(topic)) continue;
      [oldest, oldestMs] = [topic, usedMs];
    }
    if (oldest === '') return false;
    this.#forget(oldest);
    return true;
  }

  #isNeeded(topic: string): boolean {
    const { always, isAwaited } = this.#parts;
    return this.#fetching.has(topic) || isAwaited(topic) || always.includes(topic);
  }

  #look(): void {
    const { clock, mirror, isUp } = this.#parts;
    if (!isUp()) return;
    for (const [topic, usedMs] of this.#usedMs) {
      if (this.#isNeeded(topic)) this.#touch(topic);
      const idleMs = clock.monotonic() - usedMs;
      const maxMs = mirror.isEmpty(topic) ? IDLE_EMPTY_MS : IDLE_MS;
      if (this.#isNeeded(topic) || idleMs < maxMs / 2) continue;
      if (idleMs >= maxMs && this.#doubted.has(topic)) this.#forget(topic);
      else if (!this.#doubted.has(topic)) this.#doubt(topic);
    }
  }

  /** Kept answers are given without coming here; once they are dropped, the next question is seen. */
  #doubt(topic: string): void {
    this.#doubted.add(topic);
    for (const listener of this.#listeners) listener(topic);
  }

  #forget(topic: string): void {
    const { mirror, unfollow } = this.#parts;
    this.#usedMs.delete(topic);
    this.#tokens.delete(topic);
    this.#partial.delete(topic);
    this.#doubted.delete(topic);
    mirror.forget(topic);
    unfollow([topic]);
    for (const listener of this.#listeners) listener(topic);
  }
}
