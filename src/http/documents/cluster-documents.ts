/**
 * The servers of the cluster in the shapes of /v1/operator: raft's configuration, the autopilot's health and state.
 *
 * "Raft" is Consul's word in all of these; what agrees here is etcd or, on a machine alone, one file.
 */
import { formatDuration } from '../../lib/duration.ts';
import type { ClusterHealth, ClusterServer, ServerHealth } from '../../model/cluster-health.ts';
import type { Document } from './row-documents.ts';

const RAFT_PROTOCOL = '3';
/** What Consul shows for a contact that never was, and for a time that never came. */
const NO_CONTACT = '-1ns';
const NO_TIME = '0001-01-01T00:00:00Z';

/** Of /v1/operator/raft/configuration. `health` tells how far each copy is, which newer versions show; alone nobody is behind. */
export function raftServerDocuments(
  servers: readonly ClusterServer[],
  health: ClusterHealth | undefined,
): readonly Document[] {
  if (servers.length < 2) return servers.map(raftServerDocument);
  const indexOf = (id: string): number => health?.servers.find((one) => one.id === id)?.index ?? 0;
  return servers.map((server) => ({ ...raftServerDocument(server), LastIndex: indexOf(server.id) }));
}

function raftServerDocument(server: ClusterServer): Document {
  return {
    ID: server.id,
    Node: server.name,
    Address: server.address,
    Leader: server.isLeader,
    ProtocolVersion: RAFT_PROTOCOL,
    Voter: server.isVoter,
  };
}

/** RFC 3339 without fractions, as Consul prints it. */
function timeText(wallMs: number | undefined): string {
  return wallMs === undefined ? NO_TIME : new Date(wallMs).toISOString().replace(/\.\d+Z$/, 'Z');
}

const contactText = (ms: number | undefined): string => (ms === undefined ? NO_CONTACT : formatDuration(ms));

function serverDocument(server: ServerHealth): Document {
  return {
    ID: server.id,
    Name: server.name,
    Address: server.address,
    SerfStatus: server.status,
    Version: server.version,
    Leader: server.isLeader,
    LastContact: contactText(server.lastContactMs),
    LastTerm: server.term,
    LastIndex: server.index,
    Healthy: server.isHealthy,
    Voter: server.isVoter,
    StableSince: timeText(server.stableSinceMs),
  };
}

/** /v1/operator/autopilot/health. */
export function healthDocument({ isHealthy, failureTolerance, servers }: ClusterHealth): Document {
  return { Healthy: isHealthy, FailureTolerance: failureTolerance, Servers: servers.map(serverDocument) };
}

function stateServerDocument(server: ServerHealth): Document {
  const { SerfStatus, Leader: _leader, Voter: _voter, ...health } = serverDocument(server);
  const nodeType = server.isVoter ? 'voter' : 'non-voter';
  return {
    ...health,
    NodeStatus: SerfStatus,
    ReadReplica: false,
    Status: server.isLeader ? 'leader' : nodeType,
    Meta: server.meta,
    NodeType: nodeType,
  };
}

/** /v1/operator/autopilot/state; of the voters the leader comes first. */
export function stateDocument({ isHealthy, failureTolerance, servers }: ClusterHealth): Document {
  const voters = servers.filter(({ isVoter }) => isVoter);
  const ordered = [
    ...voters.filter(({ isLeader }) => isLeader),
    ...voters.filter(({ isLeader }) => !isLeader),
  ];
  return {
    Healthy: isHealthy,
    FailureTolerance: failureTolerance,
    OptimisticFailureTolerance: failureTolerance,
    Servers: Object.fromEntries(servers.map((server) => [server.id, stateServerDocument(server)])),
    Leader: servers.find(({ isLeader }) => isLeader)?.id ?? '',
    Voters: ordered.map(({ id }) => id),
  };
}
