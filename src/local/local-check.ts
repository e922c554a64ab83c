/**
 * A check that this agent runs, with its state of this moment, and how that state becomes a stored row and back.
 *
 * Live deadlines are monotonic, so that a jump of the system clock expires nothing; stored ones are wall time, because
 * nothing else means anything to the next process. A restored deadline is never further away than the TTL, nor nearer
 * than a short grace: the reports of the time in which nobody listened must be able to arrive.
 */
import type { Clock } from '../lib/clock.ts';
import type {
  CheckDefinition,
  CheckStatus,
  LocalCheckRow,
  ModifyIndex,
  RegistrationSource,
} from '../model/types.ts';

export interface LocalCheck {
  readonly definition: CheckDefinition;
  readonly source: RegistrationSource;
  /** That of its row, which tells it from another check of the same id before or after it; 0 while it has none. */
  readonly createIndex: ModifyIndex;
  readonly status: CheckStatus;
  readonly output: string;
  /** Wall time in ms since which it has this status; 0 until the first result or report. */
  readonly sinceMs: number;
  /** The same moment on the clock that never jumps; negative for one before the start of this process. */
  readonly sinceMonotonicMs: number;
  /** Monotonic ms when a TTL check expires; 0 for other kinds, and for one that has. */
  readonly ttlExpiresAtMs: number;
}

/** Time in ms after a start in which no TTL check expires. Turning it up delays the news of what died meanwhile. */
const RESTART_GRACE_MS = 2_000;

/** A check as it begins: its initial status, no output, a fresh TTL. */
export function newLocalCheck(
  definition: CheckDefinition,
  source: RegistrationSource,
  clock: Clock,
): LocalCheck {
  const { probe, initialStatus: status } = definition;
  const ttlExpiresAtMs = probe.kind === 'ttl' ? clock.monotonic() + probe.ttlMs : 0;
  return {
    definition,
    source,
    createIndex: 0,
    status,
    output: '',
    sinceMs: 0,
    sinceMonotonicMs: 0,
    ttlExpiresAtMs,
  };
}

/** The check of a row that was made in this process and has not lived yet: what the row says, a fresh TTL. */
export function checkOfRow(row: LocalCheckRow, clock: Clock): LocalCheck {
  const { createIndex, status, output, sinceMs } = row;
  const { sinceMonotonicMs } = restoredCheck(row, clock);
  const fresh = newLocalCheck(row.definition, row.source, clock);
  return { ...fresh, createIndex, status, output, sinceMs, sinceMonotonicMs };
}

/** A check after a result or report; the time of its status begins anew when that changes or is the first. */
export function withResult(check: LocalCheck, status: CheckStatus, output: string, clock: Clock): LocalCheck {
  if (check.sinceMs !== 0 && check.status === status) return { ...check, output };
  return { ...check, status, output, sinceMs: clock.now(), sinceMonotonicMs: clock.monotonic() };
}

/** A check registered again: the new definition, the present state, a fresh TTL. */
export function redefined(
  check: LocalCheck,
  definition: CheckDefinition,
  source: RegistrationSource,
  clock: Clock,
): LocalCheck {
  const { ttlExpiresAtMs } = newLocalCheck(definition, source, clock);
  return { ...check, definition, source, ttlExpiresAtMs };
}

/** What of a check is stored beside its definition. */
export function storedState(
  check: LocalCheck,
  clock: Clock,
): Pick<LocalCheckRow, 'status' | 'output' | 'sinceMs' | 'ttlDeadlineMs'> {
  const { status, output, sinceMs, ttlExpiresAtMs } = check;
  const remainingMs = ttlExpiresAtMs - clock.monotonic();
  const ttlDeadlineMs = ttlExpiresAtMs === 0 ? 0 : Math.round(clock.now() + remainingMs);
  return { status, output, sinceMs, ttlDeadlineMs };
}

/** The check of a stored row, at the start of the process. */
export function restoredCheck(row: LocalCheckRow, clock: Clock): LocalCheck {
  const { definition, source, createIndex, status, output, sinceMs } = row;
  const { probe } = definition;
  const remainingMs = row.ttlDeadlineMs - clock.now();
  const ttlExpiresAtMs =
    probe.kind === 'ttl' && row.ttlDeadlineMs !== 0
      ? clock.monotonic() + Math.min(Math.max(remainingMs, RESTART_GRACE_MS), probe.ttlMs)
      : 0;
  const ageMs = Math.max(clock.now() - sinceMs, 0);
  const sinceMonotonicMs = sinceMs === 0 ? 0 : clock.monotonic() - ageMs;
  return { definition, source, createIndex, status, output, sinceMs, sinceMonotonicMs, ttlExpiresAtMs };
}
