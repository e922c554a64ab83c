/**
 * Whether the servers are well, as Consul's autopilot decides it; on values alone, for the leader.
 *
 * A server is healthy while it is alive, hears the leader often enough, is of the leader's term and its copy trails the
 * leader's by no more than is allowed. Nothing is done about one that is not: see planCleanup of store/etcd/cluster-plan.ts.
 */
import type { AutopilotSettings } from '../catalog/autopilot-settings.ts';
import { parseDuration } from '../lib/duration.ts';
import type { ClusterHealth, ClusterServer, ServerHealth } from '../model/cluster-health.ts';
import type { ModifyIndex, StringMap } from '../model/types.ts';

/** What a server says of itself when the leader asks. */
export interface ServerReport {
  readonly version: string;
  readonly term: number;
  /** Newest index of its copy. */
  readonly index: ModifyIndex;
  /** Since it heard the leader; 0 on the leader itself. */
  readonly lastContactMs: number;
  readonly meta: StringMap;
}

/** A server as the leader sees it at this moment. */
export interface ServerObservation extends ClusterServer {
  readonly status: ServerHealth['status'];
  /** Its answer to the newest question; undefined when it gave none. */
  readonly report: ServerReport | undefined;
}

type Limits = Pick<AutopilotSettings, 'LastContactThreshold' | 'MaxTrailingLogs'>;

/** What holds for all servers. */
export interface Yardstick {
  readonly settings: Limits;
  /** The leader's own when it asked: under load its index is far ahead once all have answered. */
  readonly term: number;
  readonly index: ModifyIndex;
  /** The judgement before this one: a server whose health is unchanged keeps the time since when it is so. */
  readonly before: ClusterHealth | undefined;
  /** Wall time. */
  readonly nowMs: number;
}

function isWell({ status, report }: ServerObservation, { settings, term, index }: Yardstick): boolean {
  if (status !== 'alive' || report === undefined) return false;
  const thresholdMs = parseDuration(settings.LastContactThreshold) ?? 0;
  if (report.lastContactMs > thresholdMs) return false;
  return report.term === term && report.index + settings.MaxTrailingLogs >= index;
}

const NOT_HEARD = {
  version: '',
  lastContactMs: undefined,
  term: 0,
  index: 0,
  stableSinceMs: undefined,
  meta: {},
} as const;

function judgeServer(observation: ServerObservation, yardstick: Yardstick): ServerHealth {
  const { report, ...server } = observation;
  const isHealthy = isWell(observation, yardstick);
  if (report === undefined) return { ...server, ...NOT_HEARD, isHealthy };
  const before = yardstick.before?.servers.find(({ id }) => id === server.id);
  const isAsBefore = before?.isHealthy === isHealthy;
  const stableSinceMs = (isAsBefore ? before.stableSinceMs : undefined) ?? yardstick.nowMs;
  return { ...server, ...report, isHealthy, stableSinceMs };
}

/** How all servers are, in the order they come in. */
export function judgeServers(
  observations: readonly ServerObservation[],
  yardstick: Yardstick,
): ClusterHealth {
  const servers = observations.map((observation) => judgeServer(observation, yardstick));
  const voters = servers.filter(({ isVoter }) => isVoter);
  const healthyVoters = voters.filter(({ isHealthy }) => isHealthy).length;
  const quorum = Math.floor(voters.length / 2) + 1;
  return {
    isHealthy: servers.every(({ isHealthy }) => isHealthy),
    failureTolerance: Math.max(0, healthyVoters - quorum),
    servers,
  };
}
