/**
 * The HTTP API of a follower of three servers, told by values: the second leads, the third only catches up.
 */
import type { ClusterPort, ClusterStanding } from '../../src/http/cluster-port.ts';
import type { ClusterServer, ServerHealth } from '../../src/model/cluster-health.ts';
import { startHttp, type TestServer } from './http-server.ts';

export const SERVERS: readonly ClusterServer[] = [1, 2, 3].map((number) => ({
  id: `id-${number}`,
  name: `s${number}`,
  address: `127.0.0.${number}:8300`,
  isLeader: number === 2,
  isVoter: number !== 3,
}));

/** One of them as a leader sees it that is well. */
export function serverHealth(which: number, other: Partial<ServerHealth> = {}): ServerHealth {
  const server = SERVERS[which] as ClusterServer;
  return {
    ...server,
    status: 'alive',
    version: '1.2.3',
    lastContactMs: server.isLeader ? 0 : 32.56242,
    term: 7,
    index: 12 - which,
    isHealthy: true,
    stableSinceMs: Date.UTC(2026, 10, 21, 19, 20, 19, 500),
    meta: { rack: 'r1' },
    ...other,
  };
}

export const FOLLOWER: ClusterStanding = {
  kind: 'follower',
  leaderAddress: '127.0.0.2:8300',
  term: 7,
  lastContactMs: 41.276863,
  expect: 3,
};

export interface Follower extends TestServer {
  /** What the leader was asked to do, in order. */
  readonly asked: readonly unknown[];
}

/** Start it; `own` answers in place of the servers that are well. */
export async function startFollower(own: Partial<ClusterPort> = {}): Promise<Follower> {
  const asked: unknown[] = [];
  const cluster: ClusterPort = {
    standing: () => FOLLOWER,
    servers: () => SERVERS,
    health: async () => ({
      isHealthy: true,
      failureTolerance: 1,
      servers: SERVERS.map((_server, i) => serverHealth(i)),
    }),
    transferLeader: async (toId) => void asked.push(toId),
    removeServer: async (which) => void asked.push(which),
    ...own,
  };
  return { ...(await startHttp({}, { cluster })), asked };
}
