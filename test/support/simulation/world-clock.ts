/**
 * The clock of a simulated world: as test/support/manual-clock.ts, with timers in a heap, because there are thousands.
 */
import type { Clock, Timer } from '../../../src/lib/clock.ts';

interface Entry {
  readonly dueMs: number;
  readonly order: number;
  fn: (() => void) | undefined;
}

const isBefore = (one: Entry, other: Entry): boolean =>
  one.dueMs < other.dueMs || (one.dueMs === other.dueMs && one.order < other.order);

/** Everything that promises have to say has been said. */
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

export class WorldClock implements Clock {
  #elapsedMs = 0;
  #scheduled = 0;
  readonly #heap: Entry[] = [];

  now(): number {
    return Date.UTC(2026, 0, 1) + this.#elapsedMs;
  }

  monotonic(): number {
    return this.#elapsedMs;
  }

  after(delayMs: number, fn: () => void): Timer {
    const entry: Entry = { dueMs: this.#elapsedMs + Math.max(delayMs, 0), order: this.#scheduled++, fn };
    this.#push(entry);
    return {
      cancel: () => {
        entry.fn = undefined;
      },
    };
  }

  /** Let `ms` pass: run what falls due, in order, and what promises have to say after each. */
  async pass(ms: number): Promise<void> {
    const untilMs = this.#elapsedMs + ms;
    await turn();
    for (let first = this.#heap[0]; first !== undefined && first.dueMs <= untilMs; first = this.#heap[0]) {
      this.#pop();
      if (first.fn === undefined) continue;
      this.#elapsedMs = first.dueMs;
      first.fn();
      await turn();
    }
    this.#elapsedMs = untilMs;
  }

  #push(entry: Entry): void {
    const heap = this.#heap;
    let at = heap.push(entry) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!isBefore(entry, heap[parent] as Entry)) break;
      heap[at] = heap[parent] as Entry;
      at = parent;
    }
    heap[at] = entry;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop() as Entry;
    if (heap.length === 0) return;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isBefore(heap[child + 1] as Entry, heap[child] as Entry)) child += 1;
      if (!isBefore(heap[child] as Entry, last)) break;
      heap[at] = heap[child] as Entry;
      at = child;
    }
    heap[at] = last;
  }
}
