/**
 * The one queue that all writes of a store pass: reduce → commit → install → wake.
 *
 * Whatever arrives while a commit is under way forms the next batch (group commit): one fsync serves all of it, as far as
 * the store's limits allow. A command that is refused rejects alone; a commit that is refused rejects its whole batch, and
 * readers never see any of it. Then the queue goes on: a full disk must not need a restart once it has room again.
 * A commit whose outcome is unknown rejects its batch at once, saying so; nothing further is written until the store has
 * told what became of it, because every write is made for the state before it.
 */
import type { Clock, Timer } from '../lib/clock.ts';
import { nextTurn } from '../lib/fair-turns.ts';
import type { Random } from '../lib/random.ts';
import { type AppError, invariant } from '../model/errors.ts';
import type { ModifyIndex } from '../model/types.ts';
import type { Command, Results } from './command.ts';
import { Draft } from './draft.ts';
import { type Journal, keepNotes, type PendingNote } from './history/keep-notes.ts';
import type { Installer } from './installer.ts';
import type { BatchLimits, CommitOutcome, Persistence, Write } from './persistence.ts';
import { type Reduce, type Reduced, readResult } from './reduce-context.ts';
import type { State } from './state.ts';
import type { Kinds, TableSpecs, ViewOf } from './table-set.ts';
import type { CatalogKinds } from './tables.ts';
import { mayHaveHappened, stopping, storeFailed, tooLarge } from './write-failures.ts';

/**
 * Commands in one transaction. Turning it up makes bursts a little cheaper, and everybody else waits while a batch is
 * reduced and installed: some 0.1 ms for each command.
 */
const MAX_BATCH = 64;
/** Changes after which a batch takes no further command, for the same reason: some 0.01 ms for each. */
const MAX_BATCH_CHANGES = 500;
/** Parts of a command, or changes of a batch, above which others get a turn before the next step is taken. */
const LONG = 300;
/** Time in ms between two questions for the outcome of a commit. Commands that wait then are refused. */
const ASK_AGAIN_MS = 1_000;

interface Answer {
  readonly index: ModifyIndex;
  readonly result: unknown;
}

interface Pending<C> {
  readonly command: C;
  resolve(answer: Answer): void;
  reject(error: unknown): void;
}

interface Reducible<K extends Kinds, C> extends Pending<C> {
  readonly reduced: Reduced<K>;
  /** What the history is to remember of it. */
  readonly notes: readonly PendingNote[];
  /** 0 where the store does not count them. */
  readonly bytes: number;
}

export interface WriterParts<K extends Kinds, C> {
  readonly specs: TableSpecs<K>;
  readonly reduce: Reduce<K, C>;
  readonly state: State<K>;
  readonly installer: Installer<K>;
  readonly persistence: Persistence<K>;
  readonly clock: Clock;
  readonly random: Random;
  /** Refuses, by throwing AppError, changes of the view that there is no room for. */
  readonly admit?: (changes: Write<K>, view: ViewOf<K>) => void;
  /** Keeps what is remembered of writes, in their commit. */
  readonly journal?: Journal<K, C>;
}

export class Writer<
  K extends Kinds = CatalogKinds,
  C extends { readonly kind: string } = Command,
  R = Results,
