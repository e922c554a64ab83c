/**
 * How often an agent measures a round trip: often until it has found its place, then now and then.
 *
 * The larger the datacenter, the less often: agents tell their place so that about 64 a second are told to all servers
 * together (Consul's `sync_coordinate_rate_target`), and measure in proportion.
 */

/** An agent tells its place at most this often, ms (Consul's `sync_coordinate_interval_min`). */
export const MIN_TELL_MS = 15_000;
export const MAX_TELL_MS = 3_600_000;
/** Agents that tell their place, a second. */
const TOLD_PER_SECOND = 64;
/** Measurements after which a place is found. */
const FOUND_AFTER = 60;
/** Measurements between two times that it is told, until the place is found and after that. */
const OFTEN = 15;
const NOW_AND_THEN = 3;

/** Time in ms between two times that an agent tells its place, among so many. */
export function tellEveryMs(members: number): number {
  return Math.min(Math.max((members / TOLD_PER_SECOND) * 1_000, MIN_TELL_MS), MAX_TELL_MS);
}

/** Time in ms until the next measurement of who has `measured` so many. */
export function measureEveryMs(tellMs: number, measured: number): number {
  return tellMs / (measured < FOUND_AFTER ? OFTEN : NOW_AND_THEN);
}

/** A time that differs from agent to agent, so that they do not all come at once; `random` in [0, 1). */
export const spread = (ms: number, random: number): number => ms * (0.75 + random / 2);
