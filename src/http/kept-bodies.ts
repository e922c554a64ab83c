/**
 * Answers that are kept as bytes until a row behind them changes.
 *
 * An entry is valid as long as the index of its topics is the one it was made under: an index is handed out once, so
 * an equal index means that nothing behind the answer was written. Bounded by octets; the least recently used go first.
 */
import { LRUCache } from 'lru-cache';
import type { TopicIndexes } from '../catalog/topics.ts';
import type { Rendered } from './send.ts';

export interface KeptBody {
  readonly rendered: Rendered;
  readonly topics: readonly string[];
  readonly index: number;
}

/** Turning it up keeps more different URLs fast, at that much memory. */
const MAX_BYTES = 64 * 1024 * 1024;
/** What an entry costs beside its bodies, in octets. */
const OVERHEAD_BYTES = 1_000;
/** A single answer above this is not worth displacing many others. */
const MAX_BODY_BYTES = 8 * 1024 * 1024;

export class KeptBodies {
  readonly #indexes: TopicIndexes;
  readonly #entries: LRUCache<string, KeptBody>;

  constructor(indexes: TopicIndexes, maxBytes: number = MAX_BYTES) {
    this.#indexes = indexes;
    this.#entries = new LRUCache({
      maxSize: maxBytes,
      // twice the body: the compressed form comes later and is smaller
      sizeCalculation: (entry, key) => OVERHEAD_BYTES + key.length * 2 + entry.rendered.body.length * 2,
    });
  }

  /** The answer to a URL, if it is still what would be answered now. */
  get(url: string): Rendered | undefined {
    const entry = this.#entries.get(url);
    if (entry === undefined || this.#indexes.of(entry.topics) !== entry.index) return undefined;
    return entry.rendered;
  }

  put(url: string, entry: KeptBody): void {
    if (entry.rendered.body.length <= MAX_BODY_BYTES) this.#entries.set(url, entry);
  }

  clear(): void {
    this.#entries.clear();
  }
}
