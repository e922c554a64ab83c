/**
 * Where names are answered whose rows are not in this process: an agent that follows only what it is asked for has the rows
 * fetched, or has a server answer; a name of another datacenter is answered there.
 *
 * The decision (decide.ts) only says where; the responder goes there and waits, as it does for recursors.
 */
import type { Instance } from '../catalog/select.ts';
import type { QueryRow } from '../model/types.ts';
import type { Lookup } from '../names/lookup.ts';
import type { Transport } from './counters.ts';
import type { NotFound } from './outcome.ts';

export type ElsewherePlace =
  /** The rows behind this topic have to be here first. */
  | { readonly kind: 'rows'; readonly topic: string }
  /** A server of this datacenter answers the question as it came. */
  | { readonly kind: 'server' }
  /** A server of another datacenter does. */
  | { readonly kind: 'datacenter'; readonly datacenter: string }
  /** A prepared query found nothing here, and goes on in other datacenters; `outcome` is what is said when they have nothing. */
  | { readonly kind: 'failover'; readonly query: QueryRow; readonly outcome: NotFound };

/** Instances of another datacenter. */
export interface FoundFar {
  readonly service: string;
  readonly instances: readonly Instance[];
  /** As the query has it; null when it sets none. */
  readonly ttlSeconds: number | null;
  readonly datacenter: string;
}

export interface Elsewhere {
  /** Where a question is answered; undefined is here. Called for every question that is not known: no work, no waiting. */
  placeOf(lookup: Lookup, qtype: number): ElsewherePlace | undefined;
  /** Whether there are other datacenters in which a query could go on; absent where there are none. */
  readonly failsOver?: (query: QueryRow) => boolean;
  /** What a query finds in other datacenters; undefined for nothing. Never rejects. Where it is absent `ask` answers. */
  readonly failOver?: (query: QueryRow) => Promise<FoundFar | undefined>;
  /** Names of other datacenters, and a listener that is told when there are more; absent where there are none. */
  readonly datacenters?: () => readonly string[];
  readonly onDatacenters?: (listener: (names: readonly string[]) => void) => void;
  /** Time in ms since what is followed was known to be true, 0 while somebody tells of every change; absent is 0. */
  readonly silentMs?: () => number;
  /** Resolves to whether the rows are here now. Never rejects. */
  fetch(topic: string): Promise<boolean>;
  /** The reply to a packet; null when nobody can be reached. Never rejects. */
  ask(
    packet: Uint8Array,
    place: Exclude<ElsewherePlace, { kind: 'rows' }>,
    transport: Transport,
  ): Promise<Uint8Array | null>;
}

/** Questions that wait for others at once; beyond it they are answered with SERVFAIL. Some 1 KiB each. */
export const MAX_ASKED_ELSEWHERE = 2_000;
