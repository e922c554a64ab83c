/**
 * Everything about DNS that an operator can set, after parsing: numbers with units, names without trailing dot.
 *
 * Frozen; a reload makes a new one and the listeners take it for the next query. The option table in agent/config/options.ts maps
 * the keys of `dns_config` and their relatives onto it. `use_cache` and `cache_max_age` are not here: answers are made from
 * rows that are in this process, so they have nothing to change.
 */

import { parseIp } from '../lib/ip.ts';
import type { DnsRights } from './dns-rights.ts';
import type { RateRule } from './rate-limit.ts';

export interface Recursor {
  readonly address: string;
  readonly port: number;
}

/** What a service answers when no instance is healthy. */
export const EMPTY_ANSWER_POLICIES = ['nxdomain', 'nodata', 'fail_open'] as const;
export type EmptyAnswerPolicy = (typeof EMPTY_ANSWER_POLICIES)[number];

export interface EmptyAnswer {
  readonly policy: EmptyAnswerPolicy;
  /**
   * With `fail_open`: answer with all instances when healthy / known is below this share, 0 to 1. 0 means only when none
   * is healthy. Turning it up keeps load off the last survivors and sends more clients to broken instances.
   */
  readonly protectThreshold: number;
}

export interface SoaConfig {
  readonly refreshSeconds: number;
  readonly retrySeconds: number;
  readonly expireSeconds: number;
  /** TTL of the SOA record and of negative answers (RFC 2308 §4). */
  readonly minTtlSeconds: number;
}

export interface DnsConfig {
  /** What may be seen; null: everything. */
  readonly rights: DnsRights | null;
  /** The zone, without trailing dot. */
  readonly domain: string;
  /** A second zone with the same content; null for none. */
  readonly altDomain: string | null;
  readonly datacenter: string;
  /** Upstream servers for names outside the zone, in order. RA is set when there is one. */
  readonly recursors: readonly Recursor[];
  readonly recursorStrategy: 'sequential' | 'random';
  /** For each upstream that is tried. */
  readonly recursorTimeoutMs: number;
  /** Forwarded queries under way at a time; beyond it the answer is SERVFAIL. About 2 KB and one socket each. */
  readonly recursorMaxInFlight: number;
  readonly nodeTtlSeconds: number;
  /** By service name in lower case, `prefix*`, or `*`; the most specific wins; nothing that matches is 0. */
  readonly serviceTtlSeconds: Readonly<Record<string, number>>;
  /** Leave out instances with a warning. */
  readonly onlyPassing: boolean;
  /** Answers over UDP without EDNS (or with 512 octets); 0 is no limit, more than 8 counts as 8. */
  readonly udpAnswerLimit: number;
  /** A, AAAA and ANY answers over any transport; 0 is no limit. */
  readonly aRecordLimit: number;
  /** Set TC when answers were left out. */
  readonly enableTruncate: boolean;
  readonly disableCompression: boolean;
  readonly enableAdditionalNodeMetaTxt: boolean;
  readonly soa: SoaConfig;
  /** An answer may not be older than somebody has said (`allow_stale`, `max_stale`): none is kept for the next who asks. */
  readonly isAgeBounded: boolean;
  /**
   * Largest UDP answer whatever the client advertises, octets. Turning it up risks IP fragments that get lost; turning it
   * down cuts answers of clients that never ask again over TCP (HAProxy offers 8192).
   */
  readonly maxUdpPayloadBytes: number;
  /** The same for clients whose address may be forged to hurt somebody, see client-network.ts. */
  readonly maxPublicUdpPayloadBytes: number;
  readonly responseRate: RateRule;
  /** What cookies are made with; null is none. */
  readonly cookieSecret: Uint8Array | null;
  /** Say why an answer is empty or cut, in an Extended DNS Error (RFC 8914). */
  readonly extendedErrors: boolean;
  readonly emptyAnswer: EmptyAnswer;
  /** By service name in lower case, over `emptyAnswer`. */
  readonly emptyAnswerByService: Readonly<Record<string, EmptyAnswer>>;
  /** Share of queries written to the log, 0 (none) to 1 (all). */
  readonly queryLogShare: number;
  readonly tcpMaxConnections: number;
  readonly tcpIdleTimeoutMs: number;
}

/** The values of an agent whose configuration says nothing about DNS. */
export const DNS_DEFAULTS: DnsConfig = Object.freeze<DnsConfig>({
  rights: null,
  domain: 'consul',
  altDomain: null,
  datacenter: 'dc1',
  recursors: [],
  recursorStrategy: 'sequential',
  recursorTimeoutMs: 2_000,
  recursorMaxInFlight: 1_000,
  nodeTtlSeconds: 0,
  serviceTtlSeconds: {},
  onlyPassing: false,
  udpAnswerLimit: 3,
  aRecordLimit: 0,
  enableTruncate: false,
  disableCompression: false,
  enableAdditionalNodeMetaTxt: true,
  soa: { refreshSeconds: 3_600, retrySeconds: 600, expireSeconds: 86_400, minTtlSeconds: 0 },
  isAgeBounded: false,
  maxUdpPayloadBytes: 8_192,
  maxPublicUdpPayloadBytes: 1_232,
  responseRate: { perSecond: 0, slip: 2 },
  cookieSecret: null,
  extendedErrors: true,
  emptyAnswer: { policy: 'nxdomain', protectThreshold: 0 },
  emptyAnswerByService: {},
  queryLogShare: 0,
  tcpMaxConnections: 512,
  tcpIdleTimeoutMs: 10_000,
});

/** TTL of a service: exact name, else the longest `prefix*`, else 0. `service` is in lower case. O(prefixes). */
export function serviceTtlSeconds(config: DnsConfig, service: string): number {
  const table = config.serviceTtlSeconds;
  if (Object.hasOwn(table, service)) return table[service] ?? 0;
  let best = '';
  for (const pattern of Object.keys(table)) {
    if (pattern.endsWith('*') && pattern.length > best.length && service.startsWith(pattern.slice(0, -1)))
      best = pattern;
  }
  return best === '' ? 0 : (table[best] ?? 0);
}

/** What a service does about an empty answer. `service` is in lower case. */
export function emptyAnswerOf(config: DnsConfig, service: string): EmptyAnswer {
  const table = config.emptyAnswerByService;
  return Object.hasOwn(table, service) ? (table[service] ?? config.emptyAnswer) : config.emptyAnswer;
}

/** An upstream as operators write it: `10.0.0.2`, `10.0.0.2:5353`, `::1`, `[::1]:5353`; port 53 unless given. */
export function parseRecursor(text: string): Recursor | undefined {
  const match = /^(?:\[(?<v6>[0-9a-fA-F:.]+)\]|(?<v4>[0-9.]+))(?::(?<port>\d{1,5}))?$/.exec(text);
  const address = match?.groups?.['v6'] ?? match?.groups?.['v4'];
  const bare = address === undefined && text.includes(':') ? text : address;
  const port = Number(match?.groups?.['port'] ?? 53);
  if (bare === undefined || parseIp(bare) === undefined || port < 1 || port > 65_535) return undefined;
  return { address: bare, port };
}
