/**
 * Readers that wait for a change: parked by topic, woken once.
 *
 * A waiter is `parked`, then exactly one of `woken`, `expired` or `abandoned`; afterwards it is in no list. Waking only
 * says "look again": the reader compares indexes and may park anew. A topic that ends in `*` waits for every topic with
 * that beginning (`kv:a/*`); there are few of those, so they are compared one by one.
 */
import type { Clock } from '../lib/clock.ts';

export type WaitEnd = 'woken' | 'expired' | 'abandoned';

interface Waiter {
  readonly topics: readonly string[];
  end(how: WaitEnd): void;
}

export class Watch {
  readonly #clock: Clock;
  readonly #exact = new Map<string, Set<Waiter>>();
  readonly #prefixed = new Map<string, Set<Waiter>>();
  #parked = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Readers that wait now. */
  get parked(): number {
    return this.#parked;
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
          timer.cancel();
          signal?.removeEventListener('abort', abandon);
          this.#remove(waiter);
          resolve(how);
        },
      };
      signal?.addEventListener('abort', abandon, { once: true });
      this.#add(waiter);
    });
  }

  /** Wake everybody who waits for one of these topics. */
  wake(topics: Iterable<string>): void {
    const due = new Set<Waiter>();
    for (const topic of topics) {
      for (const waiter of this.#exact.get(topic) ?? []) due.add(waiter);
      for (const [prefix, waiters] of this.#prefixed) {
        if (topic.startsWith(prefix)) for (const waiter of waiters) due.add(waiter);
      }
    }
    for (const waiter of due) waiter.end('woken');
  }

  /** Send everybody home, for shutdown. */
  abandonAll(): void {
    const everybody = [...this.#exact.values(), ...this.#prefixed.values()].flatMap((waiters) => [
      ...waiters,
    ]);
    for (const waiter of new Set(everybody)) waiter.end('abandoned');
  }

  #listOf(topic: string): [Map<string, Set<Waiter>>, string] {
    return topic.endsWith('*') ? [this.#prefixed, topic.slice(0, -1)] : [this.#exact, topic];
  }

  #add(waiter: Waiter): void {
    this.#parked += 1;
    for (const topic of waiter.topics) {
      const [list, name] = this.#listOf(topic);
      const waiters = list.get(name);
      if (waiters) waiters.add(waiter);
      else list.set(name, new Set([waiter]));
    }
  }

  #remove(waiter: Waiter): void {
    this.#parked -= 1;
    for (const topic of waiter.topics) {
      const [list, name] = this.#listOf(topic);
      const waiters = list.get(name);
      waiters?.delete(waiter);
      if (waiters?.size === 0) list.delete(name);
    }
  }
}
