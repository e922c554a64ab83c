/**
 * Consul's own metrics that dashboards and alerts ask for by name, told from what is counted here.
 *
 * A row says what its value means in this process; what has no honest equivalent (Go's heap objects, gossip, raft's threads)
 * is not made up. docs/metrics.md lists the same rows (a test compares). To add one: a row, nothing else.
 */
import type { MetricName } from './metric-table.ts';
import type { Metric } from './metrics.ts';

export type Collected = ReadonlyMap<MetricName, Metric>;

interface ConsulValue {
  readonly kind: 'gauge' | 'counter';
  readonly help: string;
  readonly value: (metrics: Collected) => number;
}

/** Told in milliseconds, with count, sum and quantiles. */
interface ConsulTimer {
  readonly kind: 'timer';
  readonly help: string;
  readonly histogram: MetricName;
  /** Which of its label sets count together; all when absent. */
  readonly where?: (labels: readonly string[]) => boolean;
  /** How many values there were, where the histogram saw some of them only. */
  readonly count?: (metrics: Collected) => number;
}

export type ConsulMetric = ConsulValue | ConsulTimer;

const of =
  (name: MetricName, ...labels: readonly string[]) =>
  (metrics: Collected): number =>
    metrics.get(name)?.valueOf(...labels) ?? 0;

const sumOf =
  (name: MetricName) =>
  (metrics: Collected): number => {
    const metric = metrics.get(name);
    return metric?.entries().reduce((sum, [slot]) => sum + (metric.values[slot] ?? 0), 0) ?? 0;
  };

/** Writes to the catalog of these kinds. */
const writes = (help: string, ...kinds: readonly string[]): ConsulTimer => ({
  kind: 'timer',
  help,
  histogram: 'catalog_write_seconds',
  where: ([kind = '']) => kinds.includes(kind),
});

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
  'members.clients': {
    kind: 'gauge',
    help: 'Client agents that are known to live.',
    value: of('cluster_clients'),
  },
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
  'raft.commitTime': { kind: 'timer', help: 'Time that commits took.', histogram: 'store_commit_seconds' },
  'raft.leader.lastContact': {
    kind: 'gauge',
    help: 'Milliseconds since this server heard the leader; 0 on the leader.',
    value: (metrics) => of('cluster_last_contact_seconds')(metrics) * 1_000,
  },
  'raft.state.candidate': {
    kind: 'counter',
    help: 'Times that this server has become the leader: nobody is a candidate without winning here.',
    value: of('cluster_terms_begun'),
  },
  'raft.state.leader': {
    kind: 'counter',
    help: 'Times that this server has become the leader.',
    value: of('cluster_terms_begun'),
  },
  'catalog.register': writes('Time that registrations in the catalog took.', 'register'),
  'catalog.deregister': writes('Time that removals from the catalog took.', 'deregister'),
  'kvs.apply': writes('Time that writes of keys took.', 'kv'),
  'txn.apply': writes('Time that transactions took.', 'txn'),
  'session.apply': writes(
    'Time that beginning and ending a session took.',
    'session-create',
    'session-destroy',
  ),
  'prepared-query.apply': writes('Time that writes of prepared queries took.', 'query-put', 'query-delete'),
  'acl.apply': {
    kind: 'timer',
    help: 'Time that writes of tokens, policies and roles took, from the request to its answer.',
    histogram: 'http_latency_seconds',
    where: ([method, route = '']) => method !== 'GET' && route.startsWith('/v1/acl/'),
  },
  'dns.domain_query': {
    kind: 'timer',
    help: 'Time that DNS questions took, reverse ones too; one in sixteen is timed, all are counted.',
    histogram: 'dns_latency_seconds',
    count: sumOf('dns_queries'),
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

/** `/v1/kv/*` is `v1.kv._`, as Consul writes its routes: what follows a parameter is not told apart. */
function dottedRoute(route: string): string {
  const parts = route.split('/').slice(1);
  const end = parts.findIndex((part) => part.startsWith(':') || part.startsWith('*'));
  return [...parts.slice(0, end === -1 ? parts.length : end), ...(end === -1 ? [] : ['_'])].join('.');
}

const httpName = ([method = '', route = '']: readonly string[]): string =>
  `http.${method}.${dottedRoute(route)}`;

/** `consul.http.GET.v1.kv._` and its like, of the routes that were asked for. */
export function consulHttpTimers(collected: Collected): readonly (readonly [string, ConsulTimer])[] {
  const entries = collected.get('http_latency_seconds')?.entries() ?? [];
  const names = new Set(entries.map(([, labels]) => httpName(labels)));
  return Array.from(names, (name) => [
    name,
    {
      kind: 'timer',
      help: 'Time that requests took.',
      histogram: 'http_latency_seconds',
      where: (labels) => httpName(labels) === name,
    },
  ]);
}

/** What a timer amounts to; milliseconds. */
export interface Timed {
  readonly count: number;
  readonly sum: number;
  /** Slots of its histogram that belong to it. */
  readonly slots: readonly number[];
}

export function timedOf(collected: Collected, { histogram, where, count }: ConsulTimer): Timed {
  const metric = collected.get(histogram);
  const slots = (metric?.entries() ?? [])
    .filter(([, labels]) => where?.(labels) ?? true)
    .map(([slot]) => slot);
  const total = (ofSlot: (slot: number) => number): number =>
    slots.reduce((sum, slot) => sum + ofSlot(slot), 0);
  const seen = total((slot) => metric?.countOf(slot) ?? 0);
  const seenMs = total((slot) => metric?.values[slot] ?? 0) * 1_000;
  const all = count?.(collected) ?? seen;
  return { count: all, sum: seen === 0 ? 0 : (seenMs * all) / seen, slots };
}
