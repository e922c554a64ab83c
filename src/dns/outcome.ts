/**
 * What a lookup found: data and reasons, no DNS numbers. resolve.ts makes it, decide.ts says what is done about it, answer.ts turns it into records and an
 * rcode, extended-error.ts and explain.ts say it in words.
 */
import type { Instance } from '../catalog/select.ts';
import type { NodeRow, QueryRow, ServiceRow } from '../model/types.ts';

/** Why a question was answered as it was; a label of the metric `dns_queries`. */
export const REASONS = [
  'answered',
  'fail_open',
  'no_such_type',
  'none_healthy',
  'no_such_tag',
  'unknown_service',
  'unknown_node',
  'unknown_query',
  'unknown_address',
  'unknown_datacenter',
  'unknown_peer',
  'unknown_token',
  'invalid_name',
  'outside_zone',
  'forwarded',
  'recursors_failed',
  'asked_elsewhere',
  'no_servers',
  'malformed',
  'not_implemented',
  'bad_version',
  'fault',
] as const;
export type Reason = (typeof REASONS)[number];

/** Instances of a service, by whatever name they were asked. */
export interface FoundInstances {
  readonly kind: 'instances';
  readonly reason: 'answered' | 'fail_open' | 'none_healthy';
  /** The service in lower case: for TTLs and counts. */
  readonly service: string;
  /** Everything known under the name, with verdicts. */
  readonly known: readonly Instance[];
  /** Those that answer; empty only for an empty-answer policy of `nodata`. */
  readonly chosen: readonly Instance[];
  readonly ttlSeconds: number;
  /** Keep the order as it is: a prepared query has sorted already. */
  readonly isOrdered: boolean;
  /** The topic that changes whenever this may change; null when it is more than one. */
  readonly topic: string | null;
  /** The datacenter that they are in, when that is another one. */
  readonly datacenter?: string;
}

export interface NotFound {
  readonly kind: 'none';
  readonly reason: Reason;
  /** NXDOMAIN when false: the name itself does not exist. */
  readonly exists: boolean;
  readonly known: readonly Instance[];
  /** As in FoundInstances. */
  readonly topic: string | null;
  /** The prepared query that found nothing. */
  readonly query?: QueryRow;
}

export type Outcome =
  | FoundInstances
  | NotFound
  /** `topic` as in FoundInstances. */
  | { readonly kind: 'node'; readonly node: NodeRow; readonly topic: string }
  /** `<hex>.addr`: the address that the name spells. */
  | { readonly kind: 'address'; readonly address: Uint8Array }
  /** The name of an address: a node, or else a service. */
  | { readonly kind: 'pointer'; readonly to: NodeRow | ServiceRow }
  /** SOA or NS of the zone. */
  | { readonly kind: 'authority'; readonly servers: readonly NodeRow[] }
  /** Addresses of the servers, under the name `ns`. */
  | { readonly kind: 'nameserver'; readonly servers: readonly NodeRow[] }
  /** Ours, but its rows are those of another datacenter. */
  | { readonly kind: 'elsewhere'; readonly datacenter: string }
  /** Not ours: forward it, or refuse. */
  | { readonly kind: 'outside' };

/** What the rows of this agent say: all that an answer can be made of. */
export type FoundHere = Exclude<Outcome, { kind: 'elsewhere' | 'outside' }>;

export const NOTHING_KNOWN: readonly Instance[] = Object.freeze([]);

export function notFound(reason: Reason, details: Partial<NotFound> = {}): NotFound {
  return { kind: 'none', reason, exists: false, known: NOTHING_KNOWN, topic: null, ...details };
}
