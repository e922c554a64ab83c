/**
 * Whether dead servers may be taken out by themselves, as `cleanup_dead_servers` promises; on values alone.
 *
 * Only when others have come in their place: more servers vote than the cluster began with (or `min_quorum`), all but the
 * dead are well and have been for `server_stabilization_time`, and the dead are fewer than half, as in Consul. Which of
 * them go, and that the others stay a majority, decides planCleanup of store/etcd/cluster-plan.ts.
 */
import type { AutopilotSettings } from '../catalog/autopilot-settings.ts';
import { parseDuration } from '../lib/duration.ts';
import type { ClusterHealth } from '../model/cluster-health.ts';

export interface CleanupQuestion {
  readonly health: ClusterHealth;
  readonly settings: AutopilotSettings;
  /** `bootstrap_expect`. */
  readonly expect: number;
  /** Wall time. */
  readonly nowMs: number;
}

/** How many voters stay at least; undefined when nobody may be taken out now. */
export function votersToKeep({ health, settings, expect, nowMs }: CleanupQuestion): number | undefined {
  if (!settings.CleanupDeadServers) return undefined;
  const voters = health.servers.filter(({ isVoter }) => isVoter);
  const dead = voters.filter(({ status }) => status === 'failed' || status === 'left');
  const keep = Math.max(expect, settings.MinQuorum, 1);
  if (dead.length === 0 || dead.length >= Math.floor(voters.length / 2)) return undefined;
  if (voters.length <= keep) return undefined;
  const stableMs = parseDuration(settings.ServerStabilizationTime) ?? 0;
  const areOthersWell = voters.every(
    (server) =>
      dead.includes(server) || (server.isHealthy && nowMs - (server.stableSinceMs ?? nowMs) >= stableMs),
  );
  return areOthersWell ? keep : undefined;
}
