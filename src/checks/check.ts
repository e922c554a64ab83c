/**
 * A check in the abstract: what a probe is, what it answers, and how answers become a status. Pure.
 *
 * To add a kind: one file in kinds/ that exports a Probe, its spec in model/types.ts, one row in probes.ts and in
 * probe-thread.ts.
 */
import type { CheckDefinition, CheckId, CheckStatus, ProbeSpec } from '../model/types.ts';

/** Kinds that a clock starts again and again. */
export type PolledKind = Exclude<ProbeSpec['kind'], 'ttl' | 'alias' | 'none'>;

export type PolledSpec = Extract<ProbeSpec, { kind: PolledKind }>;

export interface ProbeResult {
  readonly status: CheckStatus;
  readonly output: string;
}

export interface ProbeLimits {
  readonly timeoutMs: number;
  /** Octets of output to keep; a probe keeps the last ones. */
  readonly outputMaxBytes: number;
  /** Aborts when the time is up or nobody wants the result any more; the probe then settles at once. */
  readonly signal: AbortSignal;
}

/** One look at a target. It resolves with a result whatever the target does; a rejection is a bug. */
export type Probe<Kind extends PolledKind> = (
  spec: Extract<ProbeSpec, { kind: Kind }>,
  limits: ProbeLimits,
) => Promise<ProbeResult>;

export type Probes = { readonly [Kind in PolledKind]: Probe<Kind> };

/** Follow the health of something: tell it at once and whenever it changes; returns the end of it. */
export type Follow = (
  spec: Extract<ProbeSpec, { kind: 'alias' }>,
  own: CheckId,
  onResult: (result: ProbeResult) => void,
) => () => void;

/** Results in a row, as far as they matter for thresholds. */
export interface Streak {
  readonly successes: number;
  readonly failures: number;
}

type Thresholds = Pick<
  CheckDefinition,
  'successBeforePassing' | 'failuresBeforeWarning' | 'failuresBeforeCritical'
>;

export interface Transition {
  readonly streak: Streak;
  /** The status to report; undefined while a threshold is not reached. */
  readonly status: CheckStatus | undefined;
}

/** The streak with which the first result counts at once, whatever the thresholds are. */
export function impatientStreak(thresholds: Thresholds): Streak {
  return { successes: thresholds.successBeforePassing, failures: thresholds.failuresBeforeCritical };
}

/** The streak of a check whose status is from before: changes need full thresholds. */
export const PATIENT_STREAK: Streak = Object.freeze({ successes: 0, failures: 0 });

/**
 * Count one result. A warning counts as a success. Failures report a warning from failuresBeforeWarning on, which is
 * failuresBeforeCritical unless given, and critical from failuresBeforeCritical on.
 */
export function transition(thresholds: Thresholds, streak: Streak, result: CheckStatus): Transition {
  if (result !== 'critical') {
    const successes = streak.successes + 1;
    const isReached = successes >= thresholds.successBeforePassing;
    return { streak: { successes, failures: 0 }, status: isReached ? result : undefined };
  }
  const failures = streak.failures + 1;
  const counted = { successes: 0, failures };
  if (failures >= thresholds.failuresBeforeCritical) return { streak: counted, status: 'critical' };
  const isWarning = failures >= thresholds.failuresBeforeWarning;
  return { streak: counted, status: isWarning ? 'warning' : undefined };
}
