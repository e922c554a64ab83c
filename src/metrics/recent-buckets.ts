/**
 * What histograms saw of late, for quantiles: those of all values since the start tell nothing of now.
 *
 * Histograms only grow, so what was seen between two looks is a difference. Looks are taken when somebody reads the
 * metrics, and kept for as long as they are needed: quantiles are of the last ten seconds, or of the time between two
 * readings where that is longer.
 */
import type { MetricName, MetricSpec } from './metric-table.ts';

const WINDOW_MS = 10_000;

/** A metric, as far as it is a histogram. */
interface Counted {
  readonly spec: MetricSpec;
  readonly buckets: readonly number[];
}

interface Look {
  readonly atMs: number;
  readonly buckets: ReadonlyMap<MetricName, readonly number[]>;
}

export class RecentBuckets {
  #before: Look | undefined;
  #newest: Look | undefined;

  /** Remember where histograms stand; `nowMs` is of a clock that only goes forward. */
  look(metrics: ReadonlyMap<MetricName, Counted>, nowMs: number): void {
    if (this.#newest !== undefined && nowMs - this.#newest.atMs < WINDOW_MS) return;
    this.#before = this.#newest;
    const histograms = [...metrics].filter(([, { spec }]) => spec.kind === 'histogram');
    const buckets = new Map(histograms.map(([name, metric]) => [name, [...metric.buckets]]));
    this.#newest = { atMs: nowMs, buckets };
  }

  /** Counts of the buckets of these slots together, since the look before the newest. */
  since(name: MetricName, metric: Counted, slots: readonly number[]): readonly number[] {
    const before = this.#before?.buckets.get(name) ?? [];
    const width = (metric.spec.bounds?.length ?? 0) + 1;
    return Array.from({ length: width }, (_, bucket) => {
      const at = slots.map((slot) => slot * width + bucket);
      return at.reduce((sum, i) => sum + (metric.buckets[i] ?? 0) - (before[i] ?? 0), 0);
    });
  }
}

/**
 * The value below which this share of the values is, taken as spread evenly over their bucket; NaN when there are none.
 * Values above the highest bound count as that bound.
 */
export function quantile(bounds: readonly number[], counts: readonly number[], share: number): number {
  const wanted = counts.reduce((sum, count) => sum + count, 0) * share;
  if (wanted === 0) return Number.NaN;
  let below = 0;
  for (const [bucket, upper] of bounds.entries()) {
    const count = counts[bucket] ?? 0;
    if (below + count >= wanted) {
      const lower = bounds[bucket - 1] ?? 0;
      return lower + ((upper - lower) * (wanted - below)) / count;
    }
    below += count;
  }
  return bounds.at(-1) ?? Number.NaN;
}
