/**
 * The main thread's end of the database thread: what is asked waits here until the thread has answered what it was asked
 * before, and then goes to it all together.
 *
 * So the commits of all stores of the file that wait at one time are one transaction with one fsync, also those that one
 * turn of the event loop asks for. A thread that dies fails everything that waits and everything that comes later; the
 * agent goes on answering from memory.
 */
import { Worker } from 'node:worker_threads';
import { threadEnv } from '../lib/thread-env.ts';
import { AppError } from '../model/errors.ts';
import type { DatabaseReply, DatabaseRequest, DatabaseResults } from './sqlite-protocol.ts';

type Distributed<T> = T extends unknown ? Omit<T, 'id'> : never;
export type Question = Distributed<DatabaseRequest>;

/** An answer that does not say whether a commit was made. */
export class Uncertain extends AppError {}

interface Waiting {
  resolve(result: never): void;
  reject(error: AppError): void;
}

/** From source the worker is a .ts file, in the built package a .js one. */
const WORKER_FILE = new URL(
  `./sqlite-worker${import.meta.url.slice(import.meta.url.lastIndexOf('.'))}`,
  import.meta.url,
);

export class SqliteThread {
  readonly #worker: Worker;
  /** Asked for and not sent. */
  #unsent: DatabaseRequest[] = [];
  /** Sent and not answered. */
  #sent: readonly DatabaseRequest[] = [];
  readonly #waiting = new Map<number, Waiting>();
  #lastId = 0;
  #isSending = false;
  #failure: AppError | undefined;

  constructor(path: string) {
    this.#worker = new Worker(WORKER_FILE, { workerData: { path }, env: threadEnv() });
    this.#worker.on('message', (replies: readonly DatabaseReply[]) => this.#settle(replies));
    this.#worker.on('error', (cause) => this.#fail(`the database thread died: ${cause}`));
    this.#worker.on('exit', () => this.#fail('the database is closed'));
  }

  /** Whether it has ended, by whatever way. */
  get hasEnded(): boolean {
    return this.#failure !== undefined;
  }

  /** The thread's answer. Rejects with AppError: Uncertain when it was asked and cannot answer any more. */
  ask<Q extends Question>(question: Q): Promise<DatabaseResults[Q['kind']]> {
    if (this.#failure) return Promise.reject(this.#failure);
    const id = ++this.#lastId;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#unsent.push({ ...question, id } as DatabaseRequest);
      this.#sendSoon();
    });
  }

  async end(): Promise<void> {
    await this.#worker.terminate();
  }

  /** Once everything that this turn asks has been asked: a tick that a promise asks for runs after all promises. */
  #sendSoon(): void {
    if (this.#isSending || this.#sent.length > 0) return;
    this.#isSending = true;
    queueMicrotask(() => process.nextTick(() => this.#send()));
  }

  #send(): void {
    this.#isSending = false;
    if (this.#failure !== undefined || this.#unsent.length === 0) return;
    this.#sent = this.#unsent;
    this.#unsent = [];
    this.#worker.postMessage(this.#sent);
  }

  #settle(replies: readonly DatabaseReply[]): void {
    this.#sent = [];
    for (const reply of replies) {
      const waiting = this.#waiting.get(reply.id);
      this.#waiting.delete(reply.id);
      if ('ok' in reply) waiting?.resolve(reply.ok as never);
      else waiting?.reject(new (reply.isUncertain ? Uncertain : AppError)(reply.code, reply.message));
    }
    if (this.#unsent.length > 0) this.#sendSoon();
  }

  #fail(why: string): void {
    this.#failure ??= new AppError('store_failed', why);
    for (const { id } of this.#sent) this.#waiting.get(id)?.reject(new Uncertain('store_failed', why));
    for (const { id } of this.#unsent) this.#waiting.get(id)?.reject(this.#failure);
    this.#waiting.clear();
    this.#sent = [];
    this.#unsent = [];
  }
}
