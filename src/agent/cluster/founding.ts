/**
 * How a server finds its cluster: it forms one with others, joins late the one that it agreed to, or asks to be added.
 *
 * Servers meet (cluster/meeting.ts) and each plans alone (store/etcd/cluster-plan.ts). The one with the smallest id
 * asks the others to agree to the list of the first members. When all have agreed it starts its etcd, and the others
 * start theirs when they see that. A server agrees to one list only and writes that down, so two lists that share a
 * server are never both agreed to. While servers are missing, the log names them every ten seconds.
 */
import type { Introduction, Meeting } from '../../cluster/meeting.ts';
import { type Clock, sleep } from '../../lib/clock.ts';
import type { Logger } from '../../lib/logger.ts';
import { hasFields, isText } from '../../lib/shape.ts';
import { AppError } from '../../model/errors.ts';
import type { CallEnd, CallOptions, RpcAddress } from '../../rpc/rpc-connection.ts';
import type { RpcMethod } from '../../rpc/rpc-server.ts';
import { type FirstMembers, planStart, type StartPlan } from '../../store/etcd/cluster-plan.ts';
import type { MemberStart } from '../../store/etcd/member-options.ts';
import type { JoinSettings } from './cluster-settings.ts';
import type { FoundingRecord } from './founding-record.ts';

const ROUND_MS = 1_000;
/** For this long there is a round every second, also when nobody answers. */
const EAGER_MS = 60_000;
const SAY_EVERY_MS = 10_000;
const CALL_TIMEOUT_MS = 5_000;

/** What a server that is added needs to start its etcd, and the cluster that it comes into. */
interface Admitted {
  readonly initialCluster: string;
  readonly first: FirstMembers;
}

export interface FoundingParts {
  readonly meeting: Meeting;
  readonly introduce: () => Introduction;
  readonly join: JoinSettings;
  readonly call: (to: RpcAddress, method: string, request: unknown, options: CallOptions) => Promise<CallEnd>;
  /** What this server agreed to, on disk. */
  readonly record: { get(): FoundingRecord | undefined; set(record: FoundingRecord): void };
  readonly clock: Clock;
  readonly log: Logger;
}

interface Agreement {
  readonly first: FirstMembers;
  readonly by: string;
}

const isAgreement = hasFields<Agreement>({
  first: hasFields<FirstMembers>({ initialCluster: isText, token: isText }),
  by: isText,
});

export class Founding {
  readonly #parts: FoundingParts;
  #isStopped = false;
  #isDecided = false;
  #saidMs = -SAY_EVERY_MS;
  #wake: () => void = () => {};

  constructor(parts: FoundingParts) {
    this.#parts = parts;
    parts.meeting.onMet(() => this.#wake());
  }

  stop(): void {
    this.#isStopped = true;
    this.#wake();
  }

  /** Resolves with how to start etcd, and writes that down; undefined when stopped. Rejects when nobody can be joined. */
  async decide(): Promise<MemberStart | undefined> {
    const { meeting, clock, join } = this.#parts;
    meeting.join([...join.atStart, ...join.again]);
    const startedMs = clock.monotonic();
    for (let tries = 1; !this.#isStopped; tries += 1) {
      await meeting.round();
      this.#requireSomebody(tries);
      const start = await this.#try();
      if (start !== undefined) return start;
      const isEager = clock.monotonic() - startedMs < EAGER_MS || meeting.met.length > 0;
      await this.#pause(isEager ? ROUND_MS : join.intervalMs);
    }
    return undefined;
  }

  /**
   * The error to end with when all servers that are to be joined are of another cluster than this server's data;
   * undefined otherwise, also when nobody answers.
   */
  async otherCluster(): Promise<AppError | undefined> {
    const { meeting, join, record } = this.#parts;
    meeting.join([...join.atStart, ...join.again]);
    await meeting.round();
    const own = record.get()?.first.token;
    const others = meeting.met.filter(({ cluster }) => cluster);
    if (own === undefined || others.length === 0 || others.some(({ cluster }) => cluster?.token === own))
      return undefined;
    const names = others.map(nameOf).join(', ');
    const remedy = 'give another -data-dir, or remove the folder if nothing in it is needed';
    return new AppError(
      'config_invalid',
      `etcd: the data of this server is of another cluster than that of ${names}; ${remedy}`,
    );
  }

  /** RPC methods that other servers call on this one. */
  methods(): Readonly<Record<string, RpcMethod>> {
    return {
      agree: async (request) => {
        const fault = isAgreement(request, 'request');
        if (fault !== undefined) throw new AppError('bad_request', fault);
        this.#agree(request as Agreement);
        return true;
      },
    };
  }

  #requireSomebody(tries: number): void {
    const { meeting, join } = this.#parts;
    if (meeting.met.length > 0) return;
    const isFirstRound = tries === 1 && join.atStart.length > 0;
    const isLast = join.maxTries > 0 && tries >= join.maxTries && join.again.length > 0;
    if (!isFirstRound && !isLast) return;
    const which = isFirstRound ? 'start_join (-join)' : `retry_join: ${tries} tries`;
    throw new AppError('config_invalid', `${which}: no server could be reached: ${this.#faultsText()}`);
  }

