/**
 * DNS threads from the main thread's side: start them, feed them, stop them.
 *
 * Each thread answers over UDP on sockets that share the port with the others; the system spreads clients over them. A
 * write is sent to the threads before it is acknowledged, so they are behind by one message. A thread that dies is said
 * in the log and another takes its place, with the rows of that moment; until then the main thread answers what comes to
 * its sockets (thread-sockets.ts) or, with node:dgram, the others get it.
 */
import { Worker } from 'node:worker_threads';
import type { Applied } from '../../catalog/state.ts';
import type { View } from '../../catalog/tables.ts';
import type { Clock } from '../../lib/clock.ts';
import type { Logger } from '../../lib/logger.ts';
import { threadEnv } from '../../lib/thread-env.ts';
import type { Metrics } from '../../metrics/metrics.ts';
import { AppError } from '../../model/errors.ts';
import type { ModifyIndex } from '../../model/types.ts';
import type { DnsConfig } from '../dns-config.ts';
import type { Elsewhere } from '../elsewhere.ts';
import type { LiveQuestions } from '../live-questions.ts';
import { answerThread, type ToldThread } from './ask-main.ts';
import {
  changesForThread,
  type FromThread,
  rowsForThread,
  type ThreadStart,
  type ToThread,
} from './thread-protocol.ts';
import { absorb } from './thread-report.ts';
import type { ThreadSockets } from './thread-sockets.ts';

export interface ThreadsParts {
  readonly count: number;
  readonly addresses: readonly string[];
  readonly port: number;
  /** null: each thread opens its own with node:dgram. */
  readonly sockets: ThreadSockets | null;
  readonly view: View;
  readonly index: () => ModifyIndex;
  readonly config: DnsConfig;
  readonly nodeName: string;
  /** Asks other datacenters; absent where there are none. */
  readonly elsewhere?: Elsewhere | undefined;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: Metrics;
  /** Where questions go that somebody watches. */
  readonly live: Pick<LiveQuestions, 'isOn' | 'hear'>;
}

export interface Threads {
  configure(config: DnsConfig): void;
  stop(): Promise<void>;
}

export interface StartingThreads {
  /** Tell the threads of an installed write; what comes before they listen waits for them. */
  write(applied: readonly Applied[], index: ModifyIndex): void;
  /** Tell them that somebody watches the questions, or nobody any more. */
  watch(isOn: boolean): void;
  /** Resolves when all of them listen. Rejects, none left running, when one cannot. */
  readonly listening: Promise<Threads>;
}

/** From source the worker is a .ts file, in the built package a .js one. */
const WORKER_FILE = new URL(
  `./dns-worker${import.meta.url.slice(import.meta.url.lastIndexOf('.'))}`,
  import.meta.url,
);

/** So long a dead thread's place is empty, in ms: one that dies at once, again and again, must not take a whole core. */
const REPLACE_AFTER_MS = 200;

/** Errors of systems that cannot share a port. */
const UNSUPPORTED = ['ENOTSUP', 'EOPNOTSUPP', 'ENOPROTOOPT', 'EINVAL'];

function refusal({ code, address, message }: FromThread & { kind: 'refused' }): Error {
  if (UNSUPPORTED.includes(code)) {
    return new AppError(
      'config_invalid',
      `dns_config.threads: this system cannot share a UDP port among threads (${message}); use 0`,
    );
  }
  return Object.assign(new Error(message), { code, address });
}

/** Ask other datacenters for a thread. */
function answerFrom(
  worker: Worker,
  { id, question }: FromThread & { kind: 'ask' },
  parts: ThreadsParts,
): void {
  const tell = (told: ToldThread): void => worker.postMessage({ kind: 'told', id, told } satisfies ToThread);
  void answerThread(parts.elsewhere, question).then(tell);
}

/** What a thread says once it listens. */
function take(message: FromThread, worker: Worker, parts: ThreadsParts): void {
  if (message.kind === 'log') parts.log[message.level](message.fields, message.message);
  else if (message.kind === 'ask') answerFrom(worker, message, parts);
  else if (message.kind === 'questions') parts.live.hear(message.batch);
  else if (message.kind === 'counted') absorb(parts.metrics, message.counted);
}

function hear(worker: Worker, parts: ThreadsParts): Promise<void> {
  return new Promise((resolve, reject) => {
    worker.on('message', (message: FromThread) => {
      if (message.kind === 'listening') resolve();
      else if (message.kind === 'refused') reject(refusal(message));
      else take(message, worker, parts);
    });
    worker.on('error', (error) => {
      const uncaught = parts.metrics.counter('uncaught_errors');
      uncaught.add(uncaught.slot('dns'));
      parts.log.error({ err: error }, 'a DNS thread died; another takes its place');
      reject(error);
    });
  });
}

/** The rows of this moment, for the thread with this number. Whoever starts a thread with them must tell it of every later write. */
function startOf(parts: ThreadsParts, config: DnsConfig, thread: number): ThreadStart {
  const { addresses, port, sockets, nodeName, view, index, live, elsewhere } = parts;
  return {
    addresses,
    port,
    sockets: sockets?.of(thread) ?? null,
    config,
    nodeName,
    rows: rowsForThread(view),
    index: index(),
    datacenters: elsewhere?.datacenters?.() ?? [],
    isWatched: live.isOn,
  };
}

/** Start the threads with the rows of this moment; every write from now on must be passed to `write`. */
export function startThreads(parts: ThreadsParts, file: URL = WORKER_FILE): StartingThreads {
  let { config } = parts;
  let isStopping = false;
  const env = threadEnv();
  /** Those that run, and when they have ended. */
  const workers = new Map<Worker, Promise<void>>();

  /** Resolves when the new thread listens; from then on it is replaced when it ends. */
  async function begin(thread: number): Promise<void> {
    const worker = new Worker(file, { workerData: startOf(parts, config, thread), env });
    const ended = new Promise<void>((resolve) => worker.once('exit', () => resolve()));
    workers.set(worker, ended);
    void ended.then(() => workers.delete(worker));
    await hear(worker, parts);
    parts.sockets?.handBack(thread);
    void ended.then(() => replace(thread));
  }

  function replace(thread: number): void {
    if (isStopping) return;
    parts.sockets?.standIn(thread);
    parts.clock.after(REPLACE_AFTER_MS, () => {
      if (isStopping) return;
      begin(thread).catch((err: unknown) => {
        parts.log.error({ err }, 'a DNS thread cannot be started again');
        replace(thread);
      });
    });
  }

  function tell(message: ToThread): void {
    for (const worker of workers.keys()) worker.postMessage(message);
  }

  async function stop(): Promise<void> {
    isStopping = true;
    const exits = [...workers.values()];
    tell({ kind: 'stop' });
    await Promise.all(exits);
  }

  async function listen(heard: readonly Promise<void>[]): Promise<Threads> {
    const [first] = (await Promise.allSettled(heard)).filter((each) => each.status === 'rejected');
    if (first !== undefined) {
      await stop();
      throw first.reason;
    }
    const configure = (next: DnsConfig): void => {
      config = next;
      tell({ kind: 'config', config });
    };
    return { configure, stop };
  }

  parts.elsewhere?.onDatacenters?.((names) => tell({ kind: 'datacenters', names }));
  return {
    write(applied, index) {
      const changes = changesForThread(applied);
      if (changes.length > 0) tell({ kind: 'write', changes, index });
    },
    watch: (isOn) => tell({ kind: 'watch', isOn }),
    listening: listen(Array.from({ length: parts.count }, (_, thread) => begin(thread))),
  };
}
