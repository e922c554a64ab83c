/**
 * Keys that nobody may lock for a while, because the session that held them was lost rather than given up.
 *
 * The holder may not know yet that it lost the lock; the delay gives it time to notice. Delays end by wall time. One
 * that lies further ahead than any delay can be was written before the system clock was set back, and counts no more.
 */
import { UNSTAMPED } from '../model/types.ts';
import type { Draft } from './draft.ts';
import type { View } from './tables.ts';

/** Longest delay that is obeyed, whatever a session asked for. */
const MAX_LOCK_DELAY_MS = 60_000;

const isOver = (untilMs: number, nowMs: number): boolean =>
  untilMs <= nowMs || untilMs > nowMs + MAX_LOCK_DELAY_MS;

/** Whether the lock of `key` is kept free now. */
export function isLockDelayed(view: View, key: string, nowMs: number): boolean {
  const row = view.lockDelays.get(key);
  return row !== undefined && !isOver(row.untilMs, nowMs);
}

/** Keep the locks of `keys` free for `delayMs` (at most a minute), and forget the delays that are over. */
export function delayLocks(draft: Draft, keys: readonly string[], delayMs: number, nowMs: number): void {
  for (const row of [...draft.view.lockDelays.values()]) {
    if (isOver(row.untilMs, nowMs)) draft.remove('lockDelays', row.key);
  }
  const untilMs = nowMs + Math.min(delayMs, MAX_LOCK_DELAY_MS);
  if (untilMs <= nowMs) return;
  for (const key of keys) draft.put('lockDelays', { ...UNSTAMPED, key, untilMs });
}
