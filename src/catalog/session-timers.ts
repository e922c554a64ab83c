/**
 * The only owner of session timers: ends a session that was not renewed for twice its TTL.
 *
 * Twice, because clients count on it (the TTL is a promise of how long a session lasts at least). Timers are not
 * stored: whoever begins to watch, after a restart or because it leads now, gives every session its whole time, so that
 * nobody loses a lock to an agent that was away. Begins and ends as often as leadership does.
 */
import type { Clock, Timer } from '../lib/clock.ts';
import { parseDuration } from '../lib/duration.ts';
import type { Logger } from '../lib/logger.ts';
import type { SessionRow } from '../model/types.ts';
import type { Applied, State } from './state.ts';
import type { Writer } from './writer.ts';

const TTL_MULTIPLIER = 2;
/** Wait before a session is ended again whose end could not be stored. */
const RETRY_MS = 1_000;

export interface SessionTimersParts {
  readonly state: State;
  readonly writer: Pick<Writer, 'submit'>;
  readonly clock: Clock;
  readonly log: Logger;
}

export class SessionTimers {
  readonly #parts: SessionTimersParts;
  readonly #timers = new Map<string, Timer>();
  #isWatching = false;

  constructor(parts: SessionTimersParts) {
    this.#parts = parts;
  }

  /** Sessions that wait for their renewal. */
  get count(): number {
    return this.#timers.size;
  }

  /** Watch every session that is there, each from now on with its whole time. Nothing when it watches already. */
  begin(): void {
    if (this.#isWatching) return;
    this.#isWatching = true;
    for (const session of this.#parts.state.view.sessions.values()) this.#arm(session);
  }

  /** Watch no more. */
  end(): void {
    this.#isWatching = false;
    for (const timer of this.#timers.values()) timer.cancel();
    this.#timers.clear();
  }

  /** To be called with every installed write. */
  onInstalled(applied: readonly Applied[]): void {
    for (const { table, before, after } of applied) {
      if (table !== 'sessions') continue;
      if (after) this.#arm(after as SessionRow);
      else if (before) this.#disarm((before as SessionRow).id);
    }
  }

  /** Give a session its whole time again. */
  renew(session: SessionRow): void {
    this.#arm(session);
  }

  #arm(session: SessionRow): void {
    const ttlMs = parseDuration(session.ttl) ?? 0;
    this.#disarm(session.id);
    if (ttlMs > 0 && this.#isWatching) this.#endAfter(session.id, ttlMs * TTL_MULTIPLIER);
  }

  #disarm(id: string): void {
    this.#timers.get(id)?.cancel();
    this.#timers.delete(id);
  }

  #endAfter(id: string, delayMs: number): void {
    const timer = this.#parts.clock.after(delayMs, () => void this.#end(id));
    this.#timers.set(id, timer);
  }

  async #end(id: string): Promise<void> {
    const { writer, log } = this.#parts;
    this.#timers.delete(id);
    try {
      await writer.submit({ kind: 'session-destroy', id, by: { why: `the TTL of session ${id} ran out` } });
      log.info({ session: id }, 'session ended: its TTL ran out');
    } catch (error) {
      // Whoever renewed it meanwhile has given it another timer, and so has another begin.
      if (!this.#isWatching || this.#timers.has(id)) return;
      log.warn({ session: id, error }, 'session could not be ended; trying again');
      this.#endAfter(id, RETRY_MS);
    }
  }
}
