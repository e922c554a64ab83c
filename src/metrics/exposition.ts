/**
 * The metrics as others read them: the Prometheus text format, and the JSON of /v1/agent/metrics.
 *
 * prom-client writes the text; it is loaded when somebody asks for the first time.
 */
import {
  type Collected,
  type ConsulMetric,
  consulHttpTimers,
  consulMetrics,
  timedOf,
} from './consul-names.ts';
import type { MetricName } from './metric-table.ts';
import type { Metric, Metrics } from './metrics.ts';
import { quantile } from './recent-buckets.ts';

const PREFIX = 'rollcall_';
/** The quantiles that Consul tells of a timer. */
const QUANTILES = [0.5, 0.9, 0.99];

type Labels = Record<string, string | number>;
interface Sample {
  readonly value: number;
  readonly labels: Labels;
  readonly metricName?: string;
}

function labelsOf(metric: Metric, slot: number): Record<string, string> {
  const values = metric.labelSets[slot] ?? [];
  return Object.fromEntries(metric.spec.labels.map((name, at) => [name, values[at] ?? '']));
}

function histogramSamples(name: string, metric: Metric, slot: number): Sample[] {
  const labels = labelsOf(metric, slot);
  const bounds = metric.spec.bounds ?? [];
  const samples: Sample[] = [];
  let below = 0;
  for (const [at, bound] of bounds.entries()) {
    below += metric.buckets[slot * (bounds.length + 1) + at] ?? 0;
    samples.push({ metricName: `${name}_bucket`, labels: { ...labels, le: bound }, value: below });
  }
  const count = metric.countOf(slot);
  samples.push({ metricName: `${name}_bucket`, labels: { ...labels, le: '+Inf' }, value: count });
  samples.push({ metricName: `${name}_sum`, labels, value: metric.values[slot] ?? 0 });
  samples.push({ metricName: `${name}_count`, labels, value: count });
  return samples;
}

function samplesOf(name: string, metric: Metric): Sample[] {
  return metric
    .entries()
    .flatMap(([slot]) =>
      metric.spec.kind === 'histogram'
        ? histogramSamples(name, metric, slot)
        : [{ labels: labelsOf(metric, slot), value: metric.values[slot] ?? 0 }],
    );
}

/** Name by the conventions of Prometheus: counters end in `_total`. */
function prometheusName(name: MetricName, { spec }: Metric): string {
  return `${PREFIX}${name}${spec.kind === 'counter' ? '_total' : ''}`;
}

interface Scraped {
  readonly name: string;
  readonly help: string;
  readonly type: string;
  readonly values: () => readonly Sample[];
}

type Timer = Extract<ConsulMetric, { kind: 'timer' }>;

function timerSamples(name: string, timer: Timer, metrics: Metrics, collected: Collected): Sample[] {
  const { count, sum, slots } = timedOf(collected, timer);
  const metric = collected.get(timer.histogram) as Metric;
  const counts = metrics.recent.since(timer.histogram, metric, slots);
  const ofLate = QUANTILES.map((share) => ({
    labels: { quantile: share },
    value: Number((quantile(metric.spec.bounds ?? [], counts, share) * 1_000).toPrecision(4)),
  }));
  return [
    ...ofLate,
    { metricName: `${name}_sum`, labels: {}, value: sum },
    { metricName: `${name}_count`, labels: {}, value: count },
  ];
}

/** What Consul counts, under its names: `consul.raft.commitTime` is `consul_raft_commitTime`. */
function consulScraped(metrics: Metrics, collected: Collected, prefix: string): readonly Scraped[] {
  return [...consulMetrics(), ...consulHttpTimers(collected)].map(([dottedName, metric]) => {
    const { kind, help } = metric;
    const name = `${prefix}.${dottedName}`.replace(/[^a-zA-Z0-9_:]/g, '_');
    if (metric.kind === 'timer')
      return { name, help, type: 'summary', values: () => timerSamples(name, metric, metrics, collected) };
    return { name, help, type: kind, values: () => [{ labels: {}, value: metric.value(collected) }] };
  });
}

