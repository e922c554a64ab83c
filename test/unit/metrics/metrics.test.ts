import { describe, expect, test } from 'vitest';
import { metricsDocument, prometheusText } from '../../../src/metrics/exposition.ts';
import { Metrics } from '../../../src/metrics/metrics.ts';

/** The lines of one metric in the text format, comments left out. */
async function linesOf(metrics: Metrics, name: string, nowMs = 0): Promise<string[]> {
  const { text } = await prometheusText(metrics, 'consul', nowMs);
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

test('what need not be kept leaves no series behind, and makes room for what comes', async () => {
  const metrics = new Metrics();
  const alive = new Set<string>();
  metrics.keepWhile('dns_service_queries', ([service = '']) => alive.has(service));
  const counter = metrics.counter('dns_service_queries');
  for (let n = 0; n < 10_000; n += 1) {
    alive.add(`s${n}`);
    counter.add(counter.slot(`s${n}`), n);
    alive.delete(`s${n - 3}`);
  }
  expect(await linesOf(metrics, 'rollcall_dns_service_queries')).toEqual(
    expect.arrayContaining(['rollcall_dns_service_queries_total{service="s9999"} 9999']),
  );
  const document = metricsDocument(metrics, 'consul', 'now') as Record<string, readonly { Name: string }[]>;
  const series = document['Counters']?.filter(({ Name }) => Name === 'consul.dns.service_queries');
  expect(series?.length).toBe(3);
  counter.add(counter.slot('s9999'));
  expect(metrics.collect().get('dns_service_queries')?.valueOf('s9999')).toBe(10_000);
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

describe('the names of Consul', () => {
  const counted = (): Metrics => {
    const metrics = new Metrics();
    metrics.gauge('catalog_index').set(0, 29);
    metrics.gauge('cluster_is_healthy').set(0, 1);
    metrics.counter('catalog_writes').add(0, 20);
    for (const seconds of [0.001, 0.003]) metrics.histogram('store_commit_seconds').observe(0, seconds);
    const rows = metrics.gauge('catalog_rows');
    rows.set(rows.slot('nodes'), 3);
    return metrics;
  };

  test('are in the document, with what dashboards ask for', () => {
    const { Gauges, Counters, Samples } = metricsDocument(counted(), 'consul', 'now') as Record<
      string,
      readonly Record<string, unknown>[]
    >;
    const gauge = (name: string): unknown => Gauges?.find(({ Name }) => Name === `consul.${name}`)?.['Value'];
    expect(gauge('autopilot.healthy')).toBe(1);
    expect(gauge('autopilot.failure_tolerance')).toBe(0);
    expect(gauge('raft.applied_index')).toBe(29);
    expect(gauge('state.nodes')).toBe(3);
    expect(Counters).toContainEqual({ Name: 'consul.raft.apply', Count: 20, Sum: 20, Labels: {} });
    expect(Samples).toContainEqual({ Name: 'consul.raft.commitTime', Count: 2, Sum: 4, Mean: 2, Labels: {} });
  });

  test('are in the text format, with the configured prefix', async () => {
    expect(await linesOf(counted(), 'consul_autopilot_healthy')).toEqual(['consul_autopilot_healthy 1']);
    expect(await linesOf(counted(), 'consul_raft_commitTime')).toEqual([
      'consul_raft_commitTime{quantile="0.5"} 1',
      'consul_raft_commitTime{quantile="0.9"} 4.5',
      'consul_raft_commitTime{quantile="0.99"} 4.95',
      'consul_raft_commitTime_sum 4',
      'consul_raft_commitTime_count 2',
    ]);
    const { text } = await prometheusText(counted(), 'acme.consul', 0);
    expect(text).toContain('\nacme_consul_raft_applied_index 29\n');
  });

  test.each([
    ['commits fail', 'store_is_failing', 1],
    ['a server is not healthy', 'cluster_is_healthy', 0],
  ] as const)('autopilot is not healthy while %s', async (_why, gauge, value) => {
    const metrics = counted();
    metrics.gauge(gauge).set(0, value);
    expect(await linesOf(metrics, 'consul_autopilot_healthy')).toEqual(['consul_autopilot_healthy 0']);
  });

  test('tell quantiles of what was seen since the look before, and none of nothing', async () => {
    const metrics = new Metrics();
    const [name, commits] = ['consul_raft_commitTime{', metrics.histogram('store_commit_seconds')];
    commits.observe(0, 0.9);
    await linesOf(metrics, name, 0);
    for (let i = 0; i < 100; i += 1) commits.observe(0, 0.000_2);
    await linesOf(metrics, name, 10_000);
    commits.observe(0, 0.000_2);
    expect((await linesOf(metrics, name, 15_000)).map((line) => Number(line.split(' ')[1]) < 0.5)).toEqual([
      true,
      true,
      true,
    ]);
    await linesOf(metrics, name, 30_000);
    const [line] = await linesOf(metrics, name, 50_000);
    expect(line).toBe('consul_raft_commitTime{quantile="0.5"} Nan');
  });

  test('of a timed share of questions count all of them', async () => {
    const metrics = new Metrics();
    const latency = metrics.histogram('dns_latency_seconds');
    latency.observe(latency.slot('udp'), 0.002);
    latency.observe(latency.slot('tcp'), 0.004);
    const queries = metrics.counter('dns_queries');
    queries.add(queries.slot('udp', 'A', 'NOERROR', 'found'), 30);
    queries.add(queries.slot('tcp', 'PTR', 'NOERROR', 'found'), 10);
    const lines = await linesOf(metrics, 'consul_dns_domain_query');
    expect(lines).toContain('consul_dns_domain_query_count 40');
    expect(lines).toContain('consul_dns_domain_query_sum 120');
  });

  test('of requests are those of its routes; what differs after a parameter counts together', async () => {
    const metrics = new Metrics();
    const latency = metrics.histogram('http_latency_seconds');
    for (const route of ['/v1/query/:query', '/v1/query/:query/execute', '/v1/kv/*', '/v1/catalog/services'])
      latency.observe(latency.slot('GET', route), 0.002);
    latency.observe(latency.slot('PUT', '/v1/acl/token/:id'), 0.002);
    const lines = await linesOf(metrics, 'consul_http_');
    expect(lines.filter((line) => line.includes('_count'))).toEqual([
      'consul_http_GET_v1_query___count 2',
      'consul_http_GET_v1_kv___count 1',
      'consul_http_GET_v1_catalog_services_count 1',
      'consul_http_PUT_v1_acl_token___count 1',
    ]);
    expect(await linesOf(metrics, 'consul_acl_apply_count')).toEqual(['consul_acl_apply_count 1']);
  });

  /** What the panels of the dashboard that Consul's makers publish for servers ask for (Grafana 13396). */
  test.each([
    'consul_raft_commitTime',
    'consul_raft_apply',
    'consul_raft_leader_lastContact',
    'consul_raft_state_candidate',
    'consul_raft_state_leader',
    'consul_autopilot_healthy',
    'consul_dns_domain_query',
    'consul_dns_domain_query_count',
    'consul_kvs_apply',
    'consul_kvs_apply_count',
    'consul_txn_apply',
    'consul_acl_apply',
    'consul_acl_apply_count',
    'consul_catalog_register',
    'consul_catalog_register_count',
    'consul_catalog_deregister_count',
  ])('%s is there for the dashboard', async (name) => {
    const lines = await linesOf(counted(), name);
    expect(lines.some((line) => line.startsWith(`${name} `) || line.startsWith(`${name}{`))).toBe(true);
  });
});
