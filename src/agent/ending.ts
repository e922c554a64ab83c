/**
 * How an agent ends: it stops, or it leaves first. Each way is taken once, whoever asks and however often.
 */
import { type Clock, sleep } from '../lib/clock.ts';

export class Ending {
  readonly ended: Promise<void>;
  readonly #takeOut: () => Promise<void>;
  readonly #drainMs: number;
  readonly #clock: Clock;
  #resolve: () => void = () => {};
  #stopParts: () => Promise<void> = async () => {};
  #stopping: Promise<void> | undefined;
  #leaving: Promise<void> | undefined;

  constructor(takeOut: () => Promise<void>, drainMs: number, clock: Clock) {
    this.#takeOut = takeOut;
    this.#drainMs = drainMs;
    this.#clock = clock;
    this.ended = new Promise((resolve) => {
      this.#resolve = resolve;
    });
  }

  /** Tell what stops everything, once everything runs. */
  begin(stopParts: () => Promise<void>): void {
    this.#stopParts = stopParts;
  }

  /** Whether it has begun to stop or leave. */
  get hasBegun(): boolean {
    return this.#stopping !== undefined || this.#leaving !== undefined;
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#stopParts().then(() => this.#resolve());
    return this.#stopping;
  }

  /** Resolves when the node is out of the catalog; the agent answers for the drain time and then ends. */
  leave(): Promise<void> {
    this.#leaving ??= this.#takeOut().then(() => {
      void sleep(this.#clock, this.#drainMs).then(() => this.stop());
    });
    return this.#leaving;
  }
}
