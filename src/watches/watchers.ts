/**
 * The watches that run now: each follows its plan and has its handler told of every change, one at a time.
 *
 * `replace` ends what is gone, starts what is new and leaves alone what stays. Queries end at once; a handler that is at
 * work when its watch ends may finish within GRACE_MS. Failures of handlers are logged and end nothing.
 */
import type { Clock } from '../lib/clock.ts';
import type { Logger } from '../lib/logger.ts';
import type { WatchDefinition } from './definition.ts';
import { type Answer, type Reading, readChanges } from './follow.ts';
import type { Query } from './watch-plan.ts';

/** How long a handler at work may go on after its watch has ended, ms. Turning it up delays the end of the agent. */
const GRACE_MS = 2_000;

/** Tells a handler of a view; resolves with what there is to say about it. Rejects when it failed. */
export type Tell = (
  handler: WatchDefinition['handler'],
  reading: Reading,
  signal: AbortSignal,
) => Promise<string>;

export interface WatcherParts {
  readonly ask: (path: string, query: Query, token: string, signal: AbortSignal) => Promise<Answer>;
  readonly tell: Tell;
  readonly clock: Clock;
  readonly log: Logger;
}

export interface WatchesDiff {
  readonly added: readonly string[];
  readonly removed: readonly string[];
}

interface Running {
  readonly definition: WatchDefinition;
  readonly ending: AbortController;
  readonly ended: Promise<void>;
}

type ByFingerprint = ReadonlyMap<string, WatchDefinition>;

/** Definitions that say the same are different watches: they run as often as they are written. */
function numbered(definitions: readonly WatchDefinition[]): ByFingerprint {
  const counts = new Map<string, number>();
  return new Map(
    definitions.map((definition) => {
      const count = (counts.get(definition.fingerprint) ?? 0) + 1;
      counts.set(definition.fingerprint, count);
      return [`${count} ${definition.fingerprint}`, definition] as const;
    }),
  );
}

export class Watchers {
  readonly #parts: WatcherParts;
  readonly #running = new Map<string, Running>();
  #isStopped = false;

  constructor(parts: WatcherParts) {
    this.#parts = parts;
  }

  /** What `replace` would do. */
  preview(definitions: readonly WatchDefinition[]): WatchesDiff {
    const wanted = numbered(definitions);
    const gone = [...this.#running].filter(([key]) => !wanted.has(key));
    const fresh = [...wanted].filter(([key]) => !this.#running.has(key));
    return {
      added: fresh.map(([, { plan }]) => `watch ${plan.name}`),
      removed: gone.map(([, { definition }]) => `watch ${definition.plan.name}`),
    };
  }

  /** Run these and no others; tells what that changed. Does nothing once stop was called. */
  replace(definitions: readonly WatchDefinition[]): WatchesDiff {
    const diff = this.preview(definitions);
    if (this.#isStopped) return diff;
    const wanted = numbered(definitions);
    for (const [key, { ending }] of this.#running) {
      if (wanted.has(key)) continue;
      this.#running.delete(key);
      ending.abort();
    }
    for (const [key, definition] of wanted) {
      if (!this.#running.has(key)) this.#running.set(key, this.#begin(definition));
    }
    return diff;
  }

  /** End all watches; resolves when no handler is at work any more. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    const all = [...this.#running.values()];
    this.#running.clear();
    for (const { ending } of all) ending.abort();
    await Promise.all(all.map(({ ended }) => ended));
  }

  #begin(definition: WatchDefinition): Running {
    const ending = new AbortController();
    return { definition, ending, ended: this.#follow(definition, ending.signal) };
  }

  async #follow(definition: WatchDefinition, signal: AbortSignal): Promise<void> {
    const { ask, clock, log } = this.#parts;
    const { plan, token } = definition;
    const changes = readChanges(plan, {
      ask: (path, query, until) => ask(path, query, token, until),
      clock,
      signal,
      onError: (err, retryMs) => log.error({ err, watch: plan.name, retryMs }, 'watch failed, trying again'),
    });
    for await (const reading of changes) await this.#tell(definition, reading, signal);
  }

  async #tell({ plan, handler }: WatchDefinition, reading: Reading, signal: AbortSignal): Promise<void> {
    const { tell, clock, log } = this.#parts;
    if (signal.aborted) return;
    const patience = new AbortController();
    const onEnd = (): void => void clock.after(GRACE_MS, () => patience.abort());
    signal.addEventListener('abort', onEnd, { once: true });
    try {
      const output = await tell(handler, reading, patience.signal);
      log.debug({ watch: plan.name, output }, 'watch handler told');
    } catch (err) {
      log.error({ err, watch: plan.name }, 'watch handler failed');
    } finally {
      signal.removeEventListener('abort', onEnd);
    }
  }
}
