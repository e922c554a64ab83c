/**
 * What happens to an error that nobody caught: it is logged and counted, and the agent goes on.
 *
 * Such an error is a bug, in one callback of one socket or timer; ending the process for it would take down every face
 * for what one packet did. In force from the moment that everything runs: before that it is a failure to start and ends
 * the process, as it should. Threads need none of this: one that dies is replaced, see dns/transport/threads.ts and
 * checks/probe-thread.ts, and counted under the same metric. Somebody may find a way to cause the error again and again,
 * so only a few are logged in each minute; the metric has them all.
 */
import type { EventEmitter } from 'node:events';
import type { Clock } from '../lib/clock.ts';
import { type Logger, stackOf } from '../lib/logger.ts';
import type { Metrics } from '../metrics/metrics.ts';

/** Errors that are logged in one PERIOD_MS. Turning it up shows more of a storm, at some 2 KB a line. */
const MAX_LOGGED = 10;
const PERIOD_MS = 60_000;

export interface LastResortParts {
  /** Whose 'uncaughtException' it takes, rejections that nobody handles included. */
  readonly process: Pick<EventEmitter, 'on' | 'off'>;
  readonly clock: Clock;
  readonly log: Pick<Logger, 'error'>;
  readonly metrics: Metrics;
}

/** Take uncaught errors until the returned function is called. */
export function surviveUncaught({ process, clock, log, metrics }: LastResortParts): () => void {
  const counter = metrics.counter('uncaught_errors');
  const slot = counter.slot('main');
  let [sinceMs, logged, unlogged] = [clock.monotonic(), 0, 0];

  function note(err: unknown, origin: string): void {
    const nowMs = clock.monotonic();
    if (nowMs - sinceMs >= PERIOD_MS) [sinceMs, logged] = [nowMs, 0];
    if (logged >= MAX_LOGGED) {
      unlogged += 1;
      return;
    }
    logged += 1;
    log.error(
      { err, origin, unlogged, stack: stackOf(err) },
      'an error that nobody caught; this is a bug, the agent goes on',
    );
    unlogged = 0;
  }

  const onUncaught = (err: unknown, origin: string): void => {
    counter.add(slot);
    try {
      note(err, origin);
    } catch {
      // An error thrown here would end the process after all; the metric has counted it.
    }
  };
  process.on('uncaughtException', onUncaught);
  return () => process.off('uncaughtException', onUncaught);
}
