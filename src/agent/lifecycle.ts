/**
 * Parts that are started in order and stopped in reverse.
 *
 * A part that cannot start stops the ones before it, and its error is what the caller sees. A part that cannot stop is
 * logged and does not keep the others from stopping.
 */
import type { Logger } from '../lib/logger.ts';

export interface Part {
  readonly name: string;
  start(): Promise<void>;
  stop(): Promise<void>;
}

async function stopAll(started: readonly Part[], log: Logger): Promise<void> {
  for (const part of started.toReversed()) {
    try {
      await part.stop();
    } catch (err) {
      log.error({ err, stopping: part.name }, 'a part did not stop well');
    }
  }
}

/** Start every part in order; the result stops them in reverse. Rejects with the first failure, all stopped again. */
export async function startAll(parts: readonly Part[], log: Logger): Promise<() => Promise<void>> {
  const started: Part[] = [];
  for (const part of parts) {
    try {
      await part.start();
    } catch (error) {
      await stopAll([...started, part], log);
      throw error;
    }
    started.push(part);
  }
  return () => stopAll(started, log);
}
