/**
 * What goes to the leader, whichever server was asked: commands, and the question how far the catalog is.
 *
 * On the leader both are answered at once. Elsewhere a command is sent to the leader, and answered when this server's
 * own copy has caught up with it, so that clients read what they wrote. While nobody leads both wait for a while: a
 * change of leader takes about a second, and a client that is refused would have to do the waiting itself.
 */
import type { Command, Results } from '../catalog/command.ts';
import type { ServerRecord } from '../catalog/leader-lock.ts';
import type { Clock } from '../lib/clock.ts';
import { AppError } from '../model/errors.ts';
import type { ModifyIndex } from '../model/types.ts';
import type { CallEnd } from '../rpc/rpc-connection.ts';
import type { RpcMethod } from '../rpc/rpc-server.ts';
import type { Candidate, Standing } from './candidate.ts';
import type { Peers } from './peers.ts';
import type { ReplicaProgress } from './replica-progress.ts';

/** Time in ms that a command or a read waits for a leader (Consul's `rpc_hold_timeout`). */
const HOLD_MS = 7_000;
/** Time in ms after which nobody waits any longer for a leader: a change of leader takes less. */
const GIVE_UP_MS = 2_000;
/** Time in ms before a leader that could not be reached is called again. */
const CALL_AGAIN_MS = 100;
/** Time in ms in which a server that no longer leads may still answer what it was asked. */
const LAST_WORDS_MS = 300;
/** Time in ms that a copy may stay behind what the leader has acknowledged. */
const CATCH_UP_MS = 10_000;

interface Committed<C extends Command = Command> {
  readonly index: ModifyIndex;
  readonly result: Results[C['kind'] & keyof Results];
}

export interface LeaderDeskParts {
  readonly candidate: Candidate;
  readonly peers: Peers;
  readonly progress: ReplicaProgress;
  readonly clock: Clock;
  /** The write queue of this server, which counts while it leads. */
  readonly submit: (command: Command) => Promise<Committed>;
  /** Newest index of this server's copy. */
  readonly indexNow: () => ModifyIndex;
}

function noLeader(): AppError {
  return new AppError('no_leader', 'No cluster leader');
}

const isNoLeader = (error: unknown): boolean => error instanceof AppError && error.code === 'no_leader';

interface LeaderCall {
  readonly method: string;
  readonly request: unknown;
  /** A question changes nothing, so it may be asked again; a command may have been carried out. */
  readonly mayRepeat?: boolean;
}

/** What one try came to; `again` when the leader was not where it was looked for. */
type Tried<T> = { readonly kind: 'done'; readonly value: T } | { readonly kind: 'again' };

const AGAIN = { kind: 'again' } as const;

export class LeaderDesk {
  readonly #parts: LeaderDeskParts;
  readonly #questions: { readonly [K in 'leader' | 'consistent']: SharedQuestion };

