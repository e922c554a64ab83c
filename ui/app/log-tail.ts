/** The agent's log as it is written: a stream of lines, the newest LINE_LIMIT kept. */
import { type Signal, useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import type { ApiError } from '../api/client.ts';
import { useApp } from './app.ts';
import { followLines } from './line-stream.ts';

const LINE_LIMIT = 500;

export interface LogTail {
  readonly lines: Signal<readonly string[]>;
  readonly error: Signal<ApiError | undefined>;
}

/** Follow the log at `level` as long as the component is shown. */
export function useLogTail(level: string): LogTail {
  const app = useApp();
  const lines = useSignal<readonly string[]>([]);
  const error = useSignal<ApiError | undefined>(undefined);
  useEffect(() => {
    const abort = new AbortController();
    const onLines = (more: readonly string[]): void => {
      lines.value = [...lines.peek(), ...more].slice(-LINE_LIMIT);
    };
    void followLines(app, {
      path: `/v1/agent/monitor?loglevel=${level}`,
      abort: abort.signal,
      error,
      onLines,
    });
    return () => abort.abort();
  }, [app, level, lines, error]);
  return { lines, error };
}
