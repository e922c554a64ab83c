/**
 * The one queue that all writes pass: reduce → commit → install → wake.
 *
 * Whatever arrives while a commit is under way forms the next batch (group commit): one fsync serves all of it. A
 * command that is refused rejects alone; a commit that fails rejects its whole batch, and readers never see any of it.
 * After a failed commit the queue goes on: a full disk must not need a restart once it has room again.
 */
import type { Clock } from '../lib/clock.ts';
import type { Random } from '../lib/random.ts';
import { AppError, invariant } from '../model/errors.ts';
import type { ModifyIndex } from '../model/types.ts';
import type { Command, Committed, Results } from './command.ts';
import { Draft } from './draft.ts';
import type { Persistence } from './persistence.ts';
import { type Reduced, readResult, reduce } from './reduce.ts';
import type { Applied, State } from './state.ts';
import { type TopicIndexes, topicsOf } from './topics.ts';
import type { Watch } from './watch.ts';

/**
 * Commands in one transaction. Turning it up makes bursts a little cheaper, and everybody else waits while a batch is
 * reduced and installed: some 0.1 ms for each command.
 */
const MAX_BATCH = 64;

interface Pending {
  readonly command: Command;
  resolve(committed: Committed): void;
  reject(error: unknown): void;
}

interface Reducible extends Pending {
  readonly reduced: Reduced;
}

export interface WriterParts {
  readonly state: State;
  readonly indexes: TopicIndexes;
  readonly watch: Watch;
  readonly persistence: Persistence;
  readonly clock: Clock;
  readonly random: Random;
  /** Told of every installed write, in order, before those who wait are woken. */
  readonly onInstalled: (applied: readonly Applied[], index: ModifyIndex) => void;
}

export class Writer {
  readonly #parts: WriterParts;
  #queue: Pending[] = [];
  #running: Promise<void> | undefined;
  #isStopped = false;

  constructor(parts: WriterParts) {
    this.#parts = parts;
  }

  /** Commands that wait for a commit. */
  get depth(): number {
    return this.#queue.length;
  }

  /** Resolves once the write is durable and visible; rejects with AppError when it is refused or cannot be stored. */
  submit<C extends Command>(command: C): Promise<Committed<C['kind'] & keyof Results>> {
    if (this.#isStopped) return Promise.reject(new AppError('stopping', 'agent is shutting down'));
    return new Promise((resolve, reject) => {
      this.#queue.push({ command, resolve: resolve as Pending['resolve'], reject });
      this.#running ??= this.#drain();
    });
  }

  /** Take no more commands and wait until those that were taken are durable. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#running;
  }

  async #drain(): Promise<void> {
    await Promise.resolve(); // everything that this turn of the event loop submits joins the first batch
    while (this.#queue.length > 0) {
      const batch = this.#queue.splice(0, MAX_BATCH);
      try {
        await this.#runBatch(batch);
      } catch (bug) {
        // Told to those who wait for it; the queue must not end with it. Who has an answer already keeps that.
        for (const { reject } of batch) reject(bug);
      }
    }
    this.#running = undefined;
  }

  async #runBatch(batch: readonly Pending[]): Promise<void> {
    const reducible = this.#reduceAll(batch);
    const writes = reducible.filter(({ reduced }) => reduced.changes.length > 0);
    let indexes: readonly ModifyIndex[] = [];
    try {
      if (writes.length > 0)
        indexes = await this.#parts.persistence.commit(writes.map(({ reduced }) => reduced.changes));
    } catch (cause) {
      for (const { reject } of reducible) reject(storeFailed(cause));
      return;
    }
    invariant(indexes.length === writes.length, 'a store answers one index for each write');
    this.#installAll(reducible, indexes);
  }

  #reduceAll(batch: readonly Pending[]): readonly Reducible[] {
    const { state, clock, random } = this.#parts;
    const draft = new Draft(state.view);
    const context = { nowMs: clock.now(), random };
    const reducible: Reducible[] = [];
    for (const pending of batch) {
      try {
        const reduced = reduce(draft.view, pending.command, context);
        draft.absorb(reduced.changes);
        reducible.push({ ...pending, reduced });
      } catch (refusal) {
        pending.reject(refusal);
      }
    }
    return reducible;
  }

  #installAll(reducible: readonly Reducible[], indexes: readonly ModifyIndex[]): void {
    const { state, watch, indexes: topicIndexes, onInstalled } = this.#parts;
    const woken = new Set<string>();
    let next = 0;
    for (const each of reducible) {
      const { reduced } = each;
      if (reduced.changes.length > 0) {
        const index = indexes[next++] as ModifyIndex;
        const applied = state.install(reduced.changes, index);
        const topics = topicsOf(applied, state.view);
        topicIndexes.touch(topics, index);
        for (const topic of topics) woken.add(topic);
        onInstalled(applied, index);
      }
      settle(each, state);
    }
    watch.wake(woken);
  }
}

function settle({ reduced, resolve, reject }: Reducible, { view, index }: State): void {
  try {
    resolve({ index, result: readResult(reduced.result, view) as Results[keyof Results] });
  } catch (bug) {
    reject(bug);
  }
}

function storeFailed(cause: unknown): AppError {
  if (cause instanceof AppError) return cause;
  const why = cause instanceof Error ? cause.message : String(cause);
  return new AppError('store_failed', `the change could not be stored: ${why}`, { cause });
}