  constructor(parts: LeaderDeskParts) {
    this.#parts = parts;
    this.#questions = {
      leader: new SharedQuestion(() => this.#indexOfLeader(false)),
      consistent: new SharedQuestion(() => this.#indexOfLeader(true)),
    };
  }

  /** As Writer.submit, from every server. Rejects with no_leader or outcome_unknown besides. */
  async submit<C extends Command>(command: C): Promise<Committed<C>> {
    const committed = await this.#withLeader<Committed>({
      here: () => this.#parts.submit(command),
      there: (leader, timeoutMs) => this.#ask(leader, { method: 'submit', request: command }, timeoutMs),
    });
    await this.#parts.progress.reached(committed.index, CATCH_UP_MS);
    return committed as Committed<C>;
  }

  /**
   * Resolves when this server's copy is as current as is asked: `leader` as of what the leader had when it was asked,
   * `consistent` the same from a leader that has made sure that it still leads. Rejects with no_leader.
   */
  async current(consistency: 'leader' | 'consistent'): Promise<void> {
    const { candidate, progress } = this.#parts;
    if (candidate.standing.kind === 'leader' && consistency === 'leader') return;
    const index = await this.#questions[consistency].ask();
    if (!(await progress.reached(index, CATCH_UP_MS))) throw noLeader();
  }

  /**
   * Ask the leader something that is as good asked twice as once: `here` where this server leads, else its method there.
   * Rejects with no_leader, and with what the leader refuses with.
   */
  ask<T>(call: Pick<LeaderCall, 'method' | 'request'>, here: () => Promise<T>): Promise<T> {
    return this.#withLeader({
      here,
      there: (leader, timeoutMs) => this.#ask(leader, { ...call, mayRepeat: true }, timeoutMs),
    });
  }

  /** Throws no_leader when this server does not lead: for methods that only the leader answers. */
  requireLead(): void {
    this.#requireLead();
  }

  /** What other servers ask of this one. */
  methods(): Readonly<Record<string, RpcMethod>> {
    return {
      submit: async (request) => {
        this.#requireLead();
        return this.#parts.submit(request as Command);
      },
      'read-index': async (request) => {
        const { isConfirmed } = request as { isConfirmed?: unknown };
        return this.#ownIndex(isConfirmed === true);
      },
    };
  }

  #requireLead(): Extract<Standing, { kind: 'leader' }> {
    const { standing } = this.#parts.candidate;
    if (standing.kind !== 'leader' || standing.leadership.lost.aborted) throw noLeader();
    return standing;
  }

  async #ownIndex(isConfirmed: boolean): Promise<ModifyIndex> {
    const { leadership } = this.#requireLead();
    if (!isConfirmed) return this.#parts.indexNow();
    const index = await leadership.confirm();
    if (index === undefined) throw noLeader();
    return index;
  }

  #indexOfLeader(isConfirmed: boolean): Promise<ModifyIndex> {
    return this.#withLeader({
      here: () => this.#ownIndex(isConfirmed),
      there: (leader, timeoutMs) => {
        const question = { method: 'read-index', request: { isConfirmed }, mayRepeat: true };
        return this.#ask(leader, question, timeoutMs);
      },
    });
  }

  /** Do it where the leader is, trying again while there is none or it has just moved. */
  async #withLeader<T>(where: {
    readonly here: () => Promise<T>;
    readonly there: (leader: ServerRecord, timeoutMs: number) => Promise<Tried<T>>;
  }): Promise<T> {
    const { candidate, clock } = this.#parts;
    const deadlineMs = clock.monotonic() + HOLD_MS;
    for (;;) {
      const leftMs = deadlineMs - clock.monotonic();
      if (leftMs <= 0) throw noLeader();
      const standing = await candidate.whenLed(Math.min(leftMs, GIVE_UP_MS - candidate.leaderlessMs));
      if (standing.kind === 'leaderless') throw noLeader();
      const tried =
        standing.kind === 'leader'
          ? await unlessLost(where.here)
          : await where.there(standing.leader, deadlineMs - clock.monotonic());
      if (tried.kind === 'done') return tried.value;
      await candidate.changed(CALL_AGAIN_MS);
    }
  }

  /**
   * Gives a call up soon after its server has lost the lead: a server that was stopped or cut off says nothing, and
   * that its connection is gone is noticed only later. One that is alive has this time to answer.
   */
  async #callWhileLeading(
    leader: ServerRecord,
    { method, request }: Pick<LeaderCall, 'method' | 'request'>,
    timeoutMs: number,
  ): Promise<CallEnd> {
    const { candidate, peers, clock } = this.#parts;
    const over = new AbortController();
    const forget = candidate.onStanding((standing) => {
      if (standing.kind !== 'follower' || standing.leader.id !== leader.id)
        clock.after(LAST_WORDS_MS, () => over.abort());
    });
    try {
      return await peers.call(leader, method, request, { timeoutMs, signal: over.signal });
    } finally {
      forget();
    }
  }

  async #ask<T>(
    leader: ServerRecord,
    { method, request, mayRepeat = false }: LeaderCall,
    timeoutMs: number,
  ): Promise<Tried<T>> {
    const end = await this.#callWhileLeading(leader, { method, request }, timeoutMs);
    switch (end.kind) {
      case 'answered':
        return { kind: 'done', value: end.value as T };
      case 'refused':
        if (isNoLeader(end.error)) return AGAIN;
        throw end.error;
      case 'unsent':
        return AGAIN;
      case 'unknown':
        if (mayRepeat) return AGAIN;
        throw new AppError('outcome_unknown', UNKNOWN_TEXT);
    }
  }
}

const UNKNOWN_TEXT = 'the leader was lost before it answered: the change may have been made or not';

/** A leader that learns from the store that it leads no more has done nothing. */
async function unlessLost<T>(here: () => Promise<T>): Promise<Tried<T>> {
  try {
    return { kind: 'done', value: await here() };
  } catch (error) {
    if (isNoLeader(error)) return AGAIN;
    throw error;
  }
}

/**
 * One question under way for all who ask it. Whoever asks while it is under way gets the next answer, because the
 * present one may have been given before what they want to see was written.
 */
class SharedQuestion {
  readonly #ask: () => Promise<ModifyIndex>;
  #running: Promise<ModifyIndex> | undefined;
  #next: Promise<ModifyIndex> | undefined;

  constructor(ask: () => Promise<ModifyIndex>) {
    this.#ask = ask;
  }

  ask(): Promise<ModifyIndex> {
    if (this.#running === undefined) return this.#begin();
    this.#next ??= this.#running.then(
      () => this.#begin(),
      () => this.#begin(),
    );
    return this.#next;
  }

  #begin(): Promise<ModifyIndex> {
    this.#next = undefined;
    const running = this.#ask().finally(() => {
      if (this.#running === running) this.#running = undefined;
    });
    this.#running = running;
    return running;
  }
}
