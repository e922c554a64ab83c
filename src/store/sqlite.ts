/**
 * The embedded store: the main thread's end of the database thread.
 *
 * Encodes rows, keeps count of what was asked, and turns replies into resolved promises. A database thread that dies
 * fails everything that waits and everything that comes later; the agent goes on answering from memory.
 */
import { Worker } from 'node:worker_threads';
import type { Persistence, Stored, Write } from '../catalog/persistence.ts';
import type { Change, PutChange } from '../catalog/state.ts';
import { TABLES } from '../catalog/tables.ts';
import { threadEnv } from '../lib/thread-env.ts';
import { AppError } from '../model/errors.ts';
import type {
  DatabaseReply,
  DatabaseRequest,
  DatabaseResults,
  EncodedChange,
  StoredRows,
} from './sqlite-protocol.ts';

interface Waiting {
  resolve(result: never): void;
  reject(error: AppError): void;
}

const NO_STAMP = { createIndex: undefined, modifyIndex: undefined };

function encode(change: Change): EncodedChange {
  if (change.op === 'remove') return { table: change.table, key: change.key, row: null };
  const key = TABLES[change.table].key(change.row as never);
  return { table: change.table, key, row: JSON.stringify({ ...change.row, ...NO_STAMP }) };
}

function decode({ index, tables }: StoredRows): Stored {
  const rows = tables.flatMap(({ table, rows: stored }) =>
    stored.map(({ row, createIndex, modifyIndex }) => {
      const content = JSON.parse(row) as object;
      return { op: 'put', table, row: { createIndex, modifyIndex, ...content } } as PutChange;
    }),
  );
  return { index, rows };
}

/** From source the worker is a .ts file, in the built package a .js one. */
const WORKER_FILE = new URL(
  `./sqlite-worker${import.meta.url.slice(import.meta.url.lastIndexOf('.'))}`,
  import.meta.url,
);

class SqliteStore implements Persistence {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, Waiting>();
  #lastId = 0;
  #failure: AppError | undefined;

  constructor(path: string) {
    this.#worker = new Worker(WORKER_FILE, { workerData: { path }, env: threadEnv() });
    this.#worker.on('message', (reply: DatabaseReply) => this.#settle(reply));
    this.#worker.on('error', (cause) => this.#fail(`the database thread died: ${cause}`));
    this.#worker.on('exit', () => this.#fail('the database is closed'));
  }

  async load(): Promise<Stored> {
    return decode(await this.#ask('load', {}));
  }

  commit(batch: readonly Write[]): Promise<readonly number[]> {
    return this.#ask('commit', { batch: batch.map((write) => write.map(encode)) });
  }

  async close(): Promise<void> {
    if (this.#failure) return;
    await this.#ask('close', {});
    await this.#worker.terminate();
  }

  #ask<Kind extends DatabaseRequest['kind']>(
    kind: Kind,
    body: Omit<Extract<DatabaseRequest, { kind: Kind }>, 'id' | 'kind'>,
  ): Promise<DatabaseResults[Kind]> {
    if (this.#failure) return Promise.reject(this.#failure);
    const id = ++this.#lastId;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#worker.postMessage({ id, kind, ...body });
    });
  }

  #settle(reply: DatabaseReply): void {
    const waiting = this.#waiting.get(reply.id);
    this.#waiting.delete(reply.id);
    if ('ok' in reply) waiting?.resolve(reply.ok as never);
    else waiting?.reject(new AppError(reply.code, reply.message));
  }

  #fail(why: string): void {
    this.#failure ??= new AppError('store_failed', why);
    for (const { reject } of this.#waiting.values()) reject(this.#failure);
    this.#waiting.clear();
  }
}

/** The store in the file at `path`, which is created when it is missing. Opening happens on first use. */
export function sqliteStore(path: string): Persistence {
  return new SqliteStore(path);
}
