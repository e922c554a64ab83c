/**
 * Three servers live through kills, pauses, partitions, losses and a store that stalls, in simulated time, from a seed.
 *
 * A failing seed is replayed by `node bench/simulation.ts SEED`, which also runs thousands of them.
 */
import { expect, test } from 'vitest';
import { runSeed } from '../support/simulation/run.ts';

const FIRST_SEED = 1_000;
const SEEDS = 40;
/** Some seconds on a machine of its own. */
const LIVES_TIMEOUT_MS = 180_000;

test(
  `${SEEDS} lives under faults: nothing acknowledged is lost, nobody reads an older state, everybody recovers`,
  async () => {
    let acknowledged = 0;
    let terms = 0;
    for (let seed = FIRST_SEED; seed < FIRST_SEED + SEEDS; seed += 1) {
      const outcome = await runSeed(seed);
      expect(outcome.violations, `seed ${seed}: ${outcome.faults.join('; ')}`).toEqual([]);
      acknowledged += outcome.acknowledged;
      terms += outcome.terms;
    }
    // It is only a proof of something if work was done and the lead has changed.
    expect(acknowledged).toBeGreaterThan(SEEDS * 50);
    expect(terms).toBeGreaterThan(SEEDS);
  },
  LIVES_TIMEOUT_MS,
);

test('the same seed gives the same life', async () => {
  expect(await runSeed(7)).toEqual(await runSeed(7));
});

test(
  'an etcd that does not insist on what guards a commit is found out',
  async () => {
    for (let seed = 1; seed <= 60; seed += 1) {
      const { violations } = await runSeed(seed, { isGuarded: false });
      if (violations.length > 0) return;
    }
    expect.unreachable('60 lives without guards, and nothing was noticed');
  },
  LIVES_TIMEOUT_MS,
);
