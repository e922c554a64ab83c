/**
 * Counts the garbage collections of the main thread while the agent runs.
 */
import { PerformanceObserver } from 'node:perf_hooks';
import type { Metrics } from '../metrics/metrics.ts';
import type { Part } from './lifecycle.ts';

/** Observes from start to stop. */
export function garbagePart(metrics: Metrics): Part {
  const [runs, seconds] = [metrics.counter('process_gc_runs'), metrics.counter('process_gc_seconds')];
  const observer = new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) {
      runs.add(0);
      seconds.add(0, duration / 1_000);
    }
  });
  return {
    name: 'garbage collections',
    start: async () => observer.observe({ entryTypes: ['gc'] }),
    stop: async () => observer.disconnect(),
  };
}
