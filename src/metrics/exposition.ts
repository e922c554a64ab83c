/**
 * The metrics as others read them: the Prometheus text format, and the JSON of /v1/agent/metrics.
 *
 * prom-client writes the text; it is loaded when somebody asks for the first time.
 */
import { type Collected, consulMetrics } from './consul-names.ts';
import type { MetricName } from './metric-table.ts';
import type { Metric, Metrics } from './metrics.ts';

const PREFIX = 'rollcall_';

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

/** What Consul counts, under its names: `consul.raft.commitTime` is `consul_raft_commitTime`. */
function consulScraped(collected: Collected, prefix: string): readonly Scraped[] {
  return consulMetrics().map(([dottedName, { kind, help, value, count }]) => {
    const name = `${prefix}.${dottedName}`.replace(/[^a-zA-Z0-9_:]/g, '_');
    const values = (): Sample[] =>
      kind === 'timer'
        ? [
            { metricName: `${name}_sum`, labels: {}, value: value(collected) },
            { metricName: `${name}_count`, labels: {}, value: count?.(collected) ?? 0 },
          ]
        : [{ labels: {}, value: value(collected) }];
    return { name, help, type: kind === 'timer' ? 'summary' : kind, values };
  });
}

/** Values of the process itself, which nobody else counts. */
function collectProcess(metrics: Metrics): void {
  const memory = metrics.gauge('process_memory_bytes');
  for (const [part, bytes] of Object.entries(process.memoryUsage())) memory.set(memory.slot(part), bytes);
  const { user, system } = process.cpuUsage();
  metrics.gauge('process_cpu_seconds').set(0, (user + system) / 1e6);
  metrics.gauge('process_active_resources').set(0, process.getActiveResourcesInfo().length);
  metrics.gauge('process_uptime_seconds').set(0, process.uptime());
}

/** All metrics in the text format, with its content type; `prefix` begins the names that are Consul's. */
export async function prometheusText(
  metrics: Metrics,
  prefix: string,
): Promise<{ readonly type: string; readonly text: string }> {
  const { Registry } = await import('prom-client');
  const registry = new Registry();
  collectProcess(metrics);
  const collected = metrics.collect();
  const own = [...collected].map(([key, metric]): Scraped => {
    const name = prometheusName(key, metric);
    return { name, help: metric.spec.help, type: metric.spec.kind, values: () => samplesOf(name, metric) };
  });
  for (const { name, help, type, values } of [...own, ...consulScraped(collected, prefix)]) {
    const shape = { name, help, type, aggregator: 'sum' };
    registry.registerMetric({ ...shape, get: async () => ({ ...shape, values: values() }) } as never);
  }
  return { type: registry.contentType, text: await registry.metrics() };
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
  return consulMetrics().map(([name, { kind, value, count }]): Entry => {
    const [Name, Sum, Labels] = [`${prefix}.${name}`, value(collected), {}];
    if (kind === 'gauge') return ['Gauges', { Name, Value: Sum, Labels }];
    if (kind === 'counter') return ['Counters', { Name, Count: Sum, Sum, Labels }];
    const Count = count?.(collected) ?? 0;
    return ['Samples', { Name, Count, Sum, Mean: meanOf(Sum, Count), Labels }];
  });
}

/** The document of /v1/agent/metrics; `prefix` is what names begin with, `time` the moment of collecting. */
export function metricsDocument(
  metrics: Metrics,
  prefix: string,
  time: string,
): Readonly<Record<string, unknown>> {
  collectProcess(metrics);
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
