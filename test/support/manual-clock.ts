/**
 * A clock that stands still until a test moves it.
 *
 * `advance` runs what falls due, in order of due time, also what is scheduled meanwhile. Code that awaits
 * between timers needs `advanceAndSettle`, which lets promises run after every timer.
 */
import type { Clock, Timer } from '../../src/lib/clock.ts';

export interface ManualClock extends Clock {
  /** Move both clocks forward by `ms` and run the timers that fall due. */
  advance(ms: number): void;
  /** As `advance`, giving promises and callbacks of the event loop a turn after each timer. */
  advanceAndSettle(ms: number): Promise<void>;
  /** Let both clocks go on by `ms` without running a timer, as for a process that was stopped. */
  stall(ms: number): void;
  /** Let wall time jump by `ms` (may be negative) as a correction of the system clock does; timers stay. */
  jumpWallTime(ms: number): void;
  /** How many timers wait. */
  pendingCount(): number;
}

interface Entry {
  readonly dueMs: number;
  readonly order: number;
  readonly fn: () => void;
}

/** One turn of the event loop, so that settled promises have had their say. */
function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** A clock that shows `startMs` (milliseconds since 1970; 2026-01-01 by default). */
export function manualClock(startMs = Date.UTC(2026, 0, 1)): ManualClock {
  let elapsedMs = 0;
  let wallOffsetMs = startMs;
  let scheduled = 0;
  const entries = new Set<Entry>();

  function takeDue(untilMs: number): Entry | undefined {
    let first: Entry | undefined;
    for (const entry of entries) {
      if (entry.dueMs > untilMs) continue;
      const isEarlier =
        first === undefined ||
        entry.dueMs < first.dueMs ||
        (entry.dueMs === first.dueMs && entry.order < first.order);
      if (isEarlier) first = entry;
    }
    if (first !== undefined) {
      entries.delete(first);
      elapsedMs = Math.max(elapsedMs, first.dueMs);
    }
    return first;
  }

  return {
    now: () => wallOffsetMs + elapsedMs,
    monotonic: () => elapsedMs,
    after(delayMs, fn): Timer {
      const entry: Entry = { dueMs: elapsedMs + Math.max(delayMs, 0), order: scheduled++, fn };
      entries.add(entry);
      return { cancel: () => void entries.delete(entry) };
    },
    advance(ms) {
      const untilMs = elapsedMs + ms;
      for (let entry = takeDue(untilMs); entry; entry = takeDue(untilMs)) entry.fn();
      elapsedMs = untilMs;
    },
    async advanceAndSettle(ms) {
      const untilMs = elapsedMs + ms;
      await turn();
      for (let entry = takeDue(untilMs); entry; entry = takeDue(untilMs)) {
        entry.fn();
        await turn();
      }
      elapsedMs = untilMs;
    },
    stall(ms) {
      elapsedMs += ms;
    },
    jumpWallTime(ms) {
      wallOffsetMs += ms;
    },
    pendingCount: () => entries.size,
  };
}
