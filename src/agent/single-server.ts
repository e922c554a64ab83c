/**
 * The servers of a datacenter with one: it leads from its start to its end, it is well, and nobody can be taken out.
 */
import type { ClusterPort, ServerSelector } from '../http/cluster-port.ts';
import { addressText } from '../lib/address-text.ts';
import type { Clock } from '../lib/clock.ts';
import type { ClusterServer } from '../model/cluster-health.ts';
import { refuse } from '../model/errors.ts';
import type { ModifyIndex, StringMap } from '../model/types.ts';

/** There is nobody to elect. */
const ONLY_TERM = 1;

export interface SingleServerParts {
  readonly id: string;
  readonly name: string;
  readonly host: string;
  /** `ports.server`. */
  readonly port: number;
  /** Of Consul's API. */
  readonly version: string;
  readonly expect: number;
  readonly clock: Clock;
  readonly indexNow: () => ModifyIndex;
  readonly meta: () => StringMap;
}

/** What a selector says, in Consul's words. */
export function selectorText(which: ServerSelector): string {
  return 'id' in which ? `id ${JSON.stringify(which.id)}` : `address ${JSON.stringify(which.address)}`;
}

/** The port of an agent that has no others beside it. */
export function singleServer(parts: SingleServerParts): ClusterPort {
  const { id, name, version, expect, clock, indexNow, meta } = parts;
  const startedMs = clock.now();
  const address = addressText(parts.host, parts.port);
  const self: ClusterServer = { id, name, address, isLeader: true, isVoter: true };
  return {
    standing: () => ({ kind: 'leader', leaderAddress: address, term: ONLY_TERM, lastContactMs: 0, expect }),
    servers: () => [self],
    health: async () => {
      const health = {
        status: 'alive',
        version,
        lastContactMs: 0,
        term: ONLY_TERM,
        isHealthy: true,
      } as const;
      const own = { ...self, ...health, index: indexNow(), stableSinceMs: startedMs, meta: meta() };
      return { isHealthy: true, failureTolerance: 0, servers: [own] };
    },
    transferLeader: async () =>
      refuse('invalid_command', 'cannot transfer leadership: there is no other server'),
    removeServer: async (which) => {
      const isSelf = 'id' in which ? which.id === id : which.address === address;
      if (isSelf) refuse('invalid_command', 'the only server cannot be removed');
      refuse('invalid_command', `${selectorText(which)} was not found in the Raft configuration`);
    },
  };
}
