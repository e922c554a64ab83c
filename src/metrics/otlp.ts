/**
 * Sends the metrics to a collector by OTLP over HTTP, with the SDK of OpenTelemetry: nothing of it is loaded unless an
 * endpoint is configured.
 *
 * Values are counted in metrics.ts, as for all other readers; the SDK asks for them when it is time to send. Headers and
 * certificates of the collector are told by the environment, as the SDK has it (OTEL_EXPORTER_OTLP_HEADERS and others).
 */
import { type HrTime, ValueType } from '@opentelemetry/api';
import { OTLPMetricExporter } from '@opentelemetry/exporter-metrics-otlp-http';
import { type Resource, resourceFromAttributes } from '@opentelemetry/resources';
import {
  AggregationTemporality,
  type CollectionResult,
  DataPointType,
  MeterProvider,
  type MetricData,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import type { Metric, Metrics } from './metrics.ts';

/** Time in ms that a collector has to take a batch. */
const SEND_MS = 5_000;

export interface OtlpParts {
  readonly metrics: Metrics;
  /** http(s) address that batches are sent to, /v1/metrics of a collector as a rule. */
  readonly endpoint: string;
  readonly intervalMs: number;
  /** What says who sends: service.name and its like. */
  readonly attributes: Readonly<Record<string, string>>;
  /** Wall time in ms. */
  readonly now: () => number;
  /** A batch could not be sent, and why. */
  readonly onFailure: (why: string) => void;
}

export interface OtlpSender {
  /** Send once more, and end. Never rejects; lasts as long as the collector makes it. */
  close(): Promise<void>;
}

const hrTime = (ms: number): HrTime => [Math.floor(ms / 1_000), (ms % 1_000) * 1e6];

const unitOf = (name: string): string =>
  name.endsWith('_seconds') ? 's' : name.endsWith('_bytes') ? 'By' : '1';

function whyOf(error: Error & { code?: unknown; data?: unknown }): string {
  return [error.message, error.code].filter((part) => part !== undefined && part !== '').join(', ');
}

function attributesOf({ spec, labelSets }: Metric, slot: number): Record<string, string> {
  return Object.fromEntries(spec.labels.map((label, at) => [label, labelSets[slot]?.[at] ?? '']));
}

/** One metric in the form of the SDK; `span` is the time since the start of counting. */
function metricData(name: string, metric: Metric, span: { startTime: HrTime; endTime: HrTime }): MetricData {
  const { kind, help, bounds = [] } = metric.spec;
  const common = {
    descriptor: {
      name: `rollcall.${name}`,
      description: help,
      unit: unitOf(name),
      valueType: ValueType.DOUBLE,
    },
    aggregationTemporality: AggregationTemporality.CUMULATIVE,
  };
  const points = <V>(told: (slot: number) => V) =>
    metric
      .entries()
      .map(([slot]) => ({ ...span, attributes: attributesOf(metric, slot), value: told(slot) }));
  const number = (slot: number): number => metric.values[slot] ?? 0;
  if (kind === 'gauge') return { ...common, dataPointType: DataPointType.GAUGE, dataPoints: points(number) };
  if (kind === 'counter')
    return { ...common, dataPointType: DataPointType.SUM, isMonotonic: true, dataPoints: points(number) };
  const width = bounds.length + 1;
  return {
    ...common,
    dataPointType: DataPointType.HISTOGRAM,
    dataPoints: points((slot) => ({
      buckets: {
        boundaries: [...bounds],
        counts: metric.buckets.slice(slot * width, (slot + 1) * width),
      },
      sum: number(slot),
      count: metric.countOf(slot),
    })),
  };
}

function collect({ metrics, now }: OtlpParts, resource: Resource, startTime: HrTime): CollectionResult {
  const span = { startTime, endTime: hrTime(now()) };
  const collected = [...metrics.collect()].filter(([, metric]) => metric.entries().length > 0);
  const scope = { name: 'rollcall' };
  const data = collected.map(([name, metric]) => metricData(name, metric, span));
  return { resourceMetrics: { resource, scopeMetrics: [{ scope, metrics: data }] }, errors: [] };
}

/** Says of each batch that was not taken why. */
function exporterOf({ endpoint, onFailure }: OtlpParts): OTLPMetricExporter {
  const exporter = new OTLPMetricExporter({ url: endpoint, timeoutMillis: SEND_MS });
  const send = exporter.export.bind(exporter);
  exporter.export = (batch, done) =>
    send(batch, (result) => {
      if (result.error !== undefined) onFailure(whyOf(result.error));
      done(result);
    });
  return exporter;
}

/** Begin to send, every `intervalMs`. Throws when the endpoint is no address. */
export function startOtlp(parts: OtlpParts): OtlpSender {
  const resource = resourceFromAttributes({ ...parts.attributes });
  const startTime = hrTime(parts.now());
  const provider = new MeterProvider({
    resource,
    readers: [
      new PeriodicExportingMetricReader({
        exporter: exporterOf(parts),
        exportIntervalMillis: parts.intervalMs,
        exportTimeoutMillis: Math.min(SEND_MS, parts.intervalMs),
        metricProducers: [{ collect: async () => collect(parts, resource, startTime) }],
      }),
    ],
  });
  // What goes wrong with the last batch was said of that batch.
  return { close: () => provider.shutdown().catch(() => {}) };
}
