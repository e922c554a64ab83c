/**
 * Keeps it known what a token of the agent itself may do, where servers have to be asked: DNS cannot wait for it, because it
 * answers at once.
 */
import type { Clock, Timer } from '../../lib/clock.ts';

/** Time in ms between two looks whether it has to be asked again, which costs nothing while it has not. */
const LOOK_MS = 1_000;

export interface KnownTokenParts {
  /** Of this moment. */
  readonly secret: () => string;
  readonly know: (secret: string) => Promise<void> | undefined;
  readonly clock: Clock;
}

export class KnownToken {
  readonly #parts: KnownTokenParts;
  readonly #listeners: (() => void)[] = [];
  #timer: Timer | undefined;

  constructor(parts: KnownTokenParts) {
    this.#parts = parts;
  }

  start(): void {
    this.look();
    this.#timer = this.#parts.clock.after(LOOK_MS, () => this.start());
  }

  stop(): void {
    this.#timer?.cancel();
  }

  /** Have `listener` called whenever it was asked anew what the token is. */
  onLooked(listener: () => void): void {
    this.#listeners.push(listener);
  }

  /** Ask anew, if it is time for that. */
  look(): void {
    const { know, secret } = this.#parts;
    void know(secret())?.then(() => {
      for (const listener of this.#listeners) listener();
    });
  }
}
