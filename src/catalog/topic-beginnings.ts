/**
 * The highest index of all topics with a beginning, for readers that wait for a whole prefix.
 *
 * The first question about a beginning looks through the topics that have it; from then on its index is kept up to
 * date by every touch, at one lookup for each length of beginning that was asked for. Belongs to TopicIndexes, which
 * owns the indexes themselves.
 */
import type { ModifyIndex } from '../model/types.ts';
import { lowerBound } from './table.ts';

/** Beginnings that are kept up to date. Beyond it all are forgotten, and looked through again when asked for. */
const MAX_BEGINNINGS = 1_000;

export class TopicBeginnings {
  readonly #indexes: ReadonlyMap<string, ModifyIndex>;
  /** The topics in order, from the first question on. */
  #sorted: string[] | undefined;
  readonly #known = new Map<string, ModifyIndex>();
  readonly #lengths = new Set<number>();

  constructor(indexes: ReadonlyMap<string, ModifyIndex>) {
    this.#indexes = indexes;
  }

  /** 0 when no topic has this beginning. */
  highest(beginning: string): ModifyIndex {
    const known = this.#known.get(beginning);
    if (known !== undefined) return known;
    if (this.#known.size >= MAX_BEGINNINGS) this.#forgetKnown();
    const highest = this.#lookThrough(beginning);
    this.#known.set(beginning, highest);
    this.#lengths.add(beginning.length);
    return highest;
  }

  /** A topic was touched; `isNew` when it had no index before. */
  touch(topic: string, index: ModifyIndex, isNew: boolean): void {
    for (const length of this.#lengths) {
      const beginning = topic.slice(0, length);
      if (this.#known.has(beginning)) this.#known.set(beginning, index);
    }
    if (isNew) this.#sorted?.splice(lowerBound(this.#sorted, topic), 0, topic);
  }

  /** Topics were taken out of the indexes. */
  reset(): void {
    this.#sorted = undefined;
    this.#forgetKnown();
  }

  #forgetKnown(): void {
    this.#known.clear();
    this.#lengths.clear();
  }

  #lookThrough(beginning: string): ModifyIndex {
    this.#sorted ??= [...this.#indexes.keys()].sort();
    let highest = 0;
    for (let at = lowerBound(this.#sorted, beginning); at < this.#sorted.length; at += 1) {
      const topic = this.#sorted[at] as string;
      if (!topic.startsWith(beginning)) break;
      highest = Math.max(highest, this.#indexes.get(topic) ?? 0);
    }
    return highest;
  }
}
