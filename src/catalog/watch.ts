/**
 * Readers that wait for a change: parked by topic, woken once.
 *
 * A waiter is `parked`, then exactly one of `woken`, `expired` or `abandoned`; afterwards it is in no list. Waking only
 * says "look again": the reader compares indexes and may park anew. A topic that ends in `*` waits for every topic with
 * that beginning (`kv:a/*`); there are few of those, so they are compared one by one. A crowd is woken in portions: all of
 * its answers at once would keep everybody else waiting, DNS first of all.
 */
import type { Clock } from '../lib/clock.ts';

/** Readers woken in one turn. Turning it up serves a crowd sooner and lets others wait longer: some 0.1 ms for each. */
const PORTION = 32;

export type WaitEnd = 'woken' | 'expired' | 'abandoned';

interface Waiter {
  readonly topics: readonly string[];
  /** Nothing happens when it has ended already. */
  end(how: WaitEnd): void;
}

export class Watch {
  readonly #clock: Clock;
  readonly #exact = new Map<string, Set<Waiter>>();
  readonly #prefixed = new Map<string, Set<Waiter>>();
  /** Those whose topic has changed and whose turn has not come yet, in the order of the changes. */
  readonly #due = new Set<Waiter>();
  /** Everybody who waits, also for no topic at all: then only time ends it. */
  readonly #parked = new Set<Waiter>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Readers that wait now. */
  get parked(): number {
    return this.#parked.size;
  }

  /** Whether somebody waits for this very topic. */
  isAwaited(topic: string): boolean {
    return this.#exact.has(topic);
  }

  /** Wait until one of the topics changes, `timeoutMs` pass, or `signal` aborts. Never rejects. */
  wait(topics: readonly string[], timeoutMs: number, signal?: AbortSignal): Promise<WaitEnd> {
    if (signal?.aborted) return Promise.resolve('abandoned');
    return new Promise((resolve) => {
      const timer = this.#clock.after(timeoutMs, () => waiter.end('expired'));
      const abandon = (): void => waiter.end('abandoned');
      const waiter: Waiter = {
        topics,
        end: (how) => {
          if (!this.#remove(waiter)) return;
          timer.cancel();
          signal?.removeEventListener('abort', abandon);
          resolve(how);
        },
      };
      signal?.addEventListener('abort', abandon, { once: true });
      this.#add(waiter);
    });
  }

  /** Wake everybody who waits for one of these topics; a crowd bit by bit. */
  wake(topics: Iterable<string>): void {
    const isWaking = this.#due.size > 0;
    for (const topic of topics) {
      for (const waiter of this.#exact.get(topic) ?? []) this.#due.add(waiter);
      for (const [prefix, waiters] of this.#prefixed) {
        if (topic.startsWith(prefix)) for (const waiter of waiters) this.#due.add(waiter);
      }
    }
    if (!isWaking) this.#wakePortion();
  }

  #wakePortion(): void {
    let woken = 0;
    for (const waiter of this.#due) {
      if (woken === PORTION) break;
      waiter.end('woken');
      woken += 1;
    }
    if (this.#due.size > 0) this.#clock.after(0, () => this.#wakePortion());
  }

  /** Send everybody home, for shutdown. */
  abandonAll(): void {
    for (const waiter of this.#parked) waiter.end('abandoned');
  }

  #listOf(topic: string): [Map<string, Set<Waiter>>, string] {
    return topic.endsWith('*') ? [this.#prefixed, topic.slice(0, -1)] : [this.#exact, topic];
  }

  #add(waiter: Waiter): void {
    this.#parked.add(waiter);
    for (const topic of waiter.topics) {
      const [list, name] = this.#listOf(topic);
      const waiters = list.get(name);
      if (waiters) waiters.add(waiter);
      else list.set(name, new Set([waiter]));
    }
  }

  /** Take it out of all lists; false when it does not wait any more. */
  #remove(waiter: Waiter): boolean {
    if (!this.#parked.delete(waiter)) return false;
    this.#due.delete(waiter);
    for (const topic of waiter.topics) {
      const [list, name] = this.#listOf(topic);
      const waiters = list.get(name);
      waiters?.delete(waiter);
      if (waiters?.size === 0) list.delete(name);
    }
    return true;
  }
}