  async #try(): Promise<MemberStart | undefined> {
    const { introduce, meeting, record } = this.#parts;
    const plan = planStart(introduce(), meeting.met, record.get()?.first.token);
    switch (plan.kind) {
      case 'form':
        return this.#form(plan);
      case 'catch-up':
        return this.#start({ first: plan.first, by: '', start: { kind: 'first', first: plan.first } });
      case 'join':
        return this.#askIn(meeting.met.filter(({ cluster }) => cluster));
      case 'refuse':
        this.#say('error', `this server cannot join: ${plan.why}`);
        return undefined;
      case 'wait':
        this.#sayWaiting(plan.missing);
        return undefined;
    }
  }

  async #form({ founders, first }: Extract<StartPlan, { kind: 'form' }>): Promise<MemberStart | undefined> {
    const { introduce, meeting, call } = this.#parts;
    const own = introduce();
    const by = founders[0]?.id ?? '';
    if (by !== own.id) {
      const leading = meeting.met.find(({ id }) => id === by);
      this.#say('info', `this server waits for ${nameOf(leading)} to begin the cluster`);
      return undefined;
    }
    const fault = this.#whyNotAgree({ first, by });
    if (fault !== undefined) {
      this.#say('warn', `this server cannot begin the cluster: ${fault}`);
      return undefined;
    }
    this.#agree({ first, by });
    const others = meeting.met.filter((one) => founders.some(({ id }) => id === one.id));
    const ends = await Promise.all(
      others.map((one) => call(one, 'agree', { first, by }, { timeoutMs: CALL_TIMEOUT_MS })),
    );
    const refusals = ends.flatMap((end, i) =>
      end.kind === 'answered' ? [] : [`${nameOf(others[i])}: ${whyOf(end)}`],
    );
    if (refusals.length > 0) {
      this.#say('warn', `the cluster cannot begin yet: ${refusals.join('; ')}`);
      return undefined;
    }
    const start = this.#start({ first, by, start: { kind: 'first', first } });
    void meeting.round(); // the others see that it begins
    return start;
  }

  /** Agree to a list of first members. Throws conflict when this server cannot. */
  #agree({ first, by }: Agreement): void {
    const { record } = this.#parts;
    if (record.get()?.first.token === first.token) return;
    const fault = this.#whyNotAgree({ first, by });
    if (fault !== undefined) throw new AppError('conflict', fault);
    record.set({ first, by });
  }

  /** Why this server cannot agree to a list: it is in a cluster, or has agreed to another one; undefined when it can. */
  #whyNotAgree({ first, by }: Agreement): string | undefined {
    const { record, introduce } = this.#parts;
    const own = introduce();
    const before = record.get();
    if (before?.first.token === first.token) return undefined;
    if (this.#isDecided || before?.start !== undefined) return 'it belongs to a cluster already';
    // Nobody here can know whether whoever asked for it has begun meanwhile, or who of its list would follow.
    if (before !== undefined && before.by !== by)
      return `it has agreed to begin with others: ${before.first.initialCluster}; if server ${before.by}, which asked for that, is gone for good, delete etcd/founding.json in its data directory and restart it`;
    if (!first.initialCluster.split(',').includes(`${own.id}=${own.peerUrl}`))
      return `it is not among the first members ${first.initialCluster}`;
    return undefined;
  }

  #start(record: FoundingRecord): MemberStart | undefined {
    this.#isDecided = true;
    this.#parts.record.set(record);
    return record.start;
  }

  /** Ask the servers of a cluster, one after the other, to be added. */
  async #askIn(servers: readonly Introduction[]): Promise<MemberStart | undefined> {
    const { call, introduce } = this.#parts;
    const { id, peerUrl } = introduce();
    const refusals: string[] = [];
    for (const server of servers) {
      const end = await call(server, 'admit', { id, peerUrl }, { timeoutMs: 2 * CALL_TIMEOUT_MS });
      if (end.kind === 'answered') {
        const { initialCluster, first } = end.value as Admitted;
        return this.#start({ first, by: server.id, start: { kind: 'joining', initialCluster } });
      }
      refusals.push(`${nameOf(server)}: ${whyOf(end)}`);
    }
    this.#say('warn', `this server is not in the cluster yet: ${refusals.join('; ')}`);
    return undefined;
  }

  #sayWaiting(missing: number): void {
    const { meeting, introduce } = this.#parts;
    const met = meeting.met.map(nameOf).join(', ') || 'nobody';
    const faults = this.#parts.meeting.faults.size > 0 ? `; ${this.#faultsText()}` : '';
    const what =
      introduce().expect === 0
        ? 'a server of a running cluster (bootstrap_expect is not given, so this one begins none)'
        : `${missing} more of ${introduce().expect} servers`;
    this.#say('info', `this server waits for ${what}; met so far: ${met}${faults}`);
  }

  #faultsText(): string {
    const { faults } = this.#parts.meeting;
    return [...faults].map(([address, why]) => `${address}: ${why}`).join('; ') || 'no address was given';
  }

  #say(level: 'info' | 'warn' | 'error', text: string): void {
    const { clock, log } = this.#parts;
    if (clock.monotonic() - this.#saidMs < SAY_EVERY_MS) return;
    this.#saidMs = clock.monotonic();
    log[level]({}, text);
  }

  /** Until the time is over or somebody was met. */
  async #pause(ms: number): Promise<void> {
    const woken = new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
    await Promise.race([woken, sleep(this.#parts.clock, ms)]);
    this.#wake = () => {};
  }
}

const nameOf = (server: Introduction | undefined): string =>
  server === undefined ? 'another server' : `${server.name} (${server.host})`;

function whyOf(end: Exclude<CallEnd, { kind: 'answered' }>): string {
  return end.kind === 'refused' ? end.error.message : end.why;
}
