/**
 * Checks connected to registrations: what Local says to run goes to the scheduler, results go back.
 */
import { type Follow, Scheduler } from '../checks/scheduler.ts';
import type { Clock } from '../lib/clock.ts';
import type { Random } from '../lib/random.ts';
import type { LocalCheck } from '../local/local-check.ts';
import type { ChecksChange } from '../local/registration.ts';
import type { CheckId, CheckStatus } from '../model/types.ts';
import { makeProbes } from './probes.ts';

export interface ChecksParts {
  readonly clock: Clock;
  readonly random: Random;
  readonly follow: Follow;
  readonly onResult: (id: CheckId, status: CheckStatus, output: string) => void;
}

/** The scheduler with every kind of probe. */
export function buildScheduler({ clock, random, follow, onResult }: ChecksParts): Scheduler {
  return new Scheduler({ clock, random, probes: makeProbes(), follow, onResult });
}

/** Run and stop what registrations changed. */
export function applyChecksChange(scheduler: Scheduler, { started, stopped }: ChecksChange): void {
  for (const id of stopped) scheduler.remove(id);
  for (const { check, isRestored } of started) {
    const { definition, output, ttlExpiresAtMs } = check;
    scheduler.add({ definition, output, ttlExpiresAtMs, isRestored });
  }
}

/** A report for a TTL check moves its deadline. */
export function applyHeartbeat(scheduler: Scheduler, check: LocalCheck): void {
  const { definition, ttlExpiresAtMs, status, output } = check;
  scheduler.heartbeat(definition.id, ttlExpiresAtMs, { status, output });
}
