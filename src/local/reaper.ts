/**
 * Which services have been critical for so long that their registration says to remove them. Pure.
 *
 * A check that is critical only because it never ran does not count; the time runs from its first critical result, also
 * over a restart of the agent.
 */
import type { ServiceId } from '../model/types.ts';
import type { LocalCheck } from './local-check.ts';

/** How often to look, in ms. Turning it up lets dead services stand longer beyond their time. */
export const REAP_INTERVAL_MS = 30_000;

/** Services to remove at monotonic time `nowMs`, each once. O(checks). */
export function overdueServices(checks: Iterable<LocalCheck>, nowMs: number): ReadonlySet<ServiceId> {
  const overdue = new Set<ServiceId>();
  for (const { definition, status, sinceMs, sinceMonotonicMs } of checks) {
    const { serviceId, deregisterCriticalServiceAfterMs: afterMs } = definition;
    if (afterMs === 0 || serviceId === '' || status !== 'critical' || sinceMs === 0) continue;
    if (nowMs - sinceMonotonicMs >= afterMs) overdue.add(serviceId);
  }
  return overdue;
}
