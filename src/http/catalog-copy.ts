/**
 * How current this agent's copy of the catalog is, and what a read waits for before it looks at it.
 *
 * Reads are answered from the copy, on whichever server they were asked. `stale` looks at once; others first ask the
 * leader how far it is and wait until the copy is there. An agent that has the catalog to itself is always current.
 */
import { AppError } from '../model/errors.ts';
import type { Consistency, ReadOptions, Reply } from './call-and-reply.ts';
import type { Place } from './place.ts';
import { text } from './reply.ts';

/** Who leads the datacenter: this agent because there is no other, this one, another one, nobody. */
export type CopyStanding = 'alone' | 'leader' | 'follower' | 'leaderless';

export interface CatalogCopy {
  standing(): CopyStanding;
  /** Whether it was ever read; before that it holds nothing, which must not be taken for "there is nothing". */
  isLoaded(): boolean;
  /** Time in ms since it was known to be current. */
  lastContactMs(): number;
  /** Resolves when it is as current as is asked; undefined: it is already. Rejects with no_leader. */
  current(consistency: 'leader' | 'consistent'): Promise<void> | undefined;
}

/** The catalog of an agent that has it to itself. */
export const CURRENT_COPY: CatalogCopy = {
  standing: () => 'alone',
  isLoaded: () => true,
  lastContactMs: () => 0,
  current: () => undefined,
};

/** Whether answers that were kept can be sent without asking anybody. */
export function mayAnswerKept(copy: CatalogCopy, url: string): boolean {
  const standing = copy.standing();
  return standing === 'alone' || (standing === 'leader' && !url.includes('consistent'));
}

/** Headers of an answer that say how current it is: what is stale may be old, everything else was asked of the leader. */
export function contactHeaders(copy: CatalogCopy, consistency: Consistency): Record<string, string> {
  const isStale = consistency === 'stale';
  return {
    'X-Consul-KnownLeader': String(!isStale || copy.standing() !== 'leaderless'),
    'X-Consul-LastContact': isStale ? String(Math.round(copy.lastContactMs())) : '0',
  };
}

/** Whether the headers of a read stay the same as long as its rows do. */
export function isContactSteady(copy: CatalogCopy, consistency: Consistency): boolean {
  return consistency !== 'stale' || ['alone', 'leader'].includes(copy.standing());
}

function consistencyOf(place: Place, isRead: boolean, options: () => ReadOptions): Consistency | undefined {
  if (place.at === 'agent' || place.consistency === 'any') return undefined;
  if (place.consistency === 'as asked') return options().consistency;
  return isRead ? 'leader' : undefined; // a write goes to the leader itself
}

/**
 * What an operation has to wait for before the copy is looked at; undefined is nothing. Rejects with no_leader, also for
 * a stale read of a copy that was never read.
 */
export function untilCurrent(
  copy: CatalogCopy,
  place: Place,
  isRead: boolean,
  options: () => ReadOptions,
): Promise<void> | undefined {
  if (copy.standing() === 'alone') return undefined;
  const consistency = consistencyOf(place, isRead, options);
  if (consistency === undefined) return undefined;
  if (consistency !== 'stale') return copy.current(consistency);
  const { maxStaleMs } = options();
  if (maxStaleMs > 0 && copy.lastContactMs() > maxStaleMs) return copy.current('leader');
  if (!copy.isLoaded()) return Promise.reject(new AppError('no_leader', 'No cluster leader'));
  return undefined;
}

const NO_LEADER_HEADERS = {
  'X-Consul-Index': '1',
  'X-Consul-KnownLeader': 'false',
  'X-Consul-LastContact': '0',
};

/** What a read without a leader is answered: as other refusals, with the headers that those who block look at. */
export function noLeaderReply(error: unknown, place: Place): Reply | undefined {
  if (!(error instanceof AppError) || error.code !== 'no_leader') return undefined;
  if (place.at === 'agent' || place.consistency !== 'as asked') return undefined;
  return text(500, error.message, NO_LEADER_HEADERS);
}
