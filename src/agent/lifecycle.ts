/**
 * Parts that are started in order and stopped in reverse, in bounded time.
 *
 * A part that cannot start stops the ones before it, and its error is what the caller sees. A part that cannot stop is
 * logged and does not keep the others from stopping; one that takes too long (a stranger holds a connection, a disk does
 * not answer) is named in the log and left, and whoever ends the process must not wait for what it still holds.
 */
import { type Clock, settlesWithin } from '../lib/clock.ts';
import type { Logger } from '../lib/logger.ts';

export interface Part {
  readonly name: string;
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** How long a part may take to stop, ms. Above the time that http/ gives the readers of its answers. */
const PART_MS = 4_000;
/** How long all may take, ms: below the 10 s after which container runtimes kill. */
const ALL_MS = 8_000;
/** What a part gets at least when others have used up the time of all: the store comes last. */
const LEAST_MS = 250;

export interface LifecycleTools {
  readonly clock: Clock;
  readonly log: Logger;
}

async function stopPart(part: Part, withinMs: number, { clock, log }: LifecycleTools): Promise<void> {
  try {
    if (await settlesWithin(clock, withinMs, part.stop())) return;
    log.error({ stopping: part.name, afterMs: withinMs }, 'a part did not stop in time and is left');
  } catch (err) {
    log.error({ err, stopping: part.name }, 'a part did not stop well');
  }
}

async function stopAll(started: readonly Part[], tools: LifecycleTools): Promise<void> {
  const endMs = tools.clock.monotonic() + ALL_MS;
  for (const part of started.toReversed()) {
    const leftMs = endMs - tools.clock.monotonic();
    await stopPart(part, Math.max(Math.min(PART_MS, leftMs), LEAST_MS), tools);
  }
}

/** Start every part in order; the result stops them in reverse. Rejects with the first failure, all stopped again. */
export async function startAll(parts: readonly Part[], tools: LifecycleTools): Promise<() => Promise<void>> {
  const started: Part[] = [];
  for (const part of parts) {
    try {
      await part.start();
    } catch (error) {
      await stopAll([...started, part], tools);
      throw error;
    }
    started.push(part);
  }
  return () => stopAll(started, tools);
}
