/**
 * A store that fails when told to: at its Nth commit, before or after the driver behind it did the work.
 */
import type { Persistence } from '../../src/catalog/persistence.ts';
import { AppError } from '../../src/model/errors.ts';

export interface FailingStore extends Persistence {
  /** Commits that were asked for so far. */
  commits(): number;
}

/** Pass everything to `store`, but reject commit number `failAt` (counted from 1) without doing it. */
export function failingStore(store: Persistence, failAt: number): FailingStore {
  let count = 0;
  return {
    load: () => store.load(),
    commit: (batch) => {
      count += 1;
      if (count === failAt) return Promise.reject(new AppError('store_failed', 'disk is full (simulated)'));
      return store.commit(batch);
    },
    close: () => store.close(),
    commits: () => count,
  };
}
