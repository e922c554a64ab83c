/**
 * Whether the leader is alive, as a follower sees it, and what the follower does when it is not.
 *
 * The leader sends ten pulses a second on a call of its own. A follower that hears none for a second, or whose
 * connection breaks and twice in a row cannot be made again, challenges the leader: it has the store take the lock
 * away. The follower with the smallest id does so first, the others a little later each. A leader that is challenged
 * wrongly loses its term, nothing else. Also tells how long ago the leader was heard, for reads with a bound on their
 * age.
 */

import type { LeaderLock, ServerDirectory, ServerRecord } from '../catalog/leader-lock.ts';
import type { Clock, Timer } from '../lib/clock.ts';
import { sleep } from '../lib/clock.ts';
import type { Logger } from '../lib/logger.ts';
import type { RpcMethod } from '../rpc/rpc-server.ts';
import type { Candidate } from './candidate.ts';
import type { Peers } from './peers.ts';

/** Well below the 200 ms of silence after which the autopilot calls a server unhealthy. */
const PULSE_MS = 100;
/** How often silence is looked for, in ms. */
const LOOK_MS = 250;
/** Silence in ms after which a leader is challenged. Turning it down makes a busy machine lose its leader. */
const SILENCE_MS = 1_000;
/** Silence in ms after which nobody leads, as far as this server can tell: no challenge has helped. */
const GONE_MS = 3_000;
const REDIAL_MS = 200;
/** Dials in a row that fail before the leader counts as gone. */
const MAX_FAILED_DIALS = 2;
/** Time in ms that each follower leaves to those with smaller ids. */
const TURN_MS = 300;

/** Pause in ms after a challenge that made no leader heard; doubles each time. */
const FIRST_PAUSE_MS = 2_000;
const LONGEST_PAUSE_MS = 60_000;

export interface LeaderPulseParts {
  readonly self: ServerRecord;
  readonly candidate: Candidate;
  readonly directory: ServerDirectory;
  readonly lock: LeaderLock;
  readonly peers: Peers;
  readonly clock: Clock;
  readonly log: Logger;
}

export class LeaderPulse {
  readonly #parts: LeaderPulseParts;
  #heardMs: number;
  /** Ends the watch over the leader of this moment. */
  #watching = new AbortController();
  #forget: () => void = () => {};
  #isChallenging = false;
  /** No challenge before; a server that hears nobody must not take the lead from one that all others hear, again and again. */
  #notBeforeMs = 0;
  #pauseMs = FIRST_PAUSE_MS;
  #term = 0;

  constructor(parts: LeaderPulseParts) {
    this.#parts = parts;
    this.#heardMs = parts.clock.monotonic();
  }

  /** Time in ms since the leader was heard; 0 on the leader itself. */
  get lastContactMs(): number {
    const { candidate, clock } = this.#parts;
    return candidate.standing.kind === 'leader' ? 0 : clock.monotonic() - this.#heardMs;
  }

  /** The newest term that this server knows of; 0 before the first. */
  get term(): number {
    const { standing } = this.#parts.candidate;
    return standing.kind === 'leader' ? standing.leadership.term : this.#term;
  }

  start(): void {
    this.#forget = this.#parts.candidate.onHolder((holder) => this.#follow(holder));
  }

  stop(): void {
    this.#forget();
    this.#watching.abort();
  }

  /** What the leader answers its followers. */
  methods(): Readonly<Record<string, RpcMethod>> {
    return {
      pulse: async (_request, call) => {
        const { candidate, clock } = this.#parts;
        for (;;) {
          const { standing } = candidate;
          if (call.signal.aborted || standing.kind !== 'leader') return;
          await call.send({ term: standing.leadership.term });
          await sleep(clock, PULSE_MS);
        }
      },
    };
  }

  #follow(holder: ServerRecord | undefined): void {
    this.#watching.abort();
    if (holder === undefined) return;
    this.#heardMs = this.#parts.clock.monotonic();
    if (holder.id === this.#parts.self.id) return;
    this.#watching = new AbortController();
    void this.#watch(holder, this.#watching.signal);
  }

  #heard(message?: unknown): void {
    const { term } = (message ?? {}) as { readonly term?: unknown };
    if (typeof term === 'number') this.#term = term;
    this.#heardMs = this.#parts.clock.monotonic();
    [this.#notBeforeMs, this.#pauseMs] = [0, FIRST_PAUSE_MS];
    this.#parts.candidate.heard();
  }

  /** Listen to one leader until another leads. Never rejects. */
  async #watch(leader: ServerRecord, signal: AbortSignal): Promise<void> {
    const { clock, peers } = this.#parts;
    const silence = this.#onSilence(signal, () => void this.#challenge(leader, 'it is silent', signal));
    let failedDials = 0;
    while (!signal.aborted) {
      const end = await peers.call(
        leader,
        'pulse',
        {},
        {
          signal,
          onMessage: (message) => {
            failedDials = 0;
            this.#heard(message);
          },
        },
      );
      if (signal.aborted) break;
      // A server that has just got the lock answers before it leads: it is alive.
      if (end.kind === 'answered') this.#heard();
      if (end.kind === 'unsent') failedDials += 1;
      if (failedDials >= MAX_FAILED_DIALS) await this.#challenge(leader, 'it cannot be reached', signal);
      await sleep(clock, REDIAL_MS);
    }
    silence.cancel();
  }

  /**
   * Calls `act` whenever nothing was heard for too long, until `signal` aborts. Only time in which this process ran counts:
   * what a leader sent to one that was stopped, or busy with itself, still waits to be read.
   */
  #onSilence(signal: AbortSignal, act: () => void): Timer {
    const { clock } = this.#parts;
    let timer: Timer;
    let [silentMs, lookedMs, heardMs] = [0, clock.monotonic(), this.#heardMs];
    const look = (): void => {
      if (signal.aborted) return;
      const nowMs = clock.monotonic();
      const sinceMs = Math.max(lookedMs, this.#heardMs);
      const before = heardMs === this.#heardMs ? silentMs : 0;
      silentMs = before + Math.min(nowMs - sinceMs, 2 * LOOK_MS);
      [lookedMs, heardMs] = [nowMs, this.#heardMs];
      if (silentMs >= SILENCE_MS) act();
      if (silentMs >= GONE_MS) this.#parts.candidate.lost(silentMs);
      timer = clock.after(LOOK_MS, look);
    };
    timer = clock.after(LOOK_MS, look);
    return { cancel: () => timer.cancel() };
  }

  /** Wait for one's turn, then have the lock taken away if the leader is still the one, and still not heard. */
  async #challenge(leader: ServerRecord, why: string, signal: AbortSignal): Promise<void> {
    const { clock, lock, log } = this.#parts;
    if (this.#isChallenging || clock.monotonic() < this.#notBeforeMs) return;
    this.#isChallenging = true;
    const heardMs = this.#heardMs;
    await sleep(clock, this.#turn(leader) * TURN_MS);
    if (!signal.aborted && this.#heardMs === heardMs) {
      log.warn({ leader: leader.name, why }, 'the leader is challenged');
      this.#notBeforeMs = clock.monotonic() + this.#pauseMs;
      this.#pauseMs = Math.min(this.#pauseMs * 2, LONGEST_PAUSE_MS);
      await lock.challenge(leader);
    }
    this.#isChallenging = false;
  }

  /** How many other followers have a smaller id. */
  #turn(leader: ServerRecord): number {
    const { directory, self } = this.#parts;
    const before = [...directory.servers.keys()].filter((id) => id !== leader.id && id < self.id);
    return before.length;
  }
}
