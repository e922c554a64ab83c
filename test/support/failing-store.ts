/**
 * A store that fails when told to: at its Nth commit, before the driver behind it did anything.
 */
import type { Persistence } from '../../src/catalog/persistence.ts';
import { AppError } from '../../src/model/errors.ts';

export interface FailingStore extends Persistence {
  /** Commits that were asked for so far. */
  commits(): number;
}

/** Pass everything to `store`, but refuse commit number `failAt` (counted from 1) without doing it. */
export function failingStore(store: Persistence, failAt: number): FailingStore {
  let count = 0;
  const reason = new AppError('store_failed', 'disk is full (simulated)');
  return {
    ...store,
    commit: (batch, after) => {
      count += 1;
      if (count === failAt) return Promise.resolve({ outcome: 'refused', reason });
      return store.commit(batch, after);
    },
    commits: () => count,
  };
}
