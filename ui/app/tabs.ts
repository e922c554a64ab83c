/**
 * How many tabs of this browser show this page now. They share the browser's six connections to the agent, so each must
 * know of the others.
 *
 * A tab says when it is shown, again every BEAT_MS, and when it is hidden or closed; one that hears of a new tab answers.
 * A tab that said nothing for three beats (it crashed) no longer counts.
 */
import { type ReadonlySignal, type Signal, signal } from '@preact/signals';
import type { PageClock } from './clock.ts';

const BEAT_MS = 10_000;
const FORGET_MS = 3 * BEAT_MS;

interface Message {
  readonly tab: string;
  readonly isShown: boolean;
}

/** The number of shown tabs, this one included if it is shown; at least 1. */
export function countTabs(clock: PageClock): ReadonlySignal<number> {
  const count: Signal<number> = signal(1);
  const channel = new BroadcastChannel('rollcall.tabs');
  const own = `${clock.openedMs}/${performance.timeOrigin}`;
  const others = new Map<string, number>();

  function recount(): void {
    for (const [tab, heardMs] of others) if (clock.now() - heardMs > FORGET_MS) others.delete(tab);
    count.value = Math.max(others.size + (document.hidden ? 0 : 1), 1);
  }
  function tell(isShown: boolean): void {
    channel.postMessage({ tab: own, isShown } satisfies Message);
    recount();
  }
  channel.addEventListener('message', ({ data }: MessageEvent<Message>) => {
    const isNew = !others.has(data.tab);
    if (data.isShown) others.set(data.tab, clock.now());
    else others.delete(data.tab);
    if (isNew && data.isShown && !document.hidden) tell(true);
    else recount();
  });
  document.addEventListener('visibilitychange', () => tell(!document.hidden));
  window.addEventListener('pagehide', () => tell(false));
  const beat = async (): Promise<void> => {
    for (;;) {
      if (!document.hidden) tell(true);
      await clock.pause(BEAT_MS);
    }
  };
  void beat();
  return count;
}
