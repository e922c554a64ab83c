/**
 * Runs probes when they are due; the only owner of the timers of checks.
 *
 * A new check runs at once, its second run half an interval to one later, and from then on every interval, give or take
 * 5 %, so that checks which were registered together drift apart. A check of before a restart waits for its turn. Runs
 * keep to a grid: a probe that is still running, or a machine that slept, skips runs and never catches up. Results leave
 * by `onResult`; those of a removed check are dropped. TTL checks have a deadline here, alias checks a follower.
 */
import type { Clock, Timer } from '../lib/clock.ts';
import type { Random } from '../lib/random.ts';
import type { CheckDefinition, CheckId, CheckStatus, ProbeSpec } from '../model/types.ts';
import {
  type Follow,
  impatientStreak,
  PATIENT_STREAK,
  type PolledKind,
  type PolledSpec,
  type Probe,
  type ProbeResult,
  type Probes,
  type Streak,
  transition,
} from './check.ts';
import { DueQueue } from './due-queue.ts';
import { History, type PastResult } from './history.ts';
import { expiredOutput } from './kinds/ttl-probe.ts';
import { runOnce, type TestRun } from './run-once.ts';
import { Slots } from './slots.ts';

/** A check to run, with the state that it has already. */
export interface ScheduledCheck {
  readonly definition: CheckDefinition;
  readonly output: string;
  /** Monotonic ms when a TTL check expires; 0 for other kinds and one that has. */
  readonly ttlExpiresAtMs: number;
  /** Its state is from before a restart. */
  readonly isRestored: boolean;
}

export interface SchedulerParts {
  readonly clock: Clock;
  readonly random: Random;
  readonly probes: Probes;
  readonly follow: Follow;
  /** A status to report; it may be the same as before. */
  readonly onResult: (id: CheckId, status: CheckStatus, output: string) => void;
  /** Told of every probe that ran; for metrics. */
  readonly onRun?: (run: ProbeRun) => void;
}

/** One probe that ran. */
export interface ProbeRun {
  readonly kind: PolledKind;
  readonly status: CheckStatus;
  readonly durationMs: number;
  /** How long after it was due it began. */
  readonly latenessMs: number;
}

interface Entry {
  readonly definition: CheckDefinition;
  readonly history: History;
  streak: Streak;
  /** The newest ticket in the queue; older ones are void. */
  ticket: number;
  dueMs: number;
  hasRun: boolean;
  running: AbortController | undefined;
  /** Set while it waits for a slot. */
  leaveLine: (() => void) | undefined;
  unfollow: (() => void) | undefined;
  ttlExpiresAtMs: number;
  lastOutput: string;
}

/** Probes that begin in one turn of the event loop; then others get theirs (DNS answers must not wait for them). */
const STARTS_PER_TURN = 16;

/** Within what time in ms checks of before a restart have their first run. Turning it down makes a restart a burst. */
const RESTORED_DELAY_MS = 10_000;

const isPolled = (spec: ProbeSpec): spec is PolledSpec =>
  spec.kind !== 'ttl' && spec.kind !== 'alias' && spec.kind !== 'none';

/** Entries of removed checks that may wait in the queue for their time; checks with long intervals could pile up there. */
const MAX_VOID_ENTRIES = 1_000;

/** How far a run may move away from its interval, as a part of it. */
const JITTER = 0.05;

export class Scheduler {
  readonly #parts: SchedulerParts;
  readonly #entries = new Map<CheckId, Entry>();
  readonly #queue = new DueQueue<Entry>();
  readonly #slots: Slots;
  #timer: Timer | undefined;
  #timerDueMs = Number.POSITIVE_INFINITY;
  #isStopped = true;

  constructor(parts: SchedulerParts, slots: Slots = new Slots()) {
    this.#parts = parts;
    this.#slots = slots;
  }

  start(): void {
    this.#isStopped = false;
    this.#arm();
  }

