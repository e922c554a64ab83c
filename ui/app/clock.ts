/**
 * Time for the page: the only file of ui/ that reads the clock or sets timers.
 *
 * `tick` moves once a second while the tab is shown, so that "12 s ago" grows; reading it in a component is enough.
 */
import { type Signal, signal } from '@preact/signals';

export interface PageClock {
  /** Wall time in ms since 1970. */
  now(): number;
  /** When the page was opened. */
  readonly openedMs: number;
  readonly tick: Signal<number>;
  /** Resolves after `ms`, or at once when `abort` fires. */
  pause(ms: number, abort?: AbortSignal): Promise<void>;
}

function pause(ms: number, abort?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (abort?.aborted) return resolve();
    const timer = setTimeout(resolve, ms);
    abort?.addEventListener('abort', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}

export function createClock(): PageClock {
  const tick = signal(Date.now());
  setInterval(() => {
    if (!document.hidden) tick.value = Date.now();
  }, 1_000);
  return { now: () => Date.now(), openedMs: tick.peek(), tick, pause };
}
