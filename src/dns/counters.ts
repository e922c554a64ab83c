/**
 * What is counted about DNS, with the label sets looked up once.
 *
 * The hot path counts by slot number; slots are asked for when an answer is rendered. Questions of unknown type are
 * counted under one label, and services beyond a bound too, so clients cannot make the tables grow.
 */
import type { View } from '../catalog/tables.ts';
import type { Metric, Metrics } from '../metrics/metrics.ts';
import { rcodeName, TYPE, typeName } from '../wire/constants.ts';
import { REASONS, type Reason } from './outcome.ts';
import type { Slots } from './sendable.ts';

export const TRANSPORTS = ['udp', 'tcp'] as const;
export type Transport = (typeof TRANSPORTS)[number];

/** Why a packet got no answer: what was in it, the client, or that the answer could not be sent. */
export type DropReason =
  | 'too_short'
  | 'too_large'
  | 'response'
  | 'too_slow'
  | 'too_many'
  | 'unsendable'
  | 'receive_buffer_full';

export interface Counters {
  readonly queries: Pick<Metric, 'add'>;
  readonly services: Pick<Metric, 'add'>;
  readonly latency: Pick<Metric, 'observe'>;
  /** By transport: 0 UDP, 1 TCP. */
  readonly latencySlots: readonly [number, number];
  /** Slots of answers of one type, rcode and reason, for `service` ('' for none). */
  slots(qtype: number, rcode: number, reason: Reason, service: string): Slots;
  dropped(transport: Transport, reason: DropReason, count?: number): void;
  /** A reply over an encrypted connection, which counts as TCP elsewhere. */
  encrypted(transport: 'tls' | 'https'): void;
  truncated(transport: Transport): void;
  rateLimited(action: 'slip' | 'nothing'): void;
  upstream(result: 'ok' | 'timeout' | 'refused' | 'error' | 'too_many', seconds: number): void;
}

const KNOWN_TYPES: ReadonlySet<number> = new Set(Object.values(TYPE));

function typeLabel(qtype: number): string {
  return KNOWN_TYPES.has(qtype) ? typeName(qtype) : 'other';
}

/** Count questions about services that are in the catalog only: names that come and go would leave a series each. */
export function countLivingServices(metrics: Metrics, view: Pick<View, 'services'>): void {
  metrics.keepWhile('dns_service_queries', ([service = '']) => {
    for (const _instance of view.services.by('name', service)) return true;
    return false;
  });
}

export function makeCounters(metrics: Metrics): Counters {
  const queries = metrics.counter('dns_queries');
  const services = metrics.counter('dns_service_queries');
  const latency = metrics.histogram('dns_latency_seconds');
  const dropped = metrics.counter('dns_dropped');
  const encrypted = metrics.counter('dns_encrypted');
  const truncated = metrics.counter('dns_truncated');
  const rateLimited = metrics.counter('dns_rate_limited');
  const upstream = metrics.counter('dns_upstream');
  const upstreamLatency = metrics.histogram('dns_upstream_latency_seconds');
  /** Slots without a service, by type, rcode and reason in one number. */
  const known = new Map<number, Slots>();

  function slotsOf(qtype: number, rcode: number, reason: Reason): Slots {
    const key = (qtype * 0x100 + rcode) * REASONS.length + REASONS.indexOf(reason);
    const before = known.get(key);
    if (before !== undefined) return before;
    const labels = [typeLabel(qtype), rcodeName(rcode), reason] as const;
    const made: Slots = {
      slots: [queries.slot('udp', ...labels), queries.slot('tcp', ...labels)],
      serviceSlot: -1,
    };
    if (KNOWN_TYPES.has(qtype)) known.set(key, made);
    return made;
  }

  return {
    queries,
    services,
    latency,
    latencySlots: [latency.slot('udp'), latency.slot('tcp')],
    slots(qtype, rcode, reason, service) {
      if (service !== '') return { ...slotsOf(qtype, rcode, reason), serviceSlot: services.slot(service) };
      return slotsOf(qtype, rcode, reason);
    },
    dropped: (transport, reason, count = 1) => dropped.add(dropped.slot(transport, reason), count),
    encrypted: (transport) => encrypted.add(encrypted.slot(transport)),
    truncated: (transport) => truncated.add(truncated.slot(transport)),
    rateLimited: (action) => rateLimited.add(rateLimited.slot(action)),
    upstream(result, seconds) {
      upstream.add(upstream.slot(result));
      upstreamLatency.observe(0, seconds);
    },
  };
}
