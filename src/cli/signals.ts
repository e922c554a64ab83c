/**
 * Which signals to end are meant: the first ends in good order, a second one at once, an echo of the first nothing.
 *
 * A Ctrl-C under npm comes from the terminal and once more from npm, so what follows a signal sooner than ECHO_MS is the
 * same one.
 */
import type { Clock } from '../lib/clock.ts';

/** Turning it up makes an impatient second Ctrl-C ineffective for longer. */
const ECHO_MS = 500;

export type SignalMeaning = 'first' | 'echo' | 'second';

/** The meaning of each signal to end, asked when it comes. */
export function signalMeanings(clock: Pick<Clock, 'monotonic'>): () => SignalMeaning {
  let firstMs: number | undefined;
  return () => {
    const nowMs = clock.monotonic();
    if (firstMs !== undefined) return nowMs - firstMs < ECHO_MS ? 'echo' : 'second';
    firstMs = nowMs;
    return 'first';
  };
}
