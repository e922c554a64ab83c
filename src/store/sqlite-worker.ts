/**
 * Entry of the database thread: requests in the order they come, each answered once.
 *
 * Commits that came together are one transaction. When that fails they are tried one by one, so that what is wrong with
 * one of them refuses no other. What large commits leave on the heap is collected afterwards.
 */
import { getHeapStatistics } from 'node:v8';
import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { garbageCollector } from '../lib/collect-garbage.ts';
import { keepCompiledCode } from '../lib/thread-env.ts';
import { AppError, invariant } from '../model/errors.ts';
import { type EmbeddedDatabase, openDatabase } from './sqlite-database.ts';
import type { CommitRequest, DatabaseReply, DatabaseRequest } from './sqlite-protocol.ts';
import { StagedCommits } from './staged-commits.ts';

type Commit = CommitRequest & { readonly id: number };

/** Errors after which the file may hold what was to be committed. */
const UNCERTAIN = /^SQLITE_IOERR_(?:DIR_)?FSYNC$/;

/** Octets of the heap above the least that there ever were that are worth a collection. */
const MUCH_BYTES = 32 * 1024 * 1024;

/**
 * To be called with every request: `waitMs` after one, what has been left is collected if it is much. Then who writes waits for
 * some 20 ms, so it should not be often.
 */
function collectingAfterwards(waitMs: number): () => void {
  const collect = garbageCollector();
  const usedBytes = (): number => getHeapStatistics().used_heap_size;
  let leastBytes = usedBytes();
  let isWaiting = false;
  const look = (): void => {
    isWaiting = false;
    if (usedBytes() - leastBytes >= MUCH_BYTES) collect({ type: 'major' });
    leastBytes = Math.min(leastBytes, usedBytes());
  };
  return () => {
    if (isWaiting) return;
    isWaiting = true;
    setTimeout(look, waitMs).unref();
  };
}

function failed(id: number, cause: unknown): DatabaseReply {
  const code = cause instanceof AppError ? cause.code : 'store_failed';
  const isUncertain = UNCERTAIN.test(String((cause as { code?: unknown } | null)?.code ?? ''));
  return { id, code, message: cause instanceof Error ? cause.message : String(cause), isUncertain };
}

/** Answer on `port`; the first request opens the file, so that a failure to open it is an answer too. */
function serve(port: MessagePort, path: string, onAsked: () => void): void {
  let database: EmbeddedDatabase | undefined;
  const staged = new StagedCommits();
  const opened = (): EmbeddedDatabase => {
    database ??= openDatabase(path);
    return database;
  };

  function commit(requests: readonly Commit[]): readonly DatabaseReply[] {
    try {
      const indexes = opened().commit(requests);
      return requests.map(({ id }, i) => ({ id, ok: indexes[i] as number }));
    } catch (cause) {
      if (requests.length > 1) return requests.flatMap((request) => commit([request]));
      return requests.map(({ id }) => failed(id, cause));
    }
  }

  function answer(request: Exclude<DatabaseRequest, Commit>): DatabaseReply {
    const { id } = request;
    try {
      if (request.kind === 'load') return { id, ok: opened().load(request) };
      if (request.kind === 'stage') {
        staged.add(request);
        return { id, ok: null };
      }
      if (request.kind === 'index') return { id, ok: opened().indexOf(request.store) };
      database?.close();
      return { id, ok: null };
    } catch (cause) {
      return failed(id, cause);
    }
  }

  port.on('message', (requests: readonly DatabaseRequest[]) => {
    onAsked();
    const commits = requests
      .filter((request) => request.kind === 'commit')
      .map((request) => ({ ...request, batch: staged.take(request) }));
    const others = requests.filter((request) => request.kind !== 'commit');
    const replies = commits.length > 0 ? commit(commits) : [];
    port.postMessage([...replies, ...others.map(answer)]);
    if (others.some(({ kind }) => kind === 'close')) port.close();
  });
}

invariant(parentPort !== null, 'this file is started as a worker');
keepCompiledCode();
const { path, collectAfterMs = 10_000 } = workerData as {
  readonly path: string;
  readonly collectAfterMs?: number;
};
serve(parentPort, path, collectingAfterwards(collectAfterMs));
