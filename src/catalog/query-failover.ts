/**
 * Where a prepared query goes on when nothing fits it here: to other datacenters, the nearest first, then those that it
 * names, until one finds something.
 *
 * All of it together takes no longer than its caller waits, and one datacenter only a part of that. Consul counts how many
 * were asked, also those that did not answer.
 */
import { type Clock, sleep } from '../lib/clock.ts';
import type { QueryRow } from '../model/types.ts';
import type { Instance } from './select.ts';

/** Time in ms that one datacenter has. Turning it up makes whoever asks wait for one that is cut off. */
const ONE_MS = 1_500;

/** What another datacenter is asked. */
export interface FarQuery {
  readonly query: QueryRow;
  /** 0 is no limit. */
  readonly limit: number;
  readonly isConnect: boolean;
  /** Secret of whoever asks, '' for none; null is DNS, which is told what that datacenter's DNS may see. */
  readonly token: string | null;
}

/** What it has found. */
export interface FarResult {
  readonly service: string;
  readonly nodes: readonly Instance[];
  /** As the query has it; '' when it sets none. */
  readonly ttl: string;
}

export interface OtherDatacenters {
  /** Names of those that are known, nearest first. */
  names(): readonly string[];
  /** Undefined when it does not answer in time, or refuses. Never rejects. */
  execute(datacenter: string, asked: FarQuery, timeoutMs: number): Promise<FarResult | undefined>;
}

/** What became of a query elsewhere. */
export interface FailedOver {
  /** The last one that answered, found or not; undefined when none did. */
  readonly result: FarResult | undefined;
  /** The datacenter of that answer. */
  readonly datacenter: string | undefined;
  /** How many were asked. */
  readonly tried: number;
}

/** Datacenters to ask, in order; those that nobody knows are left out, and none is asked twice. */
export function failoverOrder({ document }: QueryRow, known: readonly string[]): readonly string[] {
  const { NearestN, Datacenters } = document.Service.Failover;
  const named = (Datacenters ?? []).flatMap(
    (wanted) => known.find((name) => name.toLowerCase() === wanted.toLowerCase()) ?? [],
  );
  return [...new Set([...known.slice(0, Math.max(NearestN, 0)), ...named])];
}

/** Whether a query goes anywhere else at all. */
export function hasFailover({ document }: QueryRow): boolean {
  const { NearestN, Datacenters } = document.Service.Failover;
  return NearestN > 0 || (Datacenters ?? []).length > 0;
}

/** Ask other datacenters, one after the other, within `budgetMs`. Never rejects. */
export async function failOver(
  asked: FarQuery,
  others: OtherDatacenters,
  { clock, budgetMs }: { readonly clock: Clock; readonly budgetMs: number },
): Promise<FailedOver> {
  const deadlineMs = clock.monotonic() + budgetMs;
  let failed: FailedOver = { result: undefined, datacenter: undefined, tried: 0 };
  for (const datacenter of failoverOrder(asked.query, others.names())) {
    const timeoutMs = Math.min(ONE_MS, deadlineMs - clock.monotonic());
    if (timeoutMs <= 0) break;
    const tried = failed.tried + 1;
    // Whoever is called may be on the way to a connection for longer than that.
    const late = sleep(clock, timeoutMs).then(() => undefined);
    const result = await Promise.race([others.execute(datacenter, asked, timeoutMs), late]);
    failed = result === undefined ? { ...failed, tried } : { result, datacenter, tried };
    if (result !== undefined && result.nodes.length > 0) break;
  }
  return failed;
}
