/**
 * DNS answers with a bound on their age: `dns_config.allow_stale` and `max_stale`.
 *
 * By default a server answers from its copy, however old it is, and nothing here does anything. With a bound, the
 * leader is first asked how far the catalog is. What it says counts for a moment, so that a burst of questions asks it
 * once.
 */
import type { Candidate } from '../../cluster/candidate.ts';
import type { LeaderDesk } from '../../cluster/leader-desk.ts';
import type { LeaderPulse } from '../../cluster/leader-pulse.ts';
import type { Elsewhere } from '../../dns/elsewhere.ts';
import type { Clock } from '../../lib/clock.ts';
import type { Config } from '../config/options.ts';

/** Time in ms for which a copy counts as current after the leader was asked. */
const CURRENT_FOR_MS = 100;
const LEADER_TOPIC = 'leader';

export interface BoundedAgeParts {
  readonly config: Pick<Config, 'dns_config.allow_stale' | 'dns_config.max_stale'>;
  readonly candidate: Pick<Candidate, 'standing'>;
  readonly desk: Pick<LeaderDesk, 'current'>;
  readonly pulse: Pick<LeaderPulse, 'lastContactMs'>;
  readonly clock: Clock;
}

/** Answers names once the copy is as current as it has to be; `inner` answers those of other datacenters. */
export function boundedAge(
  { config, candidate, desk, pulse, clock }: BoundedAgeParts,
  inner?: Elsewhere,
): Elsewhere {
  let confirmedMs = Number.NEGATIVE_INFINITY;
  const isCurrent = (): boolean => {
    if (candidate.standing.kind === 'leader') return true;
    if (config['dns_config.allow_stale'] && pulse.lastContactMs <= config['dns_config.max_stale'])
      return true;
    return clock.monotonic() - confirmedMs < CURRENT_FOR_MS;
  };
  const confirm = (): Promise<boolean> =>
    desk.current('leader').then(
      () => {
        confirmedMs = clock.monotonic();
        return true;
      },
      () => false,
    );
  return {
    ...inner,
    placeOf: (lookup, qtype) => {
      const place = inner?.placeOf(lookup, qtype);
      if (place !== undefined || lookup.kind === 'outside' || isCurrent()) return place;
      return { kind: 'rows', topic: LEADER_TOPIC };
    },
    fetch: (topic) => (topic === LEADER_TOPIC ? confirm() : (inner?.fetch(topic) ?? Promise.resolve(false))),
    ask: (packet, place, transport) => inner?.ask(packet, place, transport) ?? Promise.resolve(null),
  };
}
