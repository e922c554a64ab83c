/**
 * A store that is measured: how long each commit took, and how many failed.
 */
import type { Persistence } from '../catalog/persistence.ts';
import type { Clock } from '../lib/clock.ts';
import type { Metrics } from '../metrics/registry.ts';

/** The same store; `load` and `close` are passed through. */
export function meteredStore(store: Persistence, metrics: Metrics, clock: Clock): Persistence {
  const [seconds, failures] = [metrics.histogram('store_commit_seconds'), metrics.counter('store_failures')];
  return {
    load: () => store.load(),
    close: () => store.close(),
    commit: async (batch) => {
      const startedMs = clock.monotonic();
      try {
        return await store.commit(batch);
      } catch (error) {
        failures.add(0);
        throw error;
      } finally {
        seconds.observe(0, (clock.monotonic() - startedMs) / 1_000);
      }
    },
  };
}
