/**
 * A server's part in the election of the leader: it always stands for it, and knows at every moment who leads.
 *
 * Whoever gets the lock first brings its copy up to date; then its term begins. When the lock is lost the term ends and
 * the server stands again. Terms may begin and end many times.
 */

import type { LeaderLock, Leadership, ServerRecord } from '../catalog/leader-lock.ts';
import type { Clock } from '../lib/clock.ts';
import { sleep } from '../lib/clock.ts';
import type { Logger } from '../lib/logger.ts';
import type { ReplicaProgress } from './replica-progress.ts';

/** Time in ms that a new leader has to bring its copy up to date before it lets another try. */
const CATCH_UP_MS = 5_000;
/** Pause in ms before a server that could not lead tries again. */
const RETRY_MS = 1_000;

/** A server that holds back looks so often whether it still has to. */
const HELD_BACK_LOOK_MS = 50;

/** Who leads, as this server knows it. */
export type Standing =
  | { readonly kind: 'leader'; readonly leadership: Leadership }
  | { readonly kind: 'follower'; readonly leader: ServerRecord }
  | { readonly kind: 'leaderless' };

/** What only the leader does: timers of sessions, judging who is alive. */
export interface Term {
  begin(): void;
  end(): void;
}

export interface CandidateParts {
  readonly self: ServerRecord;
  readonly lock: LeaderLock;
  readonly progress: ReplicaProgress;
  readonly term: Term;
  readonly clock: Clock;
  readonly log: Logger;
}

const LEADERLESS: Standing = { kind: 'leaderless' };

export class Candidate {
  readonly #parts: CandidateParts;
  readonly #stopping = new AbortController();
  readonly #listeners = new Set<(standing: Standing) => void>();
  readonly #holderListeners = new Set<(holder: ServerRecord | undefined) => void>();
  #standing: Standing = LEADERLESS;
  #holder: ServerRecord | undefined;
  /** The holder of the lock is not heard: for this server it does not lead, whatever the store says. */
  #isDoubted = false;
  #running: Promise<void> = Promise.resolve();
  /** Until then this server leaves the lock to others. */
  #heldBackUntilMs = 0;
  /** Ends the wait for the lock, so that holding back, and stopping, is obeyed at once. */
  #waiting = new AbortController();
  #leaderlessSinceMs: number;

  constructor(parts: CandidateParts) {
    this.#parts = parts;
    this.#leaderlessSinceMs = parts.clock.monotonic();
  }

