/** A stream of lines from the agent, followed for as long as it is wanted, and asked for again when it ends. */
import type { Signal } from '@preact/signals';
import { ApiError } from '../api/client.ts';
import type { App } from './app.ts';

const RETRY_MS = 3_000;

export interface LineStream {
  readonly path: string;
  readonly abort: AbortSignal;
  readonly error: Signal<ApiError | undefined>;
  readonly onLines: (lines: readonly string[]) => void;
}

/** Read the stream once, until it ends; the unfinished rest of a piece is kept for the next one. */
async function readOnce(app: App, { path, abort, onLines, error }: LineStream): Promise<void> {
  let rest = '';
  error.value = undefined;
  await app.api.stream(path, abort, (piece) => {
    const parts = (rest + piece).split('\n');
    rest = parts.at(-1) ?? '';
    if (parts.length > 1) onLines(parts.slice(0, -1));
  });
}

/** Resolves when `abort` fires; what goes wrong stands in `error` until lines come again. */
export async function followLines(app: App, stream: LineStream): Promise<void> {
  while (!stream.abort.aborted) {
    try {
      await readOnce(app, stream);
    } catch (cause) {
      if (stream.abort.aborted) return;
      stream.error.value = cause instanceof ApiError ? cause : new ApiError(0, String(cause));
    }
    await app.clock.pause(RETRY_MS, stream.abort);
  }
}