> {
  readonly #parts: WriterParts<K, C>;
  #queue: Pending<C>[] = [];
  #running: Promise<void> | undefined;
  /** What is being committed. */
  #underWay: readonly Reducible<K, C>[] = [];
  /** The rows with all that was taken laid over them; undefined until somebody asks, and after every batch. */
  #ahead: Draft<K> | undefined;
  #isStopped = false;
  /** Ends the pause before the outcome of a commit is asked for again. */
  #endPause: () => void = () => {};

  constructor(parts: WriterParts<K, C>) {
    this.#parts = parts;
  }

  /** Commands that wait for a commit. */
  get depth(): number {
    return this.#queue.length;
  }

  /**
   * The rows as they will be when all that was taken is done, what is refused by then left out: for plans that must not
   * be made against what is about to change. O(commands that wait) for the first look after a batch.
   */
  get ahead(): ViewOf<K> {
    if (this.#ahead === undefined) {
      const draft = new Draft(this.#parts.state.view, this.#parts.specs);
      this.#ahead = draft;
      for (const { reduced } of this.#underWay) draft.absorb(reduced.changes);
      for (const { command } of this.#queue) this.#layAhead(draft, command);
    }
    return this.#ahead.view;
  }

  /**
   * Resolves once the write is durable and visible, with its index, or the newest one when nothing had to change. Rejects
   * with AppError when it is refused or cannot be stored; `outcome_unknown` says that it may have been stored.
   */
  submit<X extends C>(
    command: X,
  ): Promise<{ readonly index: ModifyIndex; readonly result: R[X['kind'] & keyof R] }> {
    if (this.#isStopped) return Promise.reject(stopping());
    return new Promise((resolve, reject) => {
      this.#queue.push({ command, resolve: resolve as Pending<C>['resolve'], reject });
      if (this.#ahead !== undefined) this.#layAhead(this.#ahead, command);
      this.#running ??= this.#drain();
    });
  }

  /** Take no more commands and wait until those that were taken are durable. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#endPause();
    await this.#running;
  }

  async #drain(): Promise<void> {
    await Promise.resolve(); // everything that this turn of the event loop submits joins the first batch
    while (this.#queue.length > 0) {
      if (this.#queue.some(({ command }) => stepsOf(command) > LONG)) await nextTurn();
      const batch = this.#withNotes(this.#takeBatch());
      try {
        await this.#runBatch(batch);
      } catch (bug) {
        // Told to those who wait for it; the queue must not end with it. Who has an answer already keeps that.
        for (const { reject } of batch) reject(bug);
      }
    }
    this.#running = undefined;
  }

  /** What fits into a batch beside its notes. */
  #limits(): BatchLimits {
    const { persistence, journal } = this.#parts;
    const { limits } = persistence;
    if (journal === undefined) return limits;
    return { ...limits, maxOperations: limits.maxOperations - journal.maxOperations };
  }

  #withNotes(batch: readonly Reducible<K, C>[]): readonly Reducible<K, C>[] {
    const { state, journal } = this.#parts;
    return journal === undefined ? batch : keepNotes(batch, state.index, journal);
  }

  #layAhead(draft: Draft<K>, command: C): void {
    const { reduce, clock, random } = this.#parts;
    try {
      draft.absorb(reduce(draft.view, command, { nowMs: clock.now(), random }).changes);
    } catch {
      // Refused: its submitter hears of it when its turn has come.
    }
  }

  /** Reduce what waits, as much as one transaction takes; the rest waits on. What is refused is gone. */
  #takeBatch(): readonly Reducible<K, C>[] {
    const { specs, state } = this.#parts;
    const limits = this.#limits();
    const draft = new Draft(state.view, specs);
    const reducible: Reducible<K, C>[] = [];
    let [taken, operations, bytes] = [0, 0, 0];
    for (const pending of this.#queue.slice(0, MAX_BATCH)) {
      const next = this.#reduceOne(draft, pending);
      if (next !== undefined) {
        const size = { operations: next.reduced.changes.length, bytes: next.bytes };
        const fits =
          operations + size.operations <= limits.maxOperations && bytes + size.bytes <= limits.maxBytes;
        if (!fits && operations > 0) break;
        if (fits || limits.isLargeWriteTaken) {
          draft.absorb(next.reduced.changes);
          reducible.push(next);
          operations += size.operations;
          bytes += size.bytes;
        } else pending.reject(tooLarge({ ...size, ...limits }));
      }
      taken += 1;
      if (operations >= MAX_BATCH_CHANGES || operations > limits.maxOperations || bytes > limits.maxBytes)
        break;
    }
    this.#queue = this.#queue.slice(taken);
    return reducible;
  }

  #reduceOne(draft: Draft<K>, pending: Pending<C>): Reducible<K, C> | undefined {
    const { reduce, clock, random, persistence, admit, journal } = this.#parts;
    try {
      const nowMs = clock.now();
      const { command } = pending;
      const reduced = reduce(draft.view, command, { nowMs, random });
      admit?.(reduced.changes, draft.view);
      const notes = journal?.note(command, reduced.changes, { view: draft.view, nowMs }) ?? [];
      const isCounted = persistence.limits.maxBytes !== Infinity;
      const bytes = isCounted ? persistence.sizeOf(reduced.changes) + (journal?.sizeOf(notes) ?? 0) : 0;
      return { ...pending, reduced, notes, bytes };
    } catch (refusal) {
      pending.reject(refusal);
      return undefined;
    }
  }

  async #runBatch(batch: readonly Reducible<K, C>[]): Promise<void> {
    const writes = batch.map(({ reduced }) => reduced.changes).filter((changes) => changes.length > 0);
    const after = this.#parts.state.index;
    this.#underWay = batch;
    if (writes.reduce((sum, changes) => sum + changes.length, 0) > LONG) await nextTurn();
    let outcome: CommitOutcome =
      writes.length === 0 ? { outcome: 'done', indexes: [] } : await this.#commit(writes, after);
    if (outcome.outcome === 'unknown') {
      rejectAll(batch, mayHaveHappened(outcome.reason));
      outcome = await this.#findOut(writes, after);
    }
    this.#underWay = [];
    this.#ahead = undefined;
    if (outcome.outcome === 'done') this.#installAll(batch, outcome.indexes);
    else rejectAll(batch, outcome.reason);
  }

  async #commit(writes: readonly Write<K>[], after: ModifyIndex): Promise<CommitOutcome> {
    try {
      return await this.#parts.persistence.commit(writes, after);
    } catch (cause) {
      return { outcome: 'unknown', reason: storeFailed(cause) };
    }
  }

  /** What became of a commit, asked until the store knows. Stopping gives up: the next start reads what is there. */
  async #findOut(writes: readonly Write<K>[], after: ModifyIndex): Promise<CommitOutcome> {
    for (;;) {
      const outcome = await this.#askOutcome(writes, after);
      if (outcome.outcome !== 'unknown') return outcome;
      rejectAll(this.#queue.splice(0), this.#isStopped ? stopping() : outcome.reason);
      if (this.#isStopped) return { outcome: 'refused', reason: stopping() };
      await this.#pause();
    }
  }

  async #askOutcome(writes: readonly Write<K>[], after: ModifyIndex): Promise<CommitOutcome> {
    try {
      return await this.#parts.persistence.outcomeOf(writes, after);
    } catch (cause) {
      return { outcome: 'unknown', reason: storeFailed(cause) };
    }
  }

  #pause(): Promise<void> {
    return new Promise((resolve) => {
      const timer: Timer = this.#parts.clock.after(ASK_AGAIN_MS, resolve);
      this.#endPause = () => {
        timer.cancel();
        resolve();
      };
    });
  }

  #installAll(batch: readonly Reducible<K, C>[], indexes: readonly ModifyIndex[]): void {
    const { state, installer } = this.#parts;
    let next = 0;
    for (const each of batch) {
      const { changes } = each.reduced;
      if (changes.length > 0) {
        const index = indexes[next++];
        invariant(index !== undefined, 'a store answers one index for each write');
        // What is durable has to be installed, whatever a bug does to the write before it.
        attempt(each, () => installer.install({ index, changes }));
      }
      attempt(each, () => settle(each, state));
    }
    installer.wake();
  }
}

/** Parts of a command that are reduced one after the other. */
function stepsOf(command: { readonly kind: string; readonly commands?: readonly unknown[] }): number {
  return command.commands?.length ?? 1;
}

function rejectAll(pending: readonly { reject(error: unknown): void }[], why: AppError): void {
  for (const { reject } of pending) reject(why);
}

/** Do a step of a write; a bug in it is told to whoever waits for that write, if nobody has told anything yet. */
function attempt({ reject }: { reject(error: unknown): void }, step: () => void): void {
  try {
    step();
  } catch (bug) {
    reject(bug);
  }
}

function settle<K extends Kinds>(
  { reduced, resolve }: Reducible<K, unknown>,
  { view, index }: State<K>,
): void {
  resolve({ index, result: readResult(reduced.result, view) });
}
