/**
 * Waits until the source of a copy changes, by blocking queries on what is copied.
 */

import { setTimeout as delay } from 'node:timers/promises';
import { AppError } from '../../model/errors.ts';
import type { Client } from '../client.ts';

/** Where instances and their health show. */
export const INSTANCES: readonly string[] = [
  '/v1/catalog/nodes',
  '/v1/catalog/services',
  '/v1/health/state/any',
];
/** Where what `migrate` copies shows. */
export const COPIED: readonly string[] = ['/v1/kv/?keys&separator=/', ...INSTANCES];

/** Longest wait; what cannot be waited for (queries, access control) is copied this late at most. */
const WAIT_MS = 60_000;
/** Between two passes at least, and before a source that does not answer is asked again. */
const PAUSE_MS = 1_000;

/** Wait, with the process kept alive; an interrupt ends it. Never rejects. */
async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await delay(ms, undefined, { signal }).catch(() => {});
}

export class SourceChanges {
  readonly #source: Client;
  readonly #paths: readonly string[];
  readonly #waitMs: number;
  readonly #indexes = new Map<string, string>();

  /** `paths` can be waited on; `waitMs` is the longest wait, for what they do not show. */
  constructor(source: Client, paths: readonly string[], waitMs = WAIT_MS) {
    this.#source = source;
    this.#paths = paths;
    this.#waitMs = waitMs;
  }

  /**
   * Remember how far the source is; to be called before it is read. False when the source has begun anew since the last
   * time, with less than it had: what is missing then was not removed by anybody. Rejects with AppError.
   */
  async mark(): Promise<boolean> {
    let isSame = true;
    for (const path of this.#paths) {
      const index = await this.#indexOf(path, {});
      isSame &&= Number(index) >= Number(this.#indexes.get(path) ?? 0);
      this.#indexes.set(path, index);
    }
    return isSame;
  }

  /** Resolves when something has changed since `mark`, after `waitMs`, or when interrupted. Never rejects for want of a source. */
  async next(interrupted: AbortSignal): Promise<void> {
    const over = new AbortController();
    const signal = AbortSignal.any([interrupted, over.signal]);
    const changed = this.#paths.map((path) => this.#changeOf(path, signal));
    await Promise.race([...changed, pause(this.#waitMs, signal)]);
    over.abort();
    await Promise.all(changed);
    await pause(PAUSE_MS, interrupted);
  }

  /** Resolves when the index of a path is another, and when there is nobody to ask. */
  async #changeOf(path: string, signal: AbortSignal): Promise<void> {
    const before = this.#indexes.get(path) ?? '0';
    try {
      while (!signal.aborted) {
        const now = await this.#indexOf(path, { index: before, wait: `${this.#waitMs}ms`, signal });
        if (now !== before) return;
        await pause(PAUSE_MS, signal);
      }
    } catch (error) {
      if (!(error instanceof AppError) && !signal.aborted) throw error;
    }
  }

  async #indexOf(
    path: string,
    { signal, ...query }: { readonly index?: string; readonly wait?: string; readonly signal?: AbortSignal },
  ): Promise<string> {
    const { headers } = await this.#source.request('GET', path, { query, ...(signal && { signal }) });
    return String(headers['x-consul-index'] ?? '0');
  }
}
