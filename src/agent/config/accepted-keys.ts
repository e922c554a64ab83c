/**
 * Keys and flags of Consul that have no meaning here: accepted, and named once in the log.
 *
 * A key covers everything below it (`autopilot` covers `autopilot.min_quorum`). Once a key gets a meaning its row moves to the
 * option table. The subject decides how the log speaks of it: what concerns safety or changes results of checks is a
 * warning. A switch that is off asks for nothing and is not named.
 */

export type Subject = 'safety' | 'cluster' | 'mesh' | 'other';

/** What the log says of the keys of a subject. */
export const SUBJECTS: Readonly<Record<Subject, string>> = {
  safety: 'not enforced by this agent',
  cluster: 'without meaning here, where etcd and calls between agents stand for Raft and gossip',
  mesh: 'part of the service mesh, which this agent does not have',
  other: 'without meaning in this agent',
};

const words = (text: string): readonly string[] => text.trim().split(/\s+/);

const KEYS: Readonly<Record<Subject, readonly string[]>> = {
  safety: words(`
    auto_encrypt auto_config encrypt_verify_incoming
    encrypt_verify_outgoing audit
    disable_keyring_file`),
  cluster: words(`
    advertise_reconnect_timeout autopilot.disable_upgrade_migration
    autopilot.redundancy_zone_tag autopilot.upgrade_version_tag discovery_max_stale
    gossip_lan gossip_wan non_voting_server read_replica performance.raft_multiplier performance.rpc_hold_timeout
    performance.grpc_keepalive_interval performance.grpc_keepalive_timeout protocol raft_boltdb raft_logstore
    raft_protocol raft_snapshot_interval raft_snapshot_threshold raft_trailing_logs
    reconnect_timeout_wan rejoin_after_leave
    retry_max_wan rpc segment segments serf_lan serf_lan_allowed_cidrs serf_wan serf_wan_allowed_cidrs
    server_rejoin_age_max use_streaming_backend peering
    dns_config.use_cache dns_config.cache_max_age dns_config.prefer_namespace partition
    limits.request_limits limits.rpc_client_timeout limits.rpc_max_burst
    limits.rpc_rate advertise_addr_ipv6 advertise_addr_wan_ipv6`),
  mesh: words(`
    config_entries connect default_intention_policy enable_central_service_config ports.expose_max_port
    ports.expose_min_port ports.sidecar_max_port ports.sidecar_min_port primary_gateways xds
    primary_gateways_interval tls.grpc addresses.grpc addresses.grpc_tls ports.grpc ports.grpc_tls`),
  other: words(`
    cache cloud disable_anonymous_signature disable_remote_exec
    disable_update_check enable_syslog experiments http_config.max_header_bytes http_config.use_cache
    license_path locality log_name reporting syslog_facility tls_prefer_server_cipher_suites
    tls.defaults.tls_prefer_server_cipher_suites tls.https.tls_prefer_server_cipher_suites
    tls.internal_rpc.tls_min_version tls.internal_rpc.tls_cipher_suites
    tls.internal_rpc.tls_prefer_server_cipher_suites telemetry.circonus_api_app
    telemetry.circonus_api_token telemetry.circonus_api_url telemetry.circonus_broker_id
    telemetry.circonus_broker_select_tag telemetry.circonus_check_display_name
    telemetry.circonus_check_force_metric_activation telemetry.circonus_check_id
    telemetry.circonus_check_instance_id telemetry.circonus_check_search_tag telemetry.circonus_check_tags
    telemetry.circonus_submission_interval telemetry.circonus_submission_url telemetry.disable
    telemetry.disable_hostname telemetry.disable_per_tenancy_usage_metrics telemetry.dogstatsd_addr
    telemetry.dogstatsd_tags telemetry.enable_host_metrics telemetry.filter_default
    telemetry.prefix_filter telemetry.retry_failed_connection telemetry.statsd_address telemetry.statsite_address
    telemetry.statsite_prefix ui_config.metrics_provider
    ui_config.metrics_provider_files ui_config.metrics_provider_options_json ui_config.metrics_proxy
    ui_config.hcp_enabled`),
};

/** Dotted key -> its subject. */
export const ACCEPTED_KEYS: ReadonlyMap<string, Subject> = new Map(
  (Object.keys(KEYS) as Subject[]).flatMap((subject) => KEYS[subject].map((key) => [key, subject] as const)),
);

interface AcceptedFlag {
  readonly key: string;
  readonly isSwitch?: true;
}

/** Flag of Consul -> the key that it would set. */
export const ACCEPTED_FLAGS: Readonly<Record<string, AcceptedFlag>> = {
  'disable-keyring-file': { key: 'disable_keyring_file', isSwitch: true },
  'grpc-port': { key: 'ports.grpc' },
  'grpc-tls-port': { key: 'ports.grpc_tls' },
  'non-voting-server': { key: 'non_voting_server', isSwitch: true },
  'primary-gateway': { key: 'primary_gateways' },
  protocol: { key: 'protocol' },
  'raft-protocol': { key: 'raft_protocol' },
  'read-replica': { key: 'read_replica', isSwitch: true },
  rejoin: { key: 'rejoin_after_leave', isSwitch: true },
  'retry-max-wan': { key: 'retry_max_wan' },
  segment: { key: 'segment' },
  'serf-lan-allowed-cidrs': { key: 'serf_lan_allowed_cidrs' },
  'serf-lan-bind': { key: 'serf_lan' },
  'serf-wan-allowed-cidrs': { key: 'serf_wan_allowed_cidrs' },
  'serf-wan-bind': { key: 'serf_wan' },
  syslog: { key: 'enable_syslog', isSwitch: true },
};
