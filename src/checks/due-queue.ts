/**
 * Things in order of the time when they are due: a binary heap. Insert and take cost O(log n).
 *
 * An entry that is not wanted any more stays until it would be taken; its owner recognises it by its ticket.
 */
export interface DueEntry<Item> {
  readonly dueMs: number;
  readonly item: Item;
  /** Compared by the owner with the newest ticket of the item. */
  readonly ticket: number;
}

export class DueQueue<Item> {
  readonly #heap: DueEntry<Item>[] = [];

  get size(): number {
    return this.#heap.length;
  }

  /** When the first entry is due; undefined when there is none. */
  get firstDueMs(): number | undefined {
    return this.#heap[0]?.dueMs;
  }

  push(entry: DueEntry<Item>): void {
    const heap = this.#heap;
    let at = heap.push(entry) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const above = heap[parent] as DueEntry<Item>;
      if (above.dueMs <= entry.dueMs) break;
      heap[at] = above;
      at = parent;
    }
    heap[at] = entry;
  }

  /** Take the first entry when it is due at `nowMs`. */
  takeDue(nowMs: number): DueEntry<Item> | undefined {
    const first = this.#heap[0];
    if (first === undefined || first.dueMs > nowMs) return undefined;
    const last = this.#heap.pop() as DueEntry<Item>;
    if (this.#heap.length > 0) this.#sink(last);
    return first;
  }

  /** Drop the entries that are not wanted any more. O(n log n). */
  keep(isWanted: (entry: DueEntry<Item>) => boolean): void {
    const kept = this.#heap.filter(isWanted);
    this.#heap.length = 0;
    for (const entry of kept) this.push(entry);
  }

  #sink(entry: DueEntry<Item>): void {
    const heap = this.#heap;
    let at = 0;
    for (;;) {
      let child = at * 2 + 1;
      if (child >= heap.length) break;
      const right = heap[child + 1];
      if (right !== undefined && right.dueMs < (heap[child] as DueEntry<Item>).dueMs) child += 1;
      const below = heap[child] as DueEntry<Item>;
      if (below.dueMs >= entry.dueMs) break;
      heap[at] = below;
      at = child;
    }
    heap[at] = entry;
  }
}