  /** End all probes; no result leaves any more. */
  stop(): void {
    this.#isStopped = true;
    this.#timer?.cancel();
    for (const id of [...this.#entries.keys()]) this.remove(id);
  }

  /** Run a check from now on; one with the same id is replaced and keeps its history. */
  add({ definition, output, ttlExpiresAtMs, isRestored }: ScheduledCheck): void {
    const history = this.#entries.get(definition.id)?.history ?? new History();
    this.remove(definition.id);
    const entry: Entry = {
      definition,
      history,
      streak: isRestored ? PATIENT_STREAK : impatientStreak(definition),
      ticket: 0,
      dueMs: 0,
      hasRun: isRestored,
      running: undefined,
      leaveLine: undefined,
      unfollow: undefined,
      ttlExpiresAtMs,
      lastOutput: output,
    };
    this.#entries.set(definition.id, entry);
    this.#begin(entry, isRestored);
  }

  /** Stop running a check; its probe is ended and its result dropped. */
  remove(id: CheckId): void {
    const entry = this.#entries.get(id);
    if (entry === undefined) return;
    this.#entries.delete(id);
    entry.ticket = -1;
    if (this.#queue.size > MAX_VOID_ENTRIES + 2 * this.#entries.size)
      this.#queue.keep(({ item, ticket }) => item.ticket === ticket);
    entry.leaveLine?.();
    entry.unfollow?.();
    entry.running?.abort();
  }

  /** A TTL check expires later now; `report` is what a client said, undefined when it was only registered again. */
  heartbeat(id: CheckId, ttlExpiresAtMs: number, report?: ProbeResult): void {
    const entry = this.#entries.get(id);
    if (entry === undefined) return;
    const wasQueued = entry.ttlExpiresAtMs !== 0;
    entry.ttlExpiresAtMs = ttlExpiresAtMs;
    if (report !== undefined) {
      entry.lastOutput = report.output;
      this.#remember(entry, report, 0);
    }
    // A queued deadline stays where it is; when its time comes it sees that it has moved.
    if (!wasQueued) this.#enqueue(entry, ttlExpiresAtMs);
  }

  /** The last results of a check, newest first, and its flaps; undefined when it is not run here. */
  history(id: CheckId): { readonly results: readonly PastResult[]; readonly flaps: number } | undefined {
    const history = this.#entries.get(id)?.history;
    return history && { results: history.results(), flaps: history.flaps };
  }

  /** Run a check now, outside of its times, keeping and publishing nothing; undefined for kinds that nobody can ask. */
  test(definition: CheckDefinition): Promise<TestRun | undefined> {
    return runOnce(this.#parts, definition);
  }

  #begin(entry: Entry, isRestored: boolean): void {
    const { clock, random, follow } = this.#parts;
    const { id, probe, intervalMs, outputMaxBytes } = entry.definition;
    if (probe.kind === 'alias') {
      entry.unfollow = follow(probe, id, ({ status, output: said }) => {
        if (!this.#isCurrent(entry)) return;
        // Aliases of aliases quote each other; without a limit two of them in a circle would grow for ever.
        const output = said.slice(0, outputMaxBytes);
        this.#remember(entry, { status, output }, 0);
        this.#parts.onResult(id, status, output);
      });
    } else if (probe.kind === 'ttl') {
      if (entry.ttlExpiresAtMs !== 0) this.#enqueue(entry, entry.ttlExpiresAtMs);
    } else if (probe.kind !== 'none') {
      const delayMs = isRestored ? Math.min(intervalMs, RESTORED_DELAY_MS) * random.next() : 0;
      this.#enqueue(entry, clock.monotonic() + delayMs);
    }
  }

  #isCurrent(entry: Entry): boolean {
    return !this.#isStopped && this.#entries.get(entry.definition.id) === entry;
  }

  #enqueue(entry: Entry, dueMs: number): void {
    entry.ticket += 1;
    entry.dueMs = dueMs;
    this.#queue.push({ dueMs, item: entry, ticket: entry.ticket });
    if (dueMs < this.#timerDueMs) this.#arm();
  }

  #arm(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#timerDueMs = this.#queue.firstDueMs ?? Number.POSITIVE_INFINITY;
    if (this.#isStopped || this.#timerDueMs === Number.POSITIVE_INFINITY) return;
    const delayMs = Math.max(this.#timerDueMs - this.#parts.clock.monotonic(), 0);
    this.#timer = this.#parts.clock.after(delayMs, () => this.#startDue());
  }

  #startDue(): void {
    const now = this.#parts.clock.monotonic();
    try {
      for (let started = 0; started < STARTS_PER_TURN; ) {
        const due = this.#queue.takeDue(now);
        if (due === undefined) break;
        if (due.item.ticket !== due.ticket) continue;
        started += 1;
        this.#onDue(due.item, now);
      }
    } finally {
      this.#arm(); // whatever one check did, the others are due at their times
    }
  }

  #onDue(entry: Entry, now: number): void {
    const { probe } = entry.definition;
    if (probe.kind === 'ttl') this.#onDeadline(entry, now);
    else if (isPolled(probe)) this.#onTurn(entry, probe, now);
  }

  #onDeadline(entry: Entry, now: number): void {
    if (entry.ttlExpiresAtMs > now) {
      this.#enqueue(entry, entry.ttlExpiresAtMs);
      return;
    }
    entry.ttlExpiresAtMs = 0;
    const result: ProbeResult = { status: 'critical', output: expiredOutput(entry.lastOutput) };
    this.#remember(entry, result, 0);
    this.#parts.onResult(entry.definition.id, result.status, result.output);
  }

  #onTurn(entry: Entry, probe: PolledSpec, now: number): void {
    const { dueMs } = entry;
    this.#enqueue(entry, this.#nextDueMs(entry, now));
    // The last run is not over, or not even begun: this one is skipped, never doubled.
    if (entry.running !== undefined || entry.leaveLine !== undefined) return;
    entry.hasRun = true;
    let isRunning = false;
    const leaveLine = this.#slots.whenFree(probe.kind, () => {
      isRunning = true;
      entry.leaveLine = undefined;
      this.#run(entry, probe, dueMs);
    });
    if (!isRunning) entry.leaveLine = leaveLine;
  }

  #nextDueMs({ definition: { intervalMs }, dueMs, hasRun }: Entry, now: number): number {
    const part = this.#parts.random.next();
    const delayMs = intervalMs * (hasRun ? 1 - JITTER + 2 * JITTER * part : 0.5 + part / 2);
    const missed = Math.floor(Math.max(now - dueMs, 0) / intervalMs);
    const next = dueMs + missed * intervalMs + delayMs;
    return next > now ? next : next + intervalMs;
  }

  #run(entry: Entry, spec: PolledSpec, dueMs: number): void {
    const { clock, probes, onRun } = this.#parts;
    const { timeoutMs, outputMaxBytes } = entry.definition;
    const controller = new AbortController();
    entry.running = controller;
    const startedMs = clock.monotonic();
    const timer = clock.after(timeoutMs, () => controller.abort());
    const probe = probes[spec.kind] as Probe<PolledKind>;
    const limits = { timeoutMs, outputMaxBytes, signal: controller.signal };
    const settle = (result: ProbeResult): void => {
      timer.cancel();
      entry.running = undefined;
      this.#slots.release(spec.kind);
      const durationMs = clock.monotonic() - startedMs;
      onRun?.({ kind: spec.kind, status: result.status, durationMs, latenessMs: startedMs - dueMs });
      if (this.#isCurrent(entry)) this.#judge(entry, result, durationMs);
    };
    probe(spec, limits).then(settle, (bug: unknown) => settle({ status: 'critical', output: String(bug) }));
  }

  #judge(entry: Entry, result: ProbeResult, durationMs: number): void {
    this.#remember(entry, result, durationMs);
    const { streak, status } = transition(entry.definition, entry.streak, result.status);
    entry.streak = streak;
    if (status !== undefined) this.#parts.onResult(entry.definition.id, status, result.output);
  }

  #remember(entry: Entry, { status, output }: ProbeResult, durationMs: number): void {
    entry.history.add({ atMs: this.#parts.clock.now(), durationMs, status, output });
  }
}