  /** Time in ms since nobody leads; 0 while somebody does. */
  get leaderlessMs(): number {
    if (this.#standing.kind !== 'leaderless') return 0;
    return this.#parts.clock.monotonic() - this.#leaderlessSinceMs;
  }

  get standing(): Standing {
    return this.#standing;
  }

  /** Tell of every change of standing; not of the present one. */
  onStanding(listener: (standing: Standing) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Tell who holds the lock, now and whenever that changes; also when the holder is not heard. */
  onHolder(listener: (holder: ServerRecord | undefined) => void): () => void {
    this.#holderListeners.add(listener);
    listener(this.#holder);
    return () => void this.#holderListeners.delete(listener);
  }

  /** The holder of the lock is heard. */
  heard(): void {
    if (!this.#isDoubted) return;
    this.#isDoubted = false;
    if (this.#standing.kind !== 'leader') this.#set(this.#ledByAnother());
  }

  /**
   * The holder was not heard for so long that it no longer leads: a store that cannot be written to goes on naming it.
   */
  lost(silentMs: number): void {
    if (this.#isDoubted) return;
    this.#isDoubted = true;
    if (this.#standing.kind === 'leader') return;
    this.#set(this.#ledByAnother());
    this.#leaderlessSinceMs = this.#parts.clock.monotonic() - silentMs;
  }

  /** Resolves with the standing as soon as somebody leads, or with what it is when `timeoutMs` are over. Never rejects. */
  whenLed(timeoutMs: number): Promise<Standing> {
    if (this.#standing.kind !== 'leaderless' || timeoutMs <= 0) return Promise.resolve(this.#standing);
    return this.changed(timeoutMs);
  }

  /** Resolves with the standing after its next change, or with what it is when `timeoutMs` are over. Never rejects. */
  changed(timeoutMs: number): Promise<Standing> {
    return new Promise((resolve) => {
      const end = (): void => {
        timer.cancel();
        forget();
        resolve(this.#standing);
      };
      const timer = this.#parts.clock.after(timeoutMs, end);
      const forget = this.onStanding(end);
    });
  }

  start(): void {
    const stopObserving = this.#parts.lock.observe((holder) => {
      this.#holder = holder;
      this.#isDoubted = false;
      for (const listener of [...this.#holderListeners]) listener(holder);
      if (this.#standing.kind !== 'leader') this.#set(this.#ledByAnother());
    });
    this.#stopping.signal.addEventListener('abort', stopObserving);
    this.#running = this.#campaign();
  }

  /** Leave the lock to others for a while, if it comes free; 0 takes that back. */
  holdBack(ms: number): void {
    this.#heldBackUntilMs = this.#parts.clock.monotonic() + ms;
    this.#waiting.abort();
  }

  /** End the term and give the lock to whoever is first, but not to this server for a while. Never rejects. */
  async resign(holdBackMs: number): Promise<void> {
    this.holdBack(holdBackMs);
    if (this.#standing.kind !== 'leader') return;
    await this.#standing.leadership.resign();
  }

  /** Give the lock back if it is held. Never rejects. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#waiting.abort();
    if (this.#standing.kind === 'leader') {
      const { leadership } = this.#standing;
      this.#endTerm();
      await leadership.resign();
    }
    await this.#running;
  }

  #ledByAnother(): Standing {
    // That its own name is in the lock while its copy is not up to date yet, or just after it lost it, does not mean
    // that anybody leads.
    if (this.#holder === undefined || this.#holder.id === this.#parts.self.id) return LEADERLESS;
    if (this.#isDoubted) return LEADERLESS;
    return { kind: 'follower', leader: this.#holder };
  }

  #set(standing: Standing): void {
    const before = this.#standing;
    this.#standing = standing;
    if (standing.kind === 'leaderless' && before.kind !== 'leaderless')
      this.#leaderlessSinceMs = this.#parts.clock.monotonic();
    if (before.kind === standing.kind && leaderIdOf(before) === leaderIdOf(standing)) return;
    for (const listener of [...this.#listeners]) listener(standing);
  }

  async #campaign(): Promise<void> {
    const { self, lock, clock } = this.#parts;
    for (;;) {
      this.#waiting = new AbortController(); // before the pause: holding back that begins at its end is obeyed, too
      await this.#whileHeldBack();
      if (this.#stopping.signal.aborted) return;
      const leadership = await lock.campaign(self, this.#waiting.signal);
      if (leadership === undefined) continue;
      if (await this.#isReady(leadership)) await this.#lead(leadership);
      else {
        await leadership.resign();
        await sleep(clock, RETRY_MS); // whose copy is further gets its chance
      }
    }
  }

  async #whileHeldBack(): Promise<void> {
    const { clock } = this.#parts;
    while (!this.#stopping.signal.aborted && clock.monotonic() < this.#heldBackUntilMs)
      await sleep(clock, HELD_BACK_LOOK_MS);
  }

  async #isReady({ index, lost }: Leadership): Promise<boolean> {
    const isUpToDate = await this.#parts.progress.reached(index, CATCH_UP_MS);
    return isUpToDate && !lost.aborted && !this.#stopping.signal.aborted;
  }

  async #lead(leadership: Leadership): Promise<void> {
    const { term, log } = this.#parts;
    this.#set({ kind: 'leader', leadership });
    log.info({ term: leadership.term }, 'this server leads');
    term.begin();
    await new Promise<void>((resolve) => {
      if (leadership.lost.aborted) resolve();
      else leadership.lost.addEventListener('abort', () => resolve(), { once: true });
    });
    if (this.#standing.kind !== 'leader') return; // stopped, and said so
    log.warn({ term: leadership.term }, 'this server does not lead any more');
    this.#endTerm();
  }

  #endTerm(): void {
    this.#parts.term.end();
    this.#set(this.#ledByAnother());
  }
}

function leaderIdOf(standing: Standing): string | undefined {
  return standing.kind === 'follower' ? standing.leader.id : undefined;
}
