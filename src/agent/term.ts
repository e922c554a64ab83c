/**
 * A term of leadership: what runs on the one server that leads, and on no other.
 *
 * Terms begin and end as often as leadership comes and goes; each work begins anew with every term. Beginning a term that
 * has begun, or ending one that has ended, does nothing.
 */
import type { Metrics } from '../metrics/metrics.ts';

export interface TermWork {
  begin(): void;
  end(): void;
}

/** Counts how often this server has become the leader. */
export function countTerms(metrics: Metrics): TermWork {
  const counter = metrics.counter('cluster_terms_begun');
  return { begin: () => counter.add(0), end: () => {} };
}

export class Term {
  readonly #works: readonly TermWork[];
  #hasBegun = false;

  /** Works begin in this order and end in reverse. */
  constructor(works: readonly TermWork[]) {
    this.#works = works;
  }

  begin(): void {
    if (this.#hasBegun) return;
    this.#hasBegun = true;
    for (const work of this.#works) work.begin();
  }

  end(): void {
    if (!this.#hasBegun) return;
    this.#hasBegun = false;
    for (const work of this.#works.toReversed()) work.end();
  }
}
