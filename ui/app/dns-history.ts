/**
 * Looks at the DNS counters every two seconds while somebody shows them, and keeps two minutes of what came between.
 */
import { type Signal, signal } from '@preact/signals';
import { increase, type Sample, samplesOf, sumBy, sumOf } from '../api/metric-samples.ts';
import type { Metrics } from '../api/shapes.ts';

/** What DNS did between two looks. */
export interface DnsMoment {
  readonly seconds: number;
  readonly queries: number;
  readonly byType: ReadonlyMap<string, number>;
  readonly byRcode: ReadonlyMap<string, number>;
  /** Cumulative counts by upper bound in seconds. */
  readonly latency: ReadonlyMap<string, number>;
}

interface Look {
  readonly timeMs: number;
  readonly samples: readonly Sample[];
}

export interface DnsHistory {
  readonly moments: Signal<readonly DnsMoment[]>;
  /** Queries since the agent started; undefined before the first look. */
  readonly total: Signal<number | undefined>;
  note(metrics: Metrics, timeMs: number): void;
}

export const LOOK_EVERY_MS = 2_000;
export const KEPT_MOMENTS = 60;

function momentBetween(before: Look, after: Look): DnsMoment {
  const grown = (name: string, by: string) =>
    increase(sumBy(before.samples, name, by), sumBy(after.samples, name, by));
  const byType = grown('dns.queries', 'type');
  return {
    seconds: (after.timeMs - before.timeMs) / 1_000,
    queries: [...byType.values()].reduce((sum, value) => sum + value, 0),
    byType,
    byRcode: grown('dns.queries', 'rcode'),
    latency: grown('dns.latency_seconds_bucket', 'le'),
  };
}

export function createDnsHistory(): DnsHistory {
  const moments = signal<readonly DnsMoment[]>([]);
  const total = signal<number | undefined>(undefined);
  let last: Look | undefined;
  return {
    moments,
    total,
    note(metrics, timeMs) {
      const look: Look = { timeMs, samples: samplesOf(metrics, 'dns.') };
      if (last && timeMs > last.timeMs)
        moments.value = [...moments.peek(), momentBetween(last, look)].slice(-KEPT_MOMENTS);
      last = look;
      total.value = sumOf(look.samples, 'dns.queries');
    },
  };
}

/** Everything between the first and the last of `moments`, added up. */
export function addUp(
  moments: readonly DnsMoment[],
  read: (moment: DnsMoment) => ReadonlyMap<string, number>,
): ReadonlyMap<string, number> {
  const sums = new Map<string, number>();
  for (const moment of moments)
    for (const [key, value] of read(moment)) sums.set(key, (sums.get(key) ?? 0) + value);
  return sums;
}
