/**
 * The environment of a new thread: that of the process, and where compiled code is kept.
 *
 * A thread does not inherit the compile cache that the launcher switched on, and would strip the types of every module
 * that it loads again: 90 ms of processor time for the database's, and 12 MB for what strips types. What it compiles is
 * written when it ends well, which an agent that is killed never does.
 */
import { flushCompileCache, getCompileCacheDir } from 'node:module';
import path from 'node:path';

/** When the modules of a thread are loaded. */
const KEEP_AFTER_MS = 3_000;

/** For `new Worker(…, { env })`. */
export function threadEnv(): NodeJS.ProcessEnv {
  const dir = getCompileCacheDir();
  // The cache lies in a folder named after the version of Node, which the variable does not name.
  return dir === undefined ? process.env : { ...process.env, NODE_COMPILE_CACHE: path.dirname(dir) };
}

/** A thread calls this when it starts: what it has compiled by then is kept for the next start. */
export function keepCompiledCode(): void {
  setTimeout(flushCompileCache, KEEP_AFTER_MS).unref();
}
