/**
 * The servers of a cluster as the API shows them: from memory, so that every server answers without a leader too.
 */
import type { ClusterPort } from '../../http/cluster-port.ts';
import type { ClusterServer, ClusterServerParts } from './cluster-server.ts';
import { handOver } from './hand-over.ts';
import { requireRemovable, selectServer, takeOut } from './removal.ts';

/** What the API sees of this server's cluster. */
export function clusterPort(parts: ClusterServerParts, server: ClusterServer): ClusterPort {
  const { candidate, pulse, roster, handOver: handOverParts, removal } = server;
  const leaderAddress = (): string => roster.servers().find(({ isLeader }) => isLeader)?.address ?? '';
  return {
    standing: () => ({
      kind: candidate.standing.kind,
      leaderAddress: leaderAddress(),
      term: pulse.term,
      lastContactMs: pulse.lastContactMs,
      expect: parts.settings.expect,
    }),
    servers: () => roster.servers(),
    judged: () => server.watch.newest,
    health: () => handOverParts.health(),
    transferLeader: (toId) => handOver(handOverParts, toId),
    removeServer: async (which) => {
      const meant = await selectServer(removal, which);
      await requireRemovable(removal, meant);
      if (meant.isLeader) await handOver(handOverParts, undefined);
      await takeOut(removal, meant);
    },
  };
}
