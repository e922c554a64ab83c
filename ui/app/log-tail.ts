/** The agent's log as it is written: a stream of lines, the newest LINE_LIMIT kept. */
import { type Signal, useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { ApiError } from '../api/client.ts';
import { type App, useApp } from './app.ts';

const LINE_LIMIT = 500;
const RETRY_MS = 3_000;

export interface LogTail {
  readonly lines: Signal<readonly string[]>;
  readonly error: Signal<ApiError | undefined>;
}

/** Whole lines out of pieces; the unfinished rest is kept for the next piece. */
function splitLines(
  rest: string,
  piece: string,
): { readonly lines: readonly string[]; readonly rest: string } {
  const parts = (rest + piece).split('\n');
  return { lines: parts.slice(0, -1), rest: parts.at(-1) ?? '' };
}

interface Tail extends LogTail {
  readonly path: string;
  readonly abort: AbortSignal;
}

/** Read the stream once, until it ends. */
async function readOnce(app: App, tail: Tail): Promise<void> {
  let rest = '';
  tail.error.value = undefined;
  await app.api.stream(tail.path, tail.abort, (piece) => {
    const split = splitLines(rest, piece);
    rest = split.rest;
    if (split.lines.length > 0) tail.lines.value = [...tail.lines.peek(), ...split.lines].slice(-LINE_LIMIT);
  });
}

async function follow(app: App, tail: Tail): Promise<void> {
  while (!tail.abort.aborted) {
    try {
      await readOnce(app, tail);
    } catch (cause) {
      if (tail.abort.aborted) return;
      tail.error.value = cause instanceof ApiError ? cause : new ApiError(0, String(cause));
    }
    await app.clock.pause(RETRY_MS, tail.abort);
  }
}

/** Follow the log at `level` as long as the component is shown. */
export function useLogTail(level: string): LogTail {
  const app = useApp();
  const lines = useSignal<readonly string[]>([]);
  const error = useSignal<ApiError | undefined>(undefined);
  useEffect(() => {
    const abort = new AbortController();
    const path = `/v1/agent/monitor?loglevel=${level}`;
    void follow(app, { path, abort: abort.signal, lines, error });
    return () => abort.abort();
  }, [app, level, lines, error]);
  return { lines, error };
}
