/**
 * The metrics as others read them: the Prometheus text format, and the JSON of /v1/agent/metrics.
 *
 * prom-client writes the text; it is loaded when somebody asks for the first time.
 */
import type { Metric, MetricName, Metrics } from './metrics.ts';

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

/** Count of everything that a slot of a histogram has seen. */
function countOf(metric: Metric, slot: number): number {
  const width = (metric.spec.bounds?.length ?? 0) + 1;
  return metric.buckets.slice(slot * width, (slot + 1) * width).reduce((sum, count) => sum + count, 0);
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
  const count = countOf(metric, slot);
  samples.push({ metricName: `${name}_bucket`, labels: { ...labels, le: '+Inf' }, value: count });
  samples.push({ metricName: `${name}_sum`, labels, value: metric.values[slot] ?? 0 });
  samples.push({ metricName: `${name}_count`, labels, value: count });
  return samples;
}

function samplesOf(name: string, metric: Metric): Sample[] {
  return metric.labelSets.flatMap((_labels, slot) =>
    metric.spec.kind === 'histogram'
      ? histogramSamples(name, metric, slot)
      : [{ labels: labelsOf(metric, slot), value: metric.values[slot] ?? 0 }],
  );
}

/** Name by the conventions of Prometheus: counters end in `_total`. */
function prometheusName(name: MetricName, { spec }: Metric): string {
  return `${PREFIX}${name}${spec.kind === 'counter' ? '_total' : ''}`;
}

/** Values of the process itself, which nobody else counts. */
function collectProcess(metrics: Metrics): void {
  const memory = metrics.gauge('process_memory_bytes');
  for (const [part, bytes] of Object.entries(process.memoryUsage())) memory.set(memory.slot(part), bytes);
  const { user, system } = process.cpuUsage();
  metrics.gauge('process_cpu_seconds').set(0, (user + system) / 1e6);
  metrics.gauge('process_uptime_seconds').set(0, process.uptime());
}

/** All metrics in the text format, with its content type. */
export async function prometheusText(
  metrics: Metrics,
): Promise<{ readonly type: string; readonly text: string }> {
  const { Registry } = await import('prom-client');
  const registry = new Registry();
  collectProcess(metrics);
  for (const [key, metric] of metrics.collect()) {
    const name = prometheusName(key, metric);
    const { help, kind: type } = metric.spec;
    const shape = { name, help, type, aggregator: 'sum' };
    registry.registerMetric({
      ...shape,
      get: async () => ({ ...shape, values: samplesOf(name, metric) }),
    } as never);
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

/** The document of /v1/agent/metrics; `prefix` is what names begin with, `time` the moment of collecting. */
export function metricsDocument(
  metrics: Metrics,
  prefix: string,
  time: string,
): Readonly<Record<string, unknown>> {
  const gauges: unknown[] = [];
  const counters: unknown[] = [];
  const samples: unknown[] = [];
  collectProcess(metrics);
  for (const [key, metric] of metrics.collect()) {
    const name = dotted(prefix, key);
    for (const slot of metric.labelSets.keys()) {
      const value = metric.values[slot] ?? 0;
      const labels = labelsOf(metric, slot);
      if (metric.spec.kind === 'gauge') gauges.push({ Name: name, Value: value, Labels: labels });
      else if (metric.spec.kind === 'counter')
        counters.push({ Name: name, Count: value, Sum: value, Labels: labels });
      else {
        const count = countOf(metric, slot);
        const mean = count === 0 ? 0 : value / count;
        const Buckets = bucketsDocument(metric, slot);
        samples.push({ Name: name, Count: count, Sum: value, Mean: mean, Buckets, Labels: labels });
      }
    }
  }
  return { Timestamp: time, Gauges: gauges, Points: [], Counters: counters, Samples: samples };
}
