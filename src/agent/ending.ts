/**
 * How an agent ends: it stops, or it leaves first. Each way is taken once, whoever asks and however often.
 *
 * A leave that fails (a full disk refuses to take the node out) is no leave: the agent serves on as before, and whoever
 * asks again has it tried again. A signal is another matter, because who sends one wants the process gone: there the agent
 * ends all the same.
 */
import { type Clock, settlesWithin, sleep } from '../lib/clock.ts';
import type { Logger } from '../lib/logger.ts';
import { AppError } from '../model/errors.ts';

/** How long taking the node out of the catalog may take, ms; a store that does not answer is not waited for. */
const TAKE_OUT_MS = 15_000;

export interface EndingParts {
  /** Keeps the node in the catalog, and stops doing so before it leaves. */
  readonly local: { stop(): Promise<void>; resume(): Promise<void> };
  /** Take the node out of the catalog. */
  readonly deregister: () => Promise<unknown>;
  /** How long an agent that has left goes on answering. */
  readonly drainMs: number;
  readonly clock: Clock;
  readonly log: Logger;
}

export class Ending {
  /** Resolves to why, where it could not go on. */
  readonly ended: Promise<AppError | undefined>;
  readonly #parts: EndingParts;
  #resolve: (failure: AppError | undefined) => void = () => {};
  #failure: AppError | undefined;
  #stopParts: () => Promise<void> = async () => {};
  #stopping: Promise<void> | undefined;
  #leaving: Promise<void> | undefined;

  constructor(parts: EndingParts) {
    this.#parts = parts;
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
    this.#stopping ??= this.#stopParts().finally(() => this.#resolve(this.#failure));
    return this.#stopping;
  }

  /** Stop because it cannot go on. */
  fail(why: AppError): Promise<void> {
    this.#failure ??= why;
    return this.stop();
  }

  /**
   * Resolves when the node is out of the catalog; the agent answers for the drain time and then ends. Rejects when it
   * could not be taken out; the agent then goes on.
   */
  leave(): Promise<void> {
    this.#leaving ??= this.#leave();
    return this.#leaving;
  }

  /** Leave, or at least stop; never rejects. */
  async leaveOrStop(): Promise<void> {
    try {
      await this.leave();
    } catch (err) {
      this.#parts.log.error({ err }, 'the node could not leave; the agent ends without that');
      await this.stop();
    }
  }

  async #leave(): Promise<void> {
    const { local, clock, drainMs } = this.#parts;
    try {
      if (!(await settlesWithin(clock, TAKE_OUT_MS, this.#takeOut())))
        throw new AppError('store_failed', 'the store did not take the node out of the catalog in time');
    } catch (error) {
      this.#leaving = undefined;
      if (this.#stopping === undefined) await local.resume();
      throw error;
    }
    void sleep(clock, drainMs).then(() => this.stop());
  }

  async #takeOut(): Promise<void> {
    await this.#parts.local.stop();
    await this.#parts.deregister();
  }
}
