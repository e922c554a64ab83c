/**
 * Entry of the database thread: one request at a time, in the order they come, each answered once.
 */
import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { AppError, invariant } from '../model/errors.ts';
import { type EmbeddedDatabase, openDatabase } from './sqlite-database.ts';
import type { DatabaseReply, DatabaseRequest, DatabaseResults } from './sqlite-protocol.ts';

function failed(id: number, cause: unknown): DatabaseReply {
  const code = cause instanceof AppError ? cause.code : 'store_failed';
  return { id, code, message: cause instanceof Error ? cause.message : String(cause) };
}

/** Answer on `port`; the first request opens the file, so that a failure to open it is an answer too. */
function serve(port: MessagePort, path: string): void {
  let database: EmbeddedDatabase | undefined;

  function answer(request: DatabaseRequest): DatabaseResults[keyof DatabaseResults] {
    if (request.kind === 'close') {
      database?.close();
      return null;
    }
    database ??= openDatabase(path);
    return request.kind === 'load' ? database.load() : database.commit(request.batch);
  }

  port.on('message', (request: DatabaseRequest) => {
    let reply: DatabaseReply;
    try {
      reply = { id: request.id, ok: answer(request) };
    } catch (cause) {
      reply = failed(request.id, cause);
    }
    port.postMessage(reply);
    if (request.kind === 'close') port.close();
  });
}

invariant(parentPort !== null, 'this file is started as a worker');
serve(parentPort, (workerData as { path: string }).path);
