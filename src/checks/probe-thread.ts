/**
 * Probes on a thread of their own, so that a DNS answer never waits for a thousand connections or the start of a program.
 *
 * The thread starts with the first probe: an agent without checks does not pay for it. One that dies (a bug) is logged and
 * replaced, and what it was at is run once more: a target must not be called critical for a fault of the agent. Each run
 * costs the main thread two small messages, less where several fall into one turn of its event loop.
 */
import { Worker } from 'node:worker_threads';
import type { Logger } from '../lib/logger.ts';
import { threadEnv } from '../lib/thread-env.ts';
import type { PolledSpec, ProbeLimits, ProbeResult, Probes } from './check.ts';
import type { CheckIdentity } from './dial.ts';
import type { FromProbeThread, ToProbeThread } from './probe-protocol.ts';

interface Waiting {
  readonly request: Extract<ToProbeThread, { kind: 'run' }>;
  /** It was under way already when a thread died. */
  readonly isSecond: boolean;
  readonly signal: AbortSignal;
  resolve(result: ProbeResult): void;
  reject(error: Error): void;
}

/** From source the worker is a .ts file, in the built package a .js one. */
const WORKER_FILE = new URL(
  `./probe-worker${import.meta.url.slice(import.meta.url.lastIndexOf('.'))}`,
  import.meta.url,
);

export class ProbeThread {
  readonly #log: Logger;
  readonly #onDied: () => void;
  readonly #file: URL;
  readonly #waiting = new Map<number, Waiting>();
  #worker: Worker | undefined;
  #unsent: ToProbeThread[] = [];
  #lastId = 0;
  #identity: CheckIdentity | undefined;
  #isStopped = false;

  /** `onDied` is told of every thread that dies. */
  constructor(log: Logger, onDied: () => void = () => {}, file: URL = WORKER_FILE) {
    this.#log = log;
    this.#onDied = onDied;
    this.#file = file;
  }

  /** What the agent shows to those who are checked, from the next run on. */
  setIdentity(identity: CheckIdentity | undefined): void {
    this.#identity = identity;
    if (this.#worker !== undefined) this.#send({ kind: 'identity', identity });
  }

  /** Every kind of probe, run over there. */
  readonly probes: Probes = {
    http: (spec, limits) => this.#run(spec, limits),
    tcp: (spec, limits) => this.#run(spec, limits),
    udp: (spec, limits) => this.#run(spec, limits),
    grpc: (spec, limits) => this.#run(spec, limits),
    h2ping: (spec, limits) => this.#run(spec, limits),
    script: (spec, limits) => this.#run(spec, limits),
    docker: (spec, limits) => this.#run(spec, limits),
    'os-service': (spec, limits) => this.#run(spec, limits),
  };

  /** End the thread once it has heard what was sent before: aborted programs are killed first. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    const worker = this.#worker;
    if (worker === undefined) return;
    const exited = new Promise((resolve) => worker.once('exit', resolve));
    this.#send({ kind: 'stop' });
    await exited;
  }

  #run(spec: PolledSpec, { timeoutMs, outputMaxBytes, signal }: ProbeLimits): Promise<ProbeResult> {
    const id = ++this.#lastId;
    const request = { kind: 'run', id, spec, timeoutMs, outputMaxBytes } as const;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { request, isSecond: false, signal, resolve, reject });
      this.#send(request);
      signal.addEventListener('abort', () => this.#abort(id), { once: true });
      if (signal.aborted) this.#abort(id);
    });
  }

  #abort(id: number): void {
    if (this.#waiting.has(id)) this.#send({ kind: 'abort', id });
  }

  #send(message: ToProbeThread): void {
    this.#worker ??= this.#startWorker();
    if (this.#unsent.push(message) > 1) return;
    queueMicrotask(() => {
      const messages = this.#unsent;
      this.#unsent = [];
      this.#worker?.postMessage(messages);
    });
  }

  #startWorker(): Worker {
    const worker = new Worker(this.#file, { env: threadEnv(), workerData: this.#identity });
    worker.on('message', (messages: readonly FromProbeThread[]) => {
      for (const message of messages) this.#settle(message);
    });
    worker.on('error', (err) => {
      this.#onDied();
      this.#log.error({ err }, 'the probe thread died; another takes its place');
    });
    worker.on('exit', () => {
      this.#worker = undefined;
      for (const waiting of [...this.#waiting.values()]) this.#runAgain(waiting);
    });
    return worker;
  }

  #settle(message: FromProbeThread): void {
    const waiting = this.#waiting.get(message.id);
    this.#waiting.delete(message.id);
    if ('result' in message) waiting?.resolve(message.result);
    else waiting?.reject(new Error(message.fault));
  }

  /** A run that has seen two threads die may well be what kills them. */
  #runAgain(waiting: Waiting): void {
    const { request, isSecond, signal, reject } = waiting;
    if (this.#isStopped || isSecond) {
      this.#waiting.delete(request.id);
      reject(new Error('the probe thread ended'));
      return;
    }
    this.#waiting.set(request.id, { ...waiting, isSecond: true });
    this.#send(request);
    // The thread that died was told of it, this one was not.
    if (signal.aborted) this.#abort(request.id);
  }
}
