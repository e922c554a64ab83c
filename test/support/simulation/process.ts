/**
 * A process in a simulated world: its clock stops with it, and what arrives while it is stopped waits.
 */
import type { Clock, Timer } from '../../../src/lib/clock.ts';

export class Process {
  readonly name: string;
  readonly clock: Clock;
  #isDead = false;
  #isPaused = false;
  #waiting: (() => void)[] = [];
  readonly #onDeath: (() => void)[] = [];

  constructor(name: string, world: Clock) {
    this.name = name;
    this.clock = {
      now: () => world.now(),
      monotonic: () => world.monotonic(),
      after: (delayMs, fn): Timer => {
        let isCancelled = false;
        const timer = world.after(delayMs, () => this.deliver(() => void (isCancelled || fn())));
        return {
          cancel: () => {
            isCancelled = true;
            timer.cancel();
          },
        };
      },
    };
  }

  get isDead(): boolean {
    return this.#isDead;
  }

  get isRunning(): boolean {
    return !this.#isDead && !this.#isPaused;
  }

  /** Have the process do something: now, when it goes on, or never. */
  deliver(fn: () => void): void {
    if (this.#isDead) return;
    if (this.#isPaused) this.#waiting.push(fn);
    else fn();
  }

  /** As kill -9. */
  kill(): void {
    this.#isDead = true;
    this.#waiting = [];
    for (const tell of this.#onDeath.splice(0)) tell();
  }

  /** As SIGSTOP. */
  pause(): void {
    this.#isPaused = true;
  }

  /** As SIGCONT. */
  resume(): void {
    this.#isPaused = false;
    for (const fn of this.#waiting.splice(0)) this.deliver(fn);
  }

  onDeath(tell: () => void): void {
    if (this.#isDead) tell();
    else this.#onDeath.push(tell);
  }
}
