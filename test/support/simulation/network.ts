/**
 * A simulated network: messages take time, some are lost, links are cut and healed. Everything follows from the seed.
 *
 * Ends of links are names: a server's own (`s1`), or that of the store's member on its machine (`store of s1`).
 */

import type { ServerRecord } from '../../../src/catalog/leader-lock.ts';
import type { Peers } from '../../../src/cluster/peers.ts';
import type { Clock } from '../../../src/lib/clock.ts';
import type { Random } from '../../../src/lib/random.ts';
import { AppError } from '../../../src/model/errors.ts';
import type { CallEnd, CallOptions } from '../../../src/rpc/rpc-connection.ts';
import type { RpcCall, RpcMethod } from '../../../src/rpc/rpc-server.ts';
import type { Process } from './process.ts';

/** As rpc/heartbeat.ts and rpc/rpc-connection.ts have them. */
const SILENCE_MS = 3_000;
const CONNECT_TIMEOUT_MS = 2_000;
const CALM_DELAY_MS = 5;

export interface Listener {
  readonly process: Process;
  readonly methods: Readonly<Record<string, RpcMethod>>;
}

export class Network {
  readonly clock: Clock;
  readonly random: Random;
  /** Share of messages that are lost. */
  lossShare = 0;
  /** Share of the commands of client agents that are carried out twice (connections.ts). */
  repeatShare = 0;
  /** Longest time in ms that a message takes. */
  maxDelayMs = CALM_DELAY_MS;
  /** What servers threw that is no refusal. */
  readonly bugs: string[] = [];
  readonly #cut = new Set<string>();
  readonly #listeners = new Map<string, Listener>();

  constructor(clock: Clock, random: Random) {
    this.clock = clock;
    this.random = random;
  }

  /** Serve the calls for a server until its process dies. */
  listen(id: string, listener: Listener): void {
    this.#listeners.set(id, listener);
  }

  listenerOf(id: string): Listener | undefined {
    return this.#listeners.get(id);
  }

  cut(one: string, other: string): void {
    this.#cut.add(linkOf(one, other));
  }

  heal(one: string, other: string): void {
    this.#cut.delete(linkOf(one, other));
  }

  healAll(): void {
    this.#cut.clear();
  }

  isCut(one: string, other: string): boolean {
    return this.#cut.has(linkOf(one, other));
  }

  /** No loss, no delay, no repetition, no cut from now on. */
  calmDown(): void {
    this.lossShare = 0;
    this.repeatShare = 0;
    this.maxDelayMs = CALM_DELAY_MS;
    this.healAll();
  }

  /** Whether messages take longer than they should. */
  get isSlow(): boolean {
    return this.maxDelayMs > CALM_DELAY_MS;
  }

  /** Time in ms that a message takes; now and then one takes long. */
  delayMs(): number {
    const share = this.random.next();
    return share > 0.99 ? this.maxDelayMs * 20 * this.random.next() : this.maxDelayMs * share;
  }

  /** Whether a message on a link gets lost now. */
  isLost(one: string, other: string): boolean {
    return this.isCut(one, other) || this.random.next() < this.lossShare;
  }

  /** How a process calls other servers. */
  peersOf(process: Process): Peers {
    return { call: (to, method, request, options) => this.#call(process, to, { method, request, options }) };
  }

  #call(from: Process, to: ServerRecord, sent: Sent): Promise<CallEnd> {
    const { timeoutMs, signal } = sent.options;
    return new Promise((resolve) => {
      const over = new AbortController();
      const end = (value: CallEnd): void => {
        if (over.signal.aborted) return;
        over.abort(new Error('over'));
        from.deliver(() => resolve(value));
      };
      signal?.addEventListener('abort', () => end({ kind: 'unknown', why: 'given up' }), { once: true });
      if (timeoutMs !== undefined)
        this.clock.after(timeoutMs, () => end({ kind: 'unknown', why: 'time is over' }));
      if (this.isCut(from.name, to.id)) {
        this.clock.after(CONNECT_TIMEOUT_MS, () => end({ kind: 'unsent', why: 'no connection' }));
        return;
      }
      this.clock.after(this.delayMs(), () => this.#arrive(from, to, sent, { end, over: over.signal }));
    });
  }

  #arrive(from: Process, to: ServerRecord, sent: Sent, { end, over }: Ending): void {
    const listener = this.#listeners.get(to.id);
    if (listener === undefined || listener.process.isDead)
      return void this.clock.after(this.delayMs(), () => end({ kind: 'unsent', why: 'refused' }));
    this.#watch(from, listener.process, { end, over });
    if (this.isLost(from.name, to.id)) return;
    const reply = (value: CallEnd): void => {
      if (this.isLost(from.name, to.id)) return;
      this.clock.after(this.delayMs(), () => end(value));
    };
    const { method, request, options } = sent;
    const call: RpcCall = {
      peer: {
        remoteAddress: '',
        gone: over,
        isServer: () => true,
        heardMs: this.clock.monotonic(),
        cut: () => {},
      },
      signal: over,
      send: async (message) => {
        if (over.aborted) throw over.reason;
        const copy = structuredClone(message);
        if (!this.isLost(from.name, to.id))
          this.clock.after(this.delayMs(), () =>
            from.deliver(() => {
              if (!over.aborted) void options.onMessage?.(copy);
            }),
          );
      },
    };
    const run = listener.methods[method] as RpcMethod;
    listener.process.deliver(() => {
      run(structuredClone(request), call).then(
        (value) => reply({ kind: 'answered', value: structuredClone(value ?? null) }),
        (error: unknown) => {
          if (error instanceof AppError) reply({ kind: 'refused', error });
          else if (!over.aborted) this.bugs.push(`${to.id}: ${String(error)}`);
        },
      );
    });
  }

  /** Ends a call whose other end has died, or was not heard for too long. */
  #watch(from: Process, to: Process, { end, over }: Ending): void {
    const broken: CallEnd = { kind: 'unknown', why: 'the connection broke' };
    to.onDeath(() => this.clock.after(this.delayMs(), () => end(broken)));
    let heardMs = this.clock.monotonic();
    const look = (): void => {
      if (over.aborted) return;
      const nowMs = this.clock.monotonic();
      if (to.isRunning && !this.isCut(from.name, to.name)) heardMs = nowMs;
      if (nowMs - heardMs >= SILENCE_MS) end(broken);
      else this.clock.after(1_000, look);
    };
    look();
  }
}

interface Sent {
  readonly method: string;
  readonly request: unknown;
  readonly options: CallOptions;
}

interface Ending {
  readonly end: (value: CallEnd) => void;
  readonly over: AbortSignal;
}

const linkOf = (one: string, other: string): string => [one, other].sort().join(' – ');
