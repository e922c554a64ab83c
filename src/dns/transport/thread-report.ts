/**
 * Counts of a thread: what was added since the last report, and how the main thread takes it over.
 */
import type { Metric, Metrics } from '../../metrics/metrics.ts';
import type { Counted } from './thread-protocol.ts';

interface Reported {
  readonly value: number;
  readonly buckets: readonly number[];
}

/** What came since `last`; a value below it means that the label set was given up meanwhile and began anew. */
function added(now: Reported, last: Reported | undefined): Reported {
  const before = last !== undefined && last.value <= now.value ? last : undefined;
  return {
    value: now.value - (before?.value ?? 0),
    buckets: now.buckets.map((count, i) => count - (before?.buckets[i] ?? 0)),
  };
}

function valuesOf(metric: Metric, slot: number): Reported {
  const width = metric.spec.bounds ? metric.spec.bounds.length + 1 : 0;
  return {
    value: metric.values[slot] ?? 0,
    buckets: metric.buckets.slice(slot * width, (slot + 1) * width),
  };
}

/** A function that gives what was counted since its last call. */
export function makeReport(metrics: Metrics): () => readonly Counted[] {
  let reported: ReadonlyMap<string, Reported> = new Map();
  return () => {
    const news: Counted[] = [];
    const all = new Map<string, Reported>();
    for (const [name, metric] of metrics.collect()) {
      for (const [slot, labels] of metric.entries()) {
        const key = [name, ...labels].join('\u0000');
        const now = valuesOf(metric, slot);
        const since = added(now, reported.get(key));
        all.set(key, now);
        if (since.value !== 0) news.push({ metric: name, labels, ...since });
      }
    }
    reported = all;
    return news;
  };
}

/** Add what a thread reports to the metrics of the process. */
export function absorb(metrics: Metrics, counted: readonly Counted[]): void {
  for (const { metric, labels, value, buckets } of counted) metrics.absorb(metric, labels, value, buckets);
}
