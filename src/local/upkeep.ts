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

export class Upkeep {
  readonly #parts: UpkeepParts;
  readonly #timers = new Set<Timer>();
  #isStopped = false;

  constructor(parts: UpkeepParts) {
    this.#parts = parts;
  }

  /** Whether no step begins any more. */
  get isStopped(): boolean {
    return this.#isStopped;
  }

  /** Do a step within every interval until the end. */
  repeat(intervalMs: number, step: () => Promise<void>): void {
    if (this.#isStopped) return;
    const { clock, random, log } = this.#parts;
    const timer = clock.after(intervalMs * (1 - random.next() / 10), () => {
      this.#timers.delete(timer);
      step()
        .catch((error: unknown) => log.error({ err: error }, 'upkeep of registrations failed'))
        .finally(() => this.repeat(intervalMs, step));
    });
    this.#timers.add(timer);
  }

  stop(): void {
    this.#isStopped = true;
    for (const timer of this.#timers) timer.cancel();
    this.#timers.clear();
  }
}
