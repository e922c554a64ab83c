/** How a server's wait for the lock ends, and that a server that never ended it keeps nothing in memory. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import type { LeaderLock, ServerRecord } from '../../../src/catalog/leader-lock.ts';
import { Candidate } from '../../../src/cluster/candidate.ts';
import { ReplicaProgress } from '../../../src/cluster/replica-progress.ts';
import { silentLogger } from '../../../src/lib/logger.ts';
import { manualClock } from '../../support/manual-clock.ts';

const self: ServerRecord = { id: 'a', name: 'a', host: '127.0.0.1', port: 1 };

/** Stands for a lock that is never free, and counts in `waits` how often it was waited for. */
function stand() {
  const counted = { waits: 0 };
  const lock: LeaderLock = {
    campaign: (_self, signal) => {
      counted.waits += 1;
      return new Promise((resolve) =>
        signal.addEventListener('abort', () => resolve(undefined), { once: true }),
      );
    },
    observe: () => () => {},
    challenge: async () => {},
  };
  const clock = manualClock();
  const progress = new ReplicaProgress(clock, () => 0);
  const term = { begin: () => {}, end: () => {} };
  const candidate = new Candidate({ self, lock, progress, term, clock, log: silentLogger });
  candidate.start();
  return { candidate, clock, counted };
}

test('a candidate that is stopped waits for the lock no longer, and does not begin anew', async () => {
  const { candidate, counted } = stand();
  await expect.poll(() => counted.waits).toBe(1);
  await candidate.stop();
  expect(counted.waits).toBe(1);
});

test('a candidate that is stopped while it holds back does not wait for the lock', async () => {
  const { candidate, clock, counted } = stand();
  candidate.holdBack(1_000);
  const stopped = candidate.stop();
  clock.advance(50);
  await stopped;
  expect(counted.waits).toBe(0);
});

test('a candidate that nobody knows any more is no longer in memory, even while it waits', async () => {
  setFlagsFromString('--expose-gc');
  const collectGarbage = runInNewContext('gc') as () => void;
  const forgotten = await (async () => {
    const { candidate, counted } = stand();
    await expect.poll(() => counted.waits).toBe(1);
    return new WeakRef(candidate);
  })();
  await expect
    .poll(() => {
      collectGarbage();
      return forgotten.deref() === undefined;
    })
    .toBe(true);
});
