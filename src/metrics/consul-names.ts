/**
 * Consul's own metrics that dashboards and alerts ask for by name, told from what is counted here.
 *
 * A row says what its value means in this process; what has no honest equivalent (Go's heap objects, gossip, raft's threads)
 * is not made up. docs/metrics.md lists the same rows (a test compares). To add one: a row, nothing else.
 */
import type { MetricName } from './metric-table.ts';
import type { Metric } from './metrics.ts';

export type Collected = ReadonlyMap<MetricName, Metric>;

interface ConsulMetric {
  /** `timer` is told in milliseconds, with count and sum. */
  readonly kind: 'gauge' | 'counter' | 'timer';
  readonly help: string;
  readonly value: (metrics: Collected) => number;
  /** Timers: how many values `value` is the sum of. */
  readonly count?: (metrics: Collected) => number;
}

const of =
  (name: MetricName, ...labels: readonly string[]) =>
  (metrics: Collected): number =>
    metrics.get(name)?.valueOf(...labels) ?? 0;

const isHealthy = (metrics: Collected): number =>
  of('store_is_failing')(metrics) === 0 ? of('cluster_is_healthy')(metrics) : 0;

const CONSUL_METRICS: Readonly<Record<string, ConsulMetric>> = {
  'runtime.alloc_bytes': {
    kind: 'gauge',
    help: 'Memory in use by objects and buffers.',
    value: (metrics) =>
      of('process_memory_bytes', 'heapUsed')(metrics) + of('process_memory_bytes', 'external')(metrics),
  },
  'runtime.sys_bytes': {
    kind: 'gauge',
    help: 'Memory that the system has given to the process (RSS).',
    value: of('process_memory_bytes', 'rss'),
  },
  'runtime.num_goroutines': {
    kind: 'gauge',
    help: 'What the process waits for: sockets, timers, threads and requests under way.',
    value: of('process_active_resources'),
  },
  'runtime.total_gc_pause_ns': {
    kind: 'gauge',
    help: 'Time in garbage collections since the start, in nanoseconds.',
    value: (metrics) => Math.round(of('process_gc_seconds')(metrics) * 1e9),
  },
  'runtime.total_gc_runs': {
    kind: 'gauge',
    help: 'Garbage collections since the start.',
    value: of('process_gc_runs'),
  },
  'agent.tls.cert.expiry': {
    kind: 'gauge',
    help: 'Seconds until the certificate of the agent ends; 0 without one.',
    value: of('tls_certificate_seconds', 'https'),
  },
  'autopilot.healthy': {
    kind: 'gauge',
    help: '1 while the newest commit went well and, as far as this server knows, all servers are healthy.',
    value: isHealthy,
  },
  'autopilot.failure_tolerance': {
    kind: 'gauge',
    help: 'On the leader: how many more servers may be lost; 0 on others.',
    value: of('cluster_failure_tolerance'),
  },
  'server.isLeader': { kind: 'gauge', help: '1 while this server leads.', value: of('cluster_is_leader') },
  'members.servers': {
    kind: 'gauge',
    help: 'Servers that belong to the datacenter.',
    value: of('cluster_servers'),
  },
  'members.clients': { kind: 'gauge', help: 'Client agents that are known: 0.', value: () => 0 },
  'raft.applied_index': {
    kind: 'gauge',
    help: 'Index of the newest write that is visible.',
    value: of('catalog_index'),
  },
  'raft.last_index': {
    kind: 'gauge',
    help: 'Index of the newest write that is durable.',
    value: of('catalog_index'),
  },
  'raft.apply': { kind: 'counter', help: 'Writes installed.', value: of('catalog_writes') },
  'raft.commitTime': {
    kind: 'timer',
    help: 'Time that commits took, in milliseconds.',
    value: (metrics) => of('store_commit_seconds')(metrics) * 1_000,
    count: (metrics) => metrics.get('store_commit_seconds')?.countOf(0) ?? 0,
  },
  'rpc.queries_blocking': {
    kind: 'gauge',
    help: 'Blocking queries that wait now.',
    value: of('http_blocking'),
  },
  'session_ttl.active': { kind: 'gauge', help: 'Sessions.', value: of('catalog_rows', 'sessions') },
  'state.nodes': { kind: 'gauge', help: 'Nodes in the catalog.', value: of('catalog_rows', 'nodes') },
  'state.services': {
    kind: 'gauge',
    help: 'Names of services in the catalog.',
    value: of('catalog_service_names'),
  },
  'state.service_instances': {
    kind: 'gauge',
    help: 'Instances of services in the catalog.',
    value: of('catalog_rows', 'services'),
  },
  'state.kv_entries': { kind: 'gauge', help: 'Keys.', value: of('catalog_rows', 'kv') },
};

/** Every row with its dotted name. */
export function consulMetrics(): readonly (readonly [string, ConsulMetric])[] {
  return Object.entries(CONSUL_METRICS);
}
