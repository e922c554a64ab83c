/**
 * A store that is measured: how long each commit took, and how many failed. The first failure after a success is
 * logged, and so is the recovery: an operator hears of a full disk once, not once for every write that is refused.
 */
import type { Persistence } from '../catalog/persistence.ts';
import type { Clock } from '../lib/clock.ts';
import type { Logger } from '../lib/logger.ts';
import type { Metrics } from '../metrics/metrics.ts';

export interface MeterParts {
  readonly metrics: Metrics;
  readonly clock: Clock;
  readonly log: Logger;
}

/** The same store; `load` and `close` are passed through. */
export function meteredStore(store: Persistence, { metrics, clock, log }: MeterParts): Persistence {
  const [seconds, failures] = [metrics.histogram('store_commit_seconds'), metrics.counter('store_failures')];
  let isFailing = false;
  return {
    load: () => store.load(),
    close: () => store.close(),
    commit: async (batch) => {
      const startedMs = clock.monotonic();
      try {
        const indexes = await store.commit(batch);
        if (isFailing) log.info({}, 'changes can be stored again');
        isFailing = false;
        return indexes;
      } catch (error) {
        failures.add(0);
        if (!isFailing) log.error({ err: error }, 'changes cannot be stored and are refused; reads go on');
        isFailing = true;
        throw error;
      } finally {
        seconds.observe(0, (clock.monotonic() - startedMs) / 1_000);
      }
    },
  };
}
