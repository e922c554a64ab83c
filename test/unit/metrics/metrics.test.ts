import { describe, expect, test } from 'vitest';
import { metricsDocument, prometheusText } from '../../../src/metrics/exposition.ts';
import { Metrics } from '../../../src/metrics/metrics.ts';

/** The lines of one metric in the text format, comments left out. */
async function linesOf(metrics: Metrics, name: string): Promise<string[]> {
  const { text } = await prometheusText(metrics);
  return text.split('\n').filter((line) => line.startsWith(name));
}

test('a label set has one slot, and counting adds to it', async () => {
  const metrics = new Metrics();
  const runs = metrics.counter('check_runs');
  const slot = runs.slot('http', 'passing');
  expect(runs.slot('http', 'passing')).toBe(slot);
  runs.add(slot);
  runs.add(slot, 2);
  runs.add(runs.slot('tcp', 'critical'));
  expect(await linesOf(metrics, 'rollcall_check_runs')).toEqual([
    'rollcall_check_runs_total{kind="http",status="passing"} 3',
    'rollcall_check_runs_total{kind="tcp",status="critical"} 1',
  ]);
});

test('a histogram counts each value in all buckets that reach it', async () => {
  const metrics = new Metrics();
  const latency = metrics.histogram('dns_upstream_latency_seconds');
  for (const seconds of [0.001, 0.002, 99]) latency.observe(0, seconds);
  const lines = await linesOf(metrics, 'rollcall_dns_upstream_latency_seconds');
  expect(lines).toContain('rollcall_dns_upstream_latency_seconds_bucket{le="0.001"} 1');
  expect(lines).toContain('rollcall_dns_upstream_latency_seconds_bucket{le="0.005"} 2');
  expect(lines).toContain('rollcall_dns_upstream_latency_seconds_bucket{le="5"} 2');
  expect(lines).toContain('rollcall_dns_upstream_latency_seconds_bucket{le="+Inf"} 3');
  expect(lines).toContain('rollcall_dns_upstream_latency_seconds_sum 99.003');
  expect(lines).toContain('rollcall_dns_upstream_latency_seconds_count 3');
});

test('labels beyond the limit are counted together, so that nobody can fill the memory', () => {
  const metrics = new Metrics();
  const runs = metrics.counter('check_runs');
  const slots = new Set(Array.from({ length: 5_000 }, (_, i) => runs.slot('http', String(i))));
  expect(slots.size).toBe(2_001);
  expect(runs.slot('http', 'never seen')).toBe(runs.slot('other', 'other'));
});

test('gauges may be read when somebody looks', async () => {
  const metrics = new Metrics();
  let size = 1;
  metrics.onCollect(() => metrics.gauge('writer_queue').set(0, size));
  size = 7;
  expect(await linesOf(metrics, 'rollcall_writer_queue')).toEqual(['rollcall_writer_queue 7']);
});

describe('the JSON document', () => {
  test('says of a histogram how many values were at or below each bound', () => {
    const metrics = new Metrics();
    const latency = metrics.histogram('dns_upstream_latency_seconds');
    for (const seconds of [0.001, 0.002, 99]) latency.observe(0, seconds);
    const { Samples } = metricsDocument(metrics, 'consul', 'now') as Record<string, { Name: string }[]>;
    const sample = Samples?.find(({ Name }) => Name.endsWith('dns.upstream_latency_seconds'));
    expect(sample).toMatchObject({ Count: 3, Buckets: { '0.001': 1, '0.005': 2, '5': 2, '+Inf': 3 } });
  });

  test('names begin with the prefix, kinds are apart', () => {
    const metrics = new Metrics();
    metrics.counter('catalog_writes').add(0, 3);
    const document = metricsDocument(metrics, 'consul', 'now') as Record<string, { Name: string }[]>;
    expect(document['Timestamp']).toBe('now');
    expect(document['Counters']).toContainEqual({
      Name: 'consul.catalog.writes',
      Count: 3,
      Sum: 3,
      Labels: {},
    });
    expect(document['Gauges']?.map(({ Name }) => Name)).toContain('consul.catalog.index');
    expect(document['Samples']?.map(({ Name }) => Name)).toContain('consul.store.commit_seconds');
  });
});
