/**
 * The servers of a cluster as the API shows them: from memory, so that every server answers without a leader too.
 */
import type { ServerRecord } from '../../catalog/leader-lock.ts';
import type { ClusterPort } from '../../http/cluster-port.ts';
import { addressText } from '../../lib/address-text.ts';
import { refuse } from '../../model/errors.ts';
import type { ClusterServer, ClusterServerParts } from './cluster-server.ts';

const addressOf = ({ host, port }: ServerRecord): string => addressText(host, port);

/** What the API sees of this server's cluster. */
export function clusterPort(parts: ClusterServerParts, server: ClusterServer): ClusterPort {
  const { candidate, pulse, self } = server;
  const { directory } = parts.shared;
  let term = 0;
  candidate.onStanding((standing) => {
    if (standing.kind === 'leader') term = standing.leadership.term;
  });
  const leader = (): ServerRecord | undefined => {
    const { standing } = candidate;
    if (standing.kind === 'leader') return self;
    return standing.kind === 'follower' ? standing.leader : undefined;
  };
  return {
    standing: () => {
      const leads = leader();
      return {
        kind: candidate.standing.kind,
        leaderAddress: leads === undefined ? '' : addressOf(leads),
        term,
        lastContactMs: pulse.lastContactMs,
        expect: parts.settings.expect,
      };
    },
    servers: () =>
      [...directory.servers.values()].map((one) => ({
        id: one.id,
        name: one.name,
        address: addressOf(one),
        isLeader: one.id === leader()?.id,
        isVoter: true,
      })),
    health: async () => refuse('unsupported', 'the health of the servers is not judged yet'),
    transferLeader: async () => refuse('unsupported', 'leadership cannot be handed over yet'),
    removeServer: async () => refuse('unsupported', 'servers cannot be removed yet'),
  };
}
