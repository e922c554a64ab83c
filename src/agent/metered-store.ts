/**
 * A store that is measured: how long each commit took, and how many failed. The first failure after a success is
 * logged, and so is the recovery: an operator hears of a full disk once, not once for every write that is refused.
 */
import type { CommitOutcome, Persistence } from '../catalog/persistence.ts';
import type { Kinds } from '../catalog/table-set.ts';
import type { Clock } from '../lib/clock.ts';
import type { Logger } from '../lib/logger.ts';
import type { Metrics } from '../metrics/metrics.ts';

export interface MeterParts {
  readonly metrics: Metrics;
  readonly clock: Clock;
  readonly log: Logger;
}

/** The same store; everything but commits is passed through. */
export function meteredStore<K extends Kinds>(
  store: Persistence<K>,
  { metrics, clock, log }: MeterParts,
): Persistence<K> {
  const [seconds, failures] = [metrics.histogram('store_commit_seconds'), metrics.counter('store_failures')];
  const unknown = metrics.counter('store_unknown_outcomes');
  const gauge = metrics.gauge('store_is_failing');
  const unreadableRows = metrics.counter('store_unreadable_rows');
  let isFailing = false;
  function note(outcome: CommitOutcome): void {
    if (outcome.outcome === 'done') {
      if (isFailing) log.info({}, 'changes can be stored again');
      isFailing = false;
      gauge.set(0, 0);
      return;
    }
    failures.add(0);
    if (outcome.outcome === 'unknown') unknown.add(0);
    if (!isFailing)
      log.error({ err: outcome.reason }, 'changes cannot be stored and are refused; reads go on');
    isFailing = true;
    gauge.set(0, 1);
  }
  return {
    limits: store.limits,
    load: async () => {
      const stored = await store.load();
      const { unreadable = [] } = stored;
      for (const row of unreadable) {
        unreadableRows.add(unreadableRows.slot(row.table));
        log.error(row, 'a stored row cannot be read; it is left in the store and not served');
      }
      return stored;
    },
    sizeOf: (write) => store.sizeOf(write),
    outcomeOf: (batch, after) => store.outcomeOf(batch, after),
    follow: (from, follower) => store.follow(from, follower),
    close: () => store.close(),
    commit: async (batch, after) => {
      const startedMs = clock.monotonic();
      try {
        const outcome = await store.commit(batch, after);
        note(outcome);
        return outcome;
      } finally {
        seconds.observe(0, (clock.monotonic() - startedMs) / 1_000);
      }
    },
  };
}
