/**
 * DNS threads from the main thread's side: start them, feed them, stop them.
 *
 * Each thread answers over UDP on sockets that share the port with the others; the system spreads clients over them. A
 * write is sent to the threads before it is acknowledged, so they are behind by one message. A thread that dies is said
 * in the log and not started again: the others take over its packets when its sockets close with it.
 */
import { Worker } from 'node:worker_threads';
import type { Applied } from '../catalog/state.ts';
import type { View } from '../catalog/tables.ts';
import type { Logger } from '../lib/log.ts';
import { threadEnv } from '../lib/thread-env.ts';
import type { Metrics } from '../metrics/registry.ts';
import { AppError } from '../model/errors.ts';
import type { ModifyIndex } from '../model/types.ts';
import type { DnsConfig } from './config.ts';
import {
  changesForThread,
  type FromThread,
  rowsForThread,
  type ThreadStart,
  type ToThread,
} from './thread-protocol.ts';
import { absorb } from './thread-report.ts';

export interface ThreadsParts {
  readonly count: number;
  readonly addresses: readonly string[];
  readonly port: number;
  readonly view: View;
  readonly index: () => ModifyIndex;
  readonly config: DnsConfig;
  readonly nodeName: string;
  readonly log: Logger;
  readonly metrics: Metrics;
}

export interface Threads {
  configure(config: DnsConfig): void;
  stop(): Promise<void>;
}

export interface StartingThreads {
  /** Tell the threads of an installed write; what comes before they listen waits for them. */
  write(applied: readonly Applied[], index: ModifyIndex): void;
  /** Resolves when all of them listen. Rejects, none left running, when one cannot. */
  readonly listening: Promise<Threads>;
}

/** From source the worker is a .ts file, in the built package a .js one. */
const WORKER_FILE = new URL(
  `./worker${import.meta.url.slice(import.meta.url.lastIndexOf('.'))}`,
  import.meta.url,
);

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

function hear(worker: Worker, parts: ThreadsParts): Promise<void> {
  return new Promise((resolve, reject) => {
    worker.on('message', (message: FromThread) => {
      if (message.kind === 'listening') resolve();
      else if (message.kind === 'refused') reject(refusal(message));
      else if (message.kind === 'log') parts.log[message.level](message.fields, message.message);
      else absorb(parts.metrics, message.counted);
    });
    worker.on('error', (error) => {
      parts.log.error({ err: error }, 'a DNS thread died');
      reject(error);
    });
  });
}

function ended(worker: Worker): Promise<void> {
  return new Promise((resolve) => worker.once('exit', () => resolve()));
}

/** Start the threads with the rows of this moment; every write from now on must be passed to `write`. */
export function startThreads(parts: ThreadsParts): StartingThreads {
  const { addresses, port, config, nodeName, log } = parts;
  const start: ThreadStart = {
    addresses,
    port,
    config,
    nodeName,
    isDebug: log.isDebug(),
    rows: rowsForThread(parts.view),
    index: parts.index(),
  };
  const env = threadEnv();
  const workers = Array.from(
    { length: parts.count },
    () => new Worker(WORKER_FILE, { workerData: start, env }),
  );
  const exits = workers.map(ended);
  const heard = workers.map((worker) => hear(worker, parts));
  const tell = (message: ToThread): void => {
    for (const worker of workers) worker.postMessage(message);
  };
  const stop = async (): Promise<void> => {
    tell({ kind: 'stop' });
    await Promise.all(exits);
  };
  const listen = async (): Promise<Threads> => {
    const [first] = (await Promise.allSettled(heard)).filter((each) => each.status === 'rejected');
    if (first === undefined) return { configure: (next) => tell({ kind: 'config', config: next }), stop };
    await stop();
    throw first.reason;
  };
  return {
    write(applied, index) {
      const changes = changesForThread(applied);
      if (changes.length > 0) tell({ kind: 'write', changes, index });
    },
    listening: listen(),
  };
}
