/**
 * Lets requests that arrive together be answered over several turns of the event loop.
 *
 * When two thousand clients come back at the same moment, the system hands over their requests all at once; answered in
 * one go, they would keep DNS and everybody else waiting for a fifth of a second. Each turn has its time; what comes
 * later in it waits for the next, in the order of arrival. A single request never waits.
 */
import type { Clock } from '../lib/clock.ts';

/** Time for requests in one turn, in ms. Turning it up delays DNS answers while a crowd is served. */
const TURN_MS = 4;

export class RequestTurns {
  readonly #clock: Pick<Clock, 'monotonic'>;
  /** When the first request of this turn began; undefined before there is one. */
  #startedMs: number | undefined;
  #waiting: (() => void)[] = [];

  constructor(clock: Pick<Clock, 'monotonic'>) {
    this.#clock = clock;
  }

  /** Call `begin` now, or in a later turn when this one has had its time. */
  take(begin: () => void): void {
    if (this.#startedMs === undefined) {
      this.#startedMs = this.#clock.monotonic();
      setImmediate(() => this.#nextTurn());
    }
    const isOver = this.#clock.monotonic() - this.#startedMs >= TURN_MS;
    if (isOver || this.#waiting.length > 0) this.#waiting.push(begin);
    else begin();
  }

  #nextTurn(): void {
    this.#startedMs = undefined;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const begin of waiting) this.take(begin);
  }
}
