/**
 * Divides the thread among those who have more to do than fits between two packets of others.
 *
 * Work is done in turns of a few milliseconds, a few steps of each in a row; between two turns the loop looks at its
 * sockets. Whatever goes through one `Turns` costs a UDP client about one turn, all of it together: what TCP clients of
 * DNS ask, requests that were pipelined over HTTP, answers of megabytes.
 */
import type { Clock } from './clock.ts';

/** Length of a turn. Turning it up delays UDP answers while others have much to do. */
const TURN_MS = 4;
/** Steps of one before the next one has its own. */
const STEPS_IN_A_ROW = 16;

export interface Work {
  /** Do one small piece; false when there is nothing left to do for now. */
  step(): boolean;
}

export class Turns {
  readonly #clock: Pick<Clock, 'monotonic'>;
  /** In the order of their next steps. */
  readonly #waiting = new Set<Work>();
  #isScheduled = false;

  constructor(clock: Pick<Clock, 'monotonic'>) {
    this.#clock = clock;
  }

  /** Give work its steps from the next turn on, until it has none left. What waits already keeps its place. */
  add(work: Work): void {
    this.#waiting.add(work);
    this.#schedule();
  }

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(() => this.#turn());
  }

  #turn(): void {
    this.#isScheduled = false;
    const endMs = this.#clock.monotonic() + TURN_MS;
    for (const work of this.#waiting) {
      this.#waiting.delete(work);
      if (this.#steps(work, endMs)) this.#waiting.add(work);
      if (this.#clock.monotonic() >= endMs) break;
    }
    if (this.#waiting.size > 0) this.#schedule();
  }

  /** A few steps of one; whether it has more. */
  #steps(work: Work, endMs: number): boolean {
    for (let done = 0; done < STEPS_IN_A_ROW; done += 1) {
      if (!work.step()) return false;
      if (this.#clock.monotonic() >= endMs) return true;
    }
    return true;
  }
}

/** Let the loop look at its sockets before what comes next. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Do `step` in turns until it gives false. Rejects with what it throws, and then does it no more. */
export function inTurns(turns: Pick<Turns, 'add'>, step: () => boolean): Promise<void> {
  return new Promise((resolve, reject) => {
    const guarded = (): boolean => {
      try {
        if (step()) return true;
        resolve();
      } catch (error) {
        reject(error);
      }
      return false;
    };
    turns.add({ step: guarded });
  });
}
