/**
 * Every metric: its kind, what it says, its labels.
 *
 * To add one: a row here and the line that counts; docs/metrics.md lists the same rows (a test compares).
 */

export interface MetricSpec {
  readonly kind: 'counter' | 'gauge' | 'histogram';
  readonly help: string;
  readonly labels: readonly string[];
  /** Upper bounds of a histogram's buckets, rising; one for everything above is implied. */
  readonly bounds?: readonly number[];
}

const LATENCY_BOUNDS_SECONDS = [
  0.000_01, 0.000_025, 0.000_05, 0.000_1, 0.000_25, 0.000_5, 0.001, 0.005, 0.025, 0.1, 0.5, 2.5,
] as const;

export const METRICS = {
  dns_queries: {
    kind: 'counter',
    help: 'DNS questions answered, by transport, question type, response code and reason.',
    labels: ['transport', 'type', 'rcode', 'reason'],
  },
  dns_service_queries: {
    kind: 'counter',
    help: 'DNS questions about a service, by service.',
    labels: ['service'],
  },
  dns_dropped: {
    kind: 'counter',
    help: 'DNS packets that got no answer; those that the kernel dropped have the reason `receive_buffer_full`.',
    labels: ['transport', 'reason'],
  },
  dns_rate_limited: {
    kind: 'counter',
    help: 'DNS packets that got no answer, or none but TC (slip), because their network had too many.',
    labels: ['action'],
  },
  dns_encrypted: {
    kind: 'counter',
    help: 'DNS replies over TLS and HTTPS, by which; they count as TCP in the other metrics.',
    labels: ['transport'],
  },
  dns_truncated: { kind: 'counter', help: 'DNS answers that did not fit.', labels: ['transport'] },
  dns_latency_seconds: {
    kind: 'histogram',
    help: 'Time from a DNS packet to its answer in seconds, of one query in sixteen.',
    labels: ['transport'],
    bounds: LATENCY_BOUNDS_SECONDS,
  },
  coordinates_refused: {
    kind: 'counter',
    help: 'Measurements of the network that could not be used, by what was wrong: round trip or coordinate.',
    labels: ['what'],
  },
  dns_upstream: {
    kind: 'counter',
    help: 'Questions forwarded to recursors, by result.',
    labels: ['result'],
  },
  dns_upstream_latency_seconds: {
    kind: 'histogram',
    help: 'Time a recursor took, in seconds.',
    labels: [],
    bounds: [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
  },
  http_requests: {
    kind: 'counter',
    help: 'HTTP requests answered, by method, route and status class.',
    labels: ['method', 'route', 'status'],
  },
  http_latency_seconds: {
    kind: 'histogram',
    help: 'Time from an HTTP request to its answer in seconds, by method and route; waits of blocking queries left out.',
    labels: ['method', 'route'],
    bounds: [0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.05, 0.25, 1, 5],
  },
  http_blocking: { kind: 'gauge', help: 'Blocking queries that wait now.', labels: [] },
  http_connections: { kind: 'gauge', help: 'Open HTTP connections.', labels: [] },
  tls_handshake_failures: {
    kind: 'counter',
    help: 'Encrypted connections that did not come about, by interface.',
    labels: ['interface'],
  },
  tls_certificate_seconds: {
    kind: 'gauge',
    help: 'Seconds until the certificate that the agent presents ends, by interface; below 0 it has ended.',
    labels: ['interface'],
  },
  http_held_bytes: {
    kind: 'gauge',
    help: 'Octets held for HTTP clients, by what: bodies that are not answered, answers that are not read, uploads on disk.',
    labels: ['what'],
  },
  http_over_budget: {
    kind: 'counter',
    help: 'HTTP requests refused because a budget of memory was used up, by budget.',
    labels: ['budget'],
  },
  check_runs: { kind: 'counter', help: 'Health checks run, by kind and result.', labels: ['kind', 'status'] },
  check_latency_seconds: {
    kind: 'histogram',
    help: 'Time a health check took, in seconds.',
    labels: ['kind'],
    bounds: [0.001, 0.005, 0.025, 0.1, 0.5, 1, 2.5, 5, 10, 30],
  },
  check_lateness_seconds: {
    kind: 'histogram',
    help: 'How long after it was due a health check began, in seconds.',
    labels: [],
    bounds: [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5],
  },
  catalog_rows: { kind: 'gauge', help: 'Rows in the catalog, by table.', labels: ['table'] },
  catalog_service_names: { kind: 'gauge', help: 'Names of services in the catalog.', labels: [] },
  catalog_kv_bytes: { kind: 'gauge', help: 'Octets of all keys and values together.', labels: [] },
  build_info: { kind: 'gauge', help: 'Always 1; the label tells which version runs.', labels: ['version'] },
  service_instances: {
    kind: 'gauge',
    help: 'Instances of a service by state: passing, warning, critical, maintenance; of the first 400 services by name.',
    labels: ['service', 'status'],
  },
  service_instances_untold: {
    kind: 'gauge',
    help: 'Services that service_instances leaves out, because there are too many.',
    labels: [],
  },
  http_streams: { kind: 'gauge', help: 'Clients that follow /v1/stream.', labels: [] },
  http_streams_cut: {
    kind: 'counter',
    help: 'Streams that were ended because their events were not read.',
    labels: [],
  },
  history_entries: { kind: 'gauge', help: 'Entries of the history.', labels: [] },
  history_bytes: { kind: 'gauge', help: 'Octets of the history.', labels: [] },
  history_oldest_seconds: {
    kind: 'gauge',
    help: 'Age of the oldest entry of the history in seconds; 0 when there is none.',
    labels: [],
  },
  catalog_no_room: {
    kind: 'counter',
    help: 'Writes refused because keys and values, or memory, have reached their limit.',
    labels: [],
  },
  catalog_index: { kind: 'gauge', help: 'Index of the newest write.', labels: [] },
  catalog_write_seconds: {
    kind: 'histogram',
    help: 'Time from a write of this agent to the catalog until it was done or refused, in seconds, by kind of write.',
    labels: ['kind'],
    bounds: [0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5],
  },
  catalog_writes: { kind: 'counter', help: 'Writes installed.', labels: [] },
  writer_queue: { kind: 'gauge', help: 'Commands that wait for a commit.', labels: [] },
  store_commit_seconds: {
    kind: 'histogram',
    help: 'Time a commit took, in seconds.',
    labels: [],
    bounds: [0.000_1, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.1, 0.5, 1],
  },
  process_memory_bytes: { kind: 'gauge', help: 'Memory of the process, by part.', labels: ['part'] },
  process_cpu_seconds: {
    kind: 'gauge',
    help: 'Processor time that the process used, in seconds.',
    labels: [],
  },
  process_active_resources: {
    kind: 'gauge',
    help: 'Sockets, timers, threads and requests under way that the process waits for.',
    labels: [],
  },
  process_gc_seconds: { kind: 'counter', help: 'Time in garbage collections, in seconds.', labels: [] },
  process_gc_runs: { kind: 'counter', help: 'Garbage collections.', labels: [] },
  event_loop_delay_seconds: {
    kind: 'gauge',
    help: 'How late the main thread was for what was due, in seconds, of the last ten seconds at least: 0.5, 0.99 and 1 (the worst).',
    labels: ['quantile'],
  },
  event_loop_utilization: {
    kind: 'gauge',
    help: 'Share of time that the main thread was busy, since the reading before.',
    labels: [],
  },
  process_uptime_seconds: { kind: 'gauge', help: 'Age of the process, in seconds.', labels: [] },
  store_is_failing: { kind: 'gauge', help: '1 while the newest commit failed.', labels: [] },
  store_unreadable_rows: {
    kind: 'counter',
    help: 'Stored rows that could not be read at the start and are not served, by table.',
    labels: ['table'],
  },
  cluster_is_leader: {
    kind: 'gauge',
    help: '1 while this server leads.',
    labels: [],
  },
  cluster_has_leader: {
    kind: 'gauge',
    help: '1 while this server knows who leads.',
    labels: [],
  },
  cluster_term: {
    kind: 'gauge',
    help: 'Number of the leadership that this server knows of; rises with every change of leader.',
    labels: [],
  },
  cluster_last_contact_seconds: {
    kind: 'gauge',
    help: 'Time since this server heard the leader, in seconds; 0 on the leader.',
    labels: [],
  },
  cluster_terms_begun: { kind: 'counter', help: 'Times that this server has become the leader.', labels: [] },
  cluster_clients: {
    kind: 'gauge',
    help: 'Client agents that live, as far as this server knows.',
    labels: [],
  },
  cluster_servers: {
    kind: 'gauge',
    help: 'Servers that belong to the datacenter, up or not.',
    labels: [],
  },
  cluster_is_healthy: {
    kind: 'gauge',
    help: 'On the leader: 1 while all servers are healthy; on others: 1 while they know a leader.',
    labels: [],
  },
  cluster_failure_tolerance: {
    kind: 'gauge',
    help: 'On the leader: how many more servers may be lost; 0 on others.',
    labels: [],
  },
  cluster_server_healthy: {
    kind: 'gauge',
    help: 'On the leader: 1 while a server is healthy, by server.',
    labels: ['server'],
  },
  cluster_server_behind: {
    kind: 'gauge',
    help: "On the leader: writes that a server's copy is behind, by server.",
    labels: ['server'],
  },
  store_unknown_outcomes: {
    kind: 'counter',
    help: 'Commits of which the store did not say whether they were made; it is asked afterwards.',
    labels: [],
  },
  etcd_size_bytes: { kind: 'gauge', help: "Space that this server's etcd takes.", labels: [] },
  etcd_quota_bytes: {
    kind: 'gauge',
    help: "Space that this server's etcd may take before it refuses writes.",
    labels: [],
  },
  etcd_is_full: {
    kind: 'gauge',
    help: '1 while an etcd has no space left and writes are refused.',
    labels: [],
  },
  store_failures: { kind: 'counter', help: 'Commits that failed.', labels: [] },
  uncaught_errors: {
    kind: 'counter',
    help: 'Errors that nobody caught, each of them a bug, by thread: main goes on, dns and probe are replaced.',
    labels: ['thread'],
  },
} as const satisfies Record<string, MetricSpec>;

export type MetricName = keyof typeof METRICS;
export type NamesOf<Kind extends MetricSpec['kind']> = {
  [Name in MetricName]: (typeof METRICS)[Name]['kind'] extends Kind ? Name : never;
}[MetricName];
