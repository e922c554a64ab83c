/**
 * What a read waits for before it looks at this agent's copy of the catalog.
 *
 * Reads are answered from the copy, on whichever server they were asked. `stale` looks at once; others first ask the
 * leader how far it is and wait until the copy is there.
 */
import { AppError } from '../model/errors.ts';
import type { Consistency, ReadOptions, Reply } from './call-and-reply.ts';
import type { CatalogCopy } from './catalog-copy.ts';
import type { Place } from './place.ts';
import { text } from './reply.ts';

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
  if (['alone', 'told', 'cut off'].includes(copy.standing())) return undefined;
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
