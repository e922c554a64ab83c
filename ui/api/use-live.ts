/**
 * Hooks that tie answers of the API to a component: `useLive` follows one, `useAnswer` asks once per path, `useAction`
 * writes and says how it went.
 */
import { type Signal, useSignal } from '@preact/signals';
import { useEffect, useMemo } from 'preact/hooks';
import { useApp } from '../app/app.ts';
import { ApiError } from './client.ts';
import { ANSWER_SECONDS, type Live } from './live-entry.ts';

/** Follow `path` as long as the component is shown; `everyMs` is for answers without an index (0: ask once). */
export function useLive<T>(path: string, everyMs = 0): Live<T> {
  const { live } = useApp();
  useEffect(() => {
    live.enter<T>(path, everyMs);
    return () => live.leave(path);
  }, [live, path, everyMs]);
  return useMemo(() => live.peek<T>(path), [live, path]);
}

/** The answer to `path`, asked again when `path` or `version` changes; '' asks nothing. */
export function useAnswer<T>(path: string, version: unknown = 0): Live<T> {
  const { api } = useApp();
  const data = useSignal<T | undefined>(undefined);
  const error = useSignal<ApiError | undefined>(undefined);
  // biome's rule cannot see that `version` is there to ask again.
  const key = `${path} ${String(version)}`;
  useEffect(() => {
    const asked = key.slice(0, key.lastIndexOf(' '));
    if (asked === '') return;
    const abort = new AbortController();
    const signal = AbortSignal.any([abort.signal, AbortSignal.timeout(ANSWER_SECONDS * 1_000)]);
    api.get<T>(asked, signal).then(
      (reply) => {
        data.value = reply.value;
        error.value = undefined;
      },
      (cause) => {
        if (abort.signal.aborted) return;
        data.value = undefined;
        error.value = cause instanceof ApiError ? cause : new ApiError(0, String(cause));
      },
    );
    return () => abort.abort();
  }, [api, data, error, key]);
  return { data, error };
}

export interface Action {
  readonly isBusy: Signal<boolean>;
  readonly error: Signal<string>;
  /** Do it; resolves with true when it went well, after which `done` is announced. The refusal stays in `error`. */
  run(work: () => Promise<unknown>, done: string): Promise<boolean>;
}

export function useAction(): Action {
  const { notify } = useApp();
  const isBusy = useSignal(false);
  const error = useSignal('');
  return useMemo(
    () => ({
      isBusy,
      error,
      async run(work, done) {
        isBusy.value = true;
        error.value = '';
        try {
          await work();
          if (done !== '') notify('done', done);
          return true;
        } catch (cause) {
          error.value = cause instanceof Error ? cause.message : String(cause);
          return false;
        } finally {
          isBusy.value = false;
        }
      },
    }),
    [notify, isBusy, error],
  );
}
