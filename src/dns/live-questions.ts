/**
 * Shows the questions of all threads to whoever watches, and has them sampled for as long as somebody does.
 */
import type { Clock, Timer } from '../lib/clock.ts';
import { AppError } from '../model/errors.ts';
import type { QuestionBatch, QuestionSample } from './question-sample.ts';

/** Time between two looks at what was sampled. */
export const LOOK_MS = 250;
/** Turning it up lets more people watch at once; each is sent the same. */
const MAX_WATCHERS = 32;

/** Called a few times a second, also when nothing was asked, until the returned function is. */
export type WatchQuestions = (onBatch: (batch: QuestionBatch) => void) => () => void;

export class LiveQuestions {
  readonly #clock: Pick<Clock, 'after'>;
  readonly #sample: QuestionSample;
  readonly #watchers = new Set<(batch: QuestionBatch) => void>();
  #heard: QuestionBatch[] = [];
  #timer: Timer | undefined;
  #onSwitch: (isOn: boolean) => void = () => {};

  constructor(clock: Pick<Clock, 'after'>, sample: QuestionSample) {
    this.#clock = clock;
    this.#sample = sample;
  }

  get isOn(): boolean {
    return this.#watchers.size > 0;
  }

  /** Who has samples of its own, and sends them to `hear` while it is on. */
  onSwitch(listener: (isOn: boolean) => void): void {
    this.#onSwitch = listener;
  }

  /** What another thread has sampled. */
  hear(batch: QuestionBatch): void {
    if (this.isOn) this.#heard.push(batch);
  }

  /** Throws over_budget when too many watch. */
  readonly watch: WatchQuestions = (onBatch) => {
    if (this.#watchers.size >= MAX_WATCHERS)
      throw new AppError('over_budget', `${MAX_WATCHERS} watch the questions of DNS already`);
    // Two may pass the same function.
    const watcher = (batch: QuestionBatch): void => onBatch(batch);
    this.#watchers.add(watcher);
    if (this.#watchers.size === 1) this.#switch(true);
    return () => {
      if (this.#watchers.delete(watcher) && this.#watchers.size === 0) this.#switch(false);
    };
  };

  #switch(isOn: boolean): void {
    this.#sample.watch(isOn);
    this.#onSwitch(isOn);
    this.#timer?.cancel();
    this.#heard = [];
    if (isOn) this.#later();
  }

  #later(): void {
    this.#timer = this.#clock.after(LOOK_MS, () => {
      this.#later();
      this.#tell();
    });
  }

  #tell(): void {
    const batches = [this.#sample.take(), ...this.#heard];
    this.#heard = [];
    const batch: QuestionBatch = {
      seen: batches.reduce((sum, { seen }) => sum + seen, 0),
      questions: batches.flatMap(({ questions }) => questions).sort((a, b) => a.atMs - b.atMs),
    };
    for (const watcher of this.#watchers) watcher(batch);
  }
}
