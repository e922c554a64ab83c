/**
 * Counts of a thread: what was added since the last report, and how the main thread takes it over.
 */
import type { Metrics } from '../../metrics/metrics.ts';
import type { Counted } from './thread-protocol.ts';

/** A function that gives what was counted since its last call. */
export function makeReport(metrics: Metrics): () => readonly Counted[] {
  const reported = new Map<string, { value: number; buckets: readonly number[] }>();
  return () => {
    const news: Counted[] = [];
    for (const [name, metric] of metrics.collect()) {
      const perSlot = metric.spec.bounds ? metric.spec.bounds.length + 1 : 0;
      for (const [slot, labels] of metric.labelSets.entries()) {
        const key = `${name}\u0000${slot}`;
        const before = reported.get(key);
        const value = metric.values[slot] ?? 0;
        const buckets = metric.buckets.slice(slot * perSlot, (slot + 1) * perSlot);
        if (value === (before?.value ?? 0)) continue;
        reported.set(key, { value, buckets });
        const added = buckets.map((count, i) => count - (before?.buckets[i] ?? 0));
        news.push({ metric: name, labels, value: value - (before?.value ?? 0), buckets: added });
      }
    }
    return news;
  };
}

/** Add what a thread reports to the metrics of the process. */
export function absorb(metrics: Metrics, counted: readonly Counted[]): void {
  for (const { metric, labels, value, buckets } of counted) metrics.absorb(metric, labels, value, buckets);
}
