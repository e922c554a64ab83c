/**
 * Time as an argument: everything that waits or stamps takes a Clock.
 *
 * `now` is wall time and may jump; `monotonic` never does, so durations and deadlines are measured with it.
 * Timers do not keep the process alive: whoever needs the process holds a socket.
 * Extend here only with what both the real clock and the manual one in test/support can honour.
 */

/** A pending call; cancelling a timer that fired is a no-op. */
export interface Timer {
  cancel(): void;
}

export interface Clock {
  /** Wall time in milliseconds since 1970-01-01T00:00:00Z. */
  now(): number;
  /** Milliseconds on a clock that never jumps; only differences mean something. */
  monotonic(): number;
  /** Call `fn` once after `delayMs` (at least 0). */
  after(delayMs: number, fn: () => void): Timer;
}

/** Node caps timers at 2^31-1 ms and would fire at once beyond it; longer waits are cut to this (24.8 days). */
const MAX_TIMER_MS = 2 ** 31 - 1;

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after(delayMs, fn) {
    const handle = setTimeout(fn, Math.min(Math.max(delayMs, 0), MAX_TIMER_MS));
    handle.unref();
    return { cancel: () => clearTimeout(handle) };
  },
};

/** Resolve after `delayMs` on the given clock. Never rejects. */
export function sleep(clock: Clock, delayMs: number): Promise<void> {
  return new Promise((resolve) => clock.after(delayMs, resolve));
}

/** Whether `work` ends within `ms`; false leaves it to itself, and what it does later is nobody's. Rejects as it does. */
export async function settlesWithin(clock: Clock, ms: number, work: Promise<unknown>): Promise<boolean> {
  let timer: Timer | undefined;
  const late = new Promise<false>((resolve) => {
    timer = clock.after(ms, () => resolve(false));
  });
  try {
    return await Promise.race([work.then(() => true), late]);
  } finally {
    timer?.cancel();
  }
}

/** What comes within `ms`; undefined leaves it to itself. Rejects as it does. */
export async function early<T>(clock: Clock, coming: Promise<T>, ms: number): Promise<T | undefined> {
  let timer: Timer | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = clock.after(ms, () => resolve(undefined));
  });
  try {
    return await Promise.race([coming, late]);
  } finally {
    timer?.cancel();
  }
}