/** What is collected of the process by prom-client, `process_open_fds` and its like, once somebody has asked. */
async function processText(): Promise<string> {
  const { register, collectDefaultMetrics } = await import('prom-client');
  if (register.getMetricsAsArray().length === 0) collectDefaultMetrics();
  return register.metrics();
}

/**
 * All metrics in the text format, with its content type; `prefix` begins the names that are Consul's, `nowMs` is of a
 * clock that only goes forward.
 */
export async function prometheusText(
  metrics: Metrics,
  prefix: string,
  nowMs: number,
): Promise<{ readonly type: string; readonly text: string }> {
  const { Registry } = await import('prom-client');
  const registry = new Registry();
  const collected = metrics.collect();
  metrics.recent.look(collected, nowMs);
  const own = [...collected].map(([key, metric]): Scraped => {
    const name = prometheusName(key, metric);
    return { name, help: metric.spec.help, type: metric.spec.kind, values: () => samplesOf(name, metric) };
  });
  for (const { name, help, type, values } of [...own, ...consulScraped(metrics, collected, prefix)]) {
    const shape = { name, help, type, aggregator: 'sum' };
    registry.registerMetric({ ...shape, get: async () => ({ ...shape, values: values() }) } as never);
  }
  return { type: registry.contentType, text: `${await registry.metrics()}${await processText()}` };
}

const dotted = (prefix: string, name: MetricName): string => `${prefix}.${name.replace('_', '.')}`;

/** How many values were at or below each bound; the last bound is `+Inf`. */
function bucketsDocument(metric: Metric, slot: number): Readonly<Record<string, number>> {
  const bounds = [...(metric.spec.bounds ?? []), '+Inf'];
  let below = 0;
  return Object.fromEntries(
    bounds.map((bound, at) => {
      below += metric.buckets[slot * bounds.length + at] ?? 0;
      return [String(bound), below];
    }),
  );
}

/** What of the document's lists a metric goes to, and its members there. */
type Entry = readonly ['Gauges' | 'Counters' | 'Samples', Readonly<Record<string, unknown>>];

function entryOf(Name: string, metric: Metric, slot: number): Entry {
  const { kind } = metric.spec;
  const value = metric.values[slot] ?? 0;
  const Labels = labelsOf(metric, slot);
  if (kind === 'gauge') return ['Gauges', { Name, Value: value, Labels }];
  if (kind === 'counter') return ['Counters', { Name, Count: value, Sum: value, Labels }];
  const Count = metric.countOf(slot);
  const Buckets = bucketsDocument(metric, slot);
  return ['Samples', { Name, Count, Sum: value, Mean: meanOf(value, Count), Buckets, Labels }];
}

const meanOf = (sum: number, count: number): number => (count === 0 ? 0 : sum / count);

function consulEntries(collected: Collected, prefix: string): readonly Entry[] {
  const Labels = {};
  return [...consulMetrics(), ...consulHttpTimers(collected)].map(([name, metric]): Entry => {
    const Name = `${prefix}.${name}`;
    if (metric.kind === 'timer') {
      const { count: Count, sum: Sum } = timedOf(collected, metric);
      return ['Samples', { Name, Count, Sum, Mean: meanOf(Sum, Count), Labels }];
    }
    const value = metric.value(collected);
    return metric.kind === 'gauge'
      ? ['Gauges', { Name, Value: value, Labels }]
      : ['Counters', { Name, Count: value, Sum: value, Labels }];
  });
}

/** The document of /v1/agent/metrics; `prefix` is what names begin with, `time` the moment of collecting. */
export function metricsDocument(
  metrics: Metrics,
  prefix: string,
  time: string,
): Readonly<Record<string, unknown>> {
  const collected = metrics.collect();
  const own = [...collected].flatMap(([key, metric]) =>
    metric.entries().map(([slot]) => entryOf(dotted(prefix, key), metric, slot)),
  );
  const entries = [...consulEntries(collected, prefix), ...own];
  const list = (wanted: Entry[0]): unknown[] =>
    entries.filter(([kind]) => kind === wanted).map(([, entry]) => entry);
  return {
    Timestamp: time,
    Gauges: list('Gauges'),
    Points: [],
    Counters: list('Counters'),
    Samples: list('Samples'),
  };
}
