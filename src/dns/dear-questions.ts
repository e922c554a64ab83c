/**
 * Questions over UDP that cost time, in turns: a flood of names never seen before must not keep those waiting whose answers
 * are known.
 *
 * Known answers never come here, and most others take some microseconds. Those that take DEAR_MS or longer may take
 * BUDGET_MS together in one turn of the event loop; then whatever is not known waits in line, in the order it came, and is
 * answered between the turns. What waits is bounded; a question beyond that gets no answer, as if its packet had been
 * lost. TCP has turns of its own (lib/fair-turns.ts).
 */
import type { Clock } from '../lib/clock.ts';

/** What takes less does not count: a flood of it is a load like any other. */
const DEAR_MS = 0.25;
/** Time for questions that are not known, in one turn of the event loop while packets keep coming. */
const BUDGET_MS = 1;
/** The same in a turn without packets. */
const IDLE_BUDGET_MS = 4;
/** Questions that wait; some 500 octets each. */
const MAX_WAITING = 4_000;

export class DearQuestions {
  readonly #clock: Pick<Clock, 'monotonic'>;
  #waiting: (() => void)[] = [];
  /** How many of them have been answered: taking from the front of an array moves all the others. */
  #taken = 0;
  #spentMs = 0;
  #isScheduled = false;

  constructor(clock: Pick<Clock, 'monotonic'>) {
    this.#clock = clock;
  }

  /** Whether the next one has to wait: this turn's time is used up, or others came before it. */
  get isBusy(): boolean {
    return this.#spentMs >= BUDGET_MS || this.#taken < this.#waiting.length;
  }

  /** Whether no more can wait. */
  get isFull(): boolean {
    return this.#waiting.length - this.#taken >= MAX_WAITING;
  }

  /** Tell how long an answer took that was given at once. */
  spend(elapsedMs: number): void {
    if (elapsedMs < DEAR_MS) return;
    this.#spentMs += elapsedMs;
    this.#schedule();
  }

  /** Have `answer`, which never throws, called when its turn has come. */
  wait(answer: () => void): void {
    this.#waiting.push(answer);
    this.#schedule();
  }

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(() => this.#turn());
  }

  #turn(): void {
    this.#isScheduled = false;
    const begunMs = this.#clock.monotonic();
    const budgetMs = this.#spentMs > 0 ? BUDGET_MS : IDLE_BUDGET_MS;
    this.#spentMs = 0;
    while (this.#taken < this.#waiting.length) {
      const answer = this.#waiting[this.#taken] as () => void;
      this.#taken += 1;
      answer();
      if (this.#clock.monotonic() - begunMs >= budgetMs) break;
    }
    if (this.#taken < this.#waiting.length) this.#schedule();
    else [this.#waiting, this.#taken] = [[], 0];
  }
}
