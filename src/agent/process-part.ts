/**
 * Measures this process while the agent runs: its memory, processor time and garbage collections, and how late the main
 * thread is for what is due.
 */
import { monitorEventLoopDelay, PerformanceObserver, performance } from 'node:perf_hooks';
import type { Clock } from '../lib/clock.ts';
import type { Metrics } from '../metrics/metrics.ts';
import type { Part } from './lifecycle.ts';

/** How often the delay is measured in ms, and how long one set of measurements is gathered at least. */
const DELAY_EVERY_MS = 20;
const DELAY_WINDOW_MS = 10_000;

const DELAYS = [0.5, 0.99, 1] as const;

function collectUse(metrics: Metrics): void {
  const memory = metrics.gauge('process_memory_bytes');
  for (const [part, bytes] of Object.entries(process.memoryUsage())) memory.set(memory.slot(part), bytes);
  const { user, system } = process.cpuUsage();
  metrics.gauge('process_cpu_seconds').set(0, (user + system) / 1e6);
  metrics.gauge('process_active_resources').set(0, process.getActiveResourcesInfo().length);
  metrics.gauge('process_uptime_seconds').set(0, process.uptime());
}

/** Tells the delays since a reading at least ten seconds ago; measuring begins with the first reading. */
function delayCollector(metrics: Metrics, clock: Pick<Clock, 'monotonic'>) {
  const gauge = metrics.gauge('event_loop_delay_seconds');
  const delay = monitorEventLoopDelay({ resolution: DELAY_EVERY_MS });
  let sinceMs = Number.NEGATIVE_INFINITY;
  return {
    collect: () => {
      delay.enable();
      for (const share of DELAYS) {
        // What is measured is the time between two looks, of which the pause on purpose is no delay.
        const lateMs = delay.count === 0 ? 0 : delay.percentile(share * 100) / 1e6 - DELAY_EVERY_MS;
        gauge.set(gauge.slot(String(share)), Math.max(lateMs, 0) / 1_000);
      }
      if (clock.monotonic() - sinceMs < DELAY_WINDOW_MS) return;
      sinceMs = clock.monotonic();
      delay.reset();
    },
    stop: () => delay.disable(),
  };
}

/** Observes from start to stop; what is only read is read whenever somebody looks at the metrics. */
export function processPart(metrics: Metrics, clock: Pick<Clock, 'monotonic'>): Part {
  const [runs, seconds] = [metrics.counter('process_gc_runs'), metrics.counter('process_gc_seconds')];
  const observer = new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) {
      runs.add(0);
      seconds.add(0, duration / 1_000);
    }
  });
  const delays = delayCollector(metrics, clock);
  let busy = performance.eventLoopUtilization();
  metrics.onCollect(() => {
    collectUse(metrics);
    delays.collect();
    const now = performance.eventLoopUtilization();
    metrics.gauge('event_loop_utilization').set(0, performance.eventLoopUtilization(now, busy).utilization);
    busy = now;
  });
  return {
    name: 'process metrics',
    start: async () => observer.observe({ entryTypes: ['gc'] }),
    stop: async () => {
      observer.disconnect();
      delays.stop();
    },
  };
}
