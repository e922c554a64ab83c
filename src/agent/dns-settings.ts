/**
 * The DNS part of the configuration in the shape that dns/ takes.
 */
import {
  type DnsConfig,
  EMPTY_ANSWER_POLICIES,
  type EmptyAnswer,
  parseRecursor,
  type Recursor,
} from '../dns/dns-config.ts';
import type { Config } from './config/options.ts';
import { DNS_OPTIONS } from './config/options-dns.ts';

/** Records carry whole seconds; a TTL below one second is none. */
const seconds = (ms: number): number => Math.floor(ms / 1_000);
const withoutDot = (name: string): string => name.replace(/\.$/, '').toLowerCase();

function serviceTtls(table: Config['dns_config.service_ttl']): DnsConfig['serviceTtlSeconds'] {
  return Object.fromEntries(Object.entries(table).map(([name, ms]) => [name.toLowerCase(), seconds(ms)]));
}

/** Upstream servers without repetitions; check-config.ts has refused what is no address. */
function recursorsOf(texts: readonly string[]): readonly Recursor[] {
  return [...new Set(texts)].flatMap((text) => parseRecursor(text) ?? []);
}

/** check-config.ts has refused other words. */
function emptyAnswer(policy: string, protectThreshold: number): EmptyAnswer {
  return { policy: EMPTY_ANSWER_POLICIES.find((known) => known === policy) ?? 'nxdomain', protectThreshold };
}

/** Whether answers may not be as old as it happens. */
export function isAgeBounded(
  config: Pick<Config, 'dns_config.allow_stale' | 'dns_config.max_stale'>,
): boolean {
  const any = DNS_OPTIONS['dns_config.max_stale'].default;
  return !config['dns_config.allow_stale'] || config['dns_config.max_stale'] < any;
}

/** What dns/ needs to know. */
export function dnsSettings(config: Config, cookieSecret: Uint8Array): DnsConfig {
  const protectThreshold = config['dns_config.protect_threshold'];
  return Object.freeze<DnsConfig>({
    rights: null,
    domain: withoutDot(config.domain),
    altDomain: config.alt_domain === '' ? null : withoutDot(config.alt_domain),
    datacenter: config.datacenter.toLowerCase(),
    recursors: recursorsOf(config.recursors),
    recursorStrategy: config['dns_config.recursor_strategy'] === 'random' ? 'random' : 'sequential',
    recursorTimeoutMs: config['dns_config.recursor_timeout'],
    recursorMaxInFlight: config['dns_config.recursor_max_in_flight'],
    nodeTtlSeconds: seconds(config['dns_config.node_ttl']),
    serviceTtlSeconds: serviceTtls(config['dns_config.service_ttl']),
    onlyPassing: config['dns_config.only_passing'],
    udpAnswerLimit: config['dns_config.udp_answer_limit'],
    aRecordLimit: config['dns_config.a_record_limit'],
    enableTruncate: config['dns_config.enable_truncate'],
    disableCompression: config['dns_config.disable_compression'],
    enableAdditionalNodeMetaTxt: config['dns_config.enable_additional_node_meta_txt'],
    soa: {
      refreshSeconds: config['dns_config.soa.refresh'],
      retrySeconds: config['dns_config.soa.retry'],
      expireSeconds: config['dns_config.soa.expire'],
      minTtlSeconds: config['dns_config.soa.min_ttl'],
    },
    isAgeBounded: isAgeBounded(config),
    maxUdpPayloadBytes: config['dns_config.udp_max_payload'],
    maxPublicUdpPayloadBytes: config['dns_config.udp_max_payload_public'],
    responseRate: {
      perSecond: config['dns_config.response_rate_limit'],
      slip: config['dns_config.response_rate_slip'],
    },
    cookieSecret: config['dns_config.cookies'] ? cookieSecret : null,
    extendedErrors: config['dns_config.extended_errors'],
    emptyAnswer: emptyAnswer(config['dns_config.empty_answer'], protectThreshold),
    emptyAnswerByService: Object.fromEntries(
      Object.entries(config['dns_config.empty_answer_by_service']).map(([service, policy]) => [
        service.toLowerCase(),
        emptyAnswer(policy, protectThreshold),
      ]),
    ),
    queryLogShare: config['dns_config.query_log_share'],
    tcpMaxConnections: config['dns_config.tcp_max_connections'],
    tcpIdleTimeoutMs: config['dns_config.tcp_idle_timeout'],
  });
}
