/**
 * Waits until this server's copy of the catalog has come as far as an index.
 */
import type { Clock } from '../lib/clock.ts';
import type { ModifyIndex } from '../model/types.ts';

interface Waiter {
  readonly index: ModifyIndex;
  end(isReached: boolean): void;
}

export class ReplicaProgress {
  readonly #clock: Clock;
  readonly #indexNow: () => ModifyIndex;
  readonly #waiters = new Set<Waiter>();

  constructor(clock: Clock, indexNow: () => ModifyIndex) {
    this.#clock = clock;
    this.#indexNow = indexNow;
  }

  /** To be called whenever writes were installed. */
  moved(): void {
    const now = this.#indexNow();
    for (const waiter of this.#waiters) if (waiter.index <= now) waiter.end(true);
  }

  /** Whether the copy has reached `index` within `timeoutMs`. Never rejects. */
  reached(index: ModifyIndex, timeoutMs: number): Promise<boolean> {
    if (this.#indexNow() >= index) return Promise.resolve(true);
    return new Promise((resolve) => {
      const timer = this.#clock.after(timeoutMs, () => waiter.end(false));
      const waiter: Waiter = {
        index,
        end: (isReached) => {
          timer.cancel();
          this.#waiters.delete(waiter);
          resolve(isReached);
        },
      };
      this.#waiters.add(waiter);
    });
  }
}
