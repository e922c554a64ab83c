/**
 * How current this agent's copy of the catalog is, as answers tell it. An agent that has the catalog to itself is always
 * current; what a read of another one waits for is until-current.ts's.
 */
import type { Consistency } from './call-and-reply.ts';

/**
 * Who leads the datacenter: this agent because there is no other, this one, another one, nobody. A client agent is told of
 * what it follows, or reaches no server.
 */
export type CopyStanding = 'alone' | 'leader' | 'follower' | 'leaderless' | 'told' | 'cut off';

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
  if (standing === 'alone' || standing === 'told') return true;
  return standing === 'leader' && !url.includes('consistent');
}

/** Who is none of those that know a leader; a read that has waited may find itself there. */
const LEADERLESS: readonly CopyStanding[] = ['leaderless', 'cut off'];

/** Headers of an answer that say how current it is: what is stale may be old, everything else was asked of the leader. */
export function contactHeaders(copy: CatalogCopy, consistency: Consistency): Record<string, string> {
  const standing = copy.standing();
  const isStale = consistency === 'stale' || standing === 'cut off';
  return {
    'X-Consul-KnownLeader': String(!LEADERLESS.includes(standing)),
    'X-Consul-LastContact': isStale ? String(Math.round(copy.lastContactMs())) : '0',
  };
}

/** Whether the headers of a read stay the same as long as its rows do. */
export function isContactSteady(copy: CatalogCopy, consistency: Consistency): boolean {
  const standing = copy.standing();
  return consistency === 'stale'
    ? ['alone', 'leader', 'told'].includes(standing)
    : !LEADERLESS.includes(standing);
}
