/**
 * Steps that are done again and again, one of each kind at a time.
 *
 * Each begins up to a tenth before its interval ends, at random, so that the loops of many agents do not align. A step
 * that fails is logged and done again at its next time.
 */
import type { Clock, Timer } from '../lib/clock.ts';
import type { Logger } from '../lib/logger.ts';
import type { Random } from '../lib/random.ts';

export interface UpkeepParts {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
}

/** What to do, and within which time again. */
export interface Step {
  readonly intervalMs: number;
  readonly run: () => Promise<void>;
}

export class Upkeep {
  readonly #parts: UpkeepParts;
  readonly #steps: readonly Step[];
  /** The timers of the present start; undefined while stopped. A step that outlives its start is not repeated. */
  #timers: Set<Timer> | undefined;

  constructor(parts: UpkeepParts, steps: readonly Step[]) {
    this.#parts = parts;
    this.#steps = steps;
  }

  /** Whether no step begins any more. */
  get isStopped(): boolean {
    return this.#timers === undefined;
  }

  /** Do every step within its interval, until stopped. Nothing when it runs already. */
  start(): void {
    if (this.#timers !== undefined) return;
    const timers = new Set<Timer>();
    this.#timers = timers;
    for (const step of this.#steps) this.#repeat(step, timers);
  }

  stop(): void {
    for (const timer of this.#timers ?? []) timer.cancel();
    this.#timers = undefined;
  }

  #repeat(step: Step, timers: Set<Timer>): void {
    if (this.#timers !== timers) return;
    const { clock, random, log } = this.#parts;
    const timer = clock.after(step.intervalMs * (1 - random.next() / 10), () => {
      timers.delete(timer);
      step
        .run()
        .catch((error: unknown) => log.error({ err: error }, 'upkeep of registrations failed'))
        .finally(() => this.#repeat(step, timers));
    });
    timers.add(timer);
  }
}
