/**
 * Three client agents of three servers live through kills, pauses, cuts, repeated commands and servers that are lost, in
 * simulated time, from a seed. A failing seed is replayed by `node bench/simulation.ts clients SEED`.
 */
import { expect, test } from 'vitest';
import { runClientSeed } from '../support/simulation/client-life.ts';

const FIRST_SEED = 2_000;
const SEEDS = 40;
/** Some seconds on a machine of its own. */
const LIVES_TIMEOUT_MS = 180_000;

test(
  `${SEEDS} lives under faults: the catalog and other agents show what programs were told, soon and once`,
  async () => {
    let [acknowledged, compared] = [0, 0];
    for (let seed = FIRST_SEED; seed < FIRST_SEED + SEEDS; seed += 1) {
      const outcome = await runClientSeed(seed);
      expect(outcome.violations, `seed ${seed}: ${outcome.faults.join('; ')}`).toEqual([]);
      acknowledged += outcome.acknowledged;
      compared += outcome.compared;
    }
    // It is only a proof of something if work was done, and if there were times at which it had to be right.
    expect(acknowledged).toBeGreaterThan(SEEDS * 30);
    expect(compared).toBeGreaterThan(SEEDS * 1_000);
  },
  LIVES_TIMEOUT_MS,
);

test('the same seed gives the same life', async () => {
  expect(await runClientSeed(7)).toEqual(await runClientSeed(7));
});

test(
  'an agent that never compares the catalog with what it keeps is found out',
  async () => {
    for (let seed = 1; seed <= 20; seed += 1) {
      const { violations } = await runClientSeed(seed, { isRepaired: false });
      if (violations.length > 0) return;
    }
    expect.unreachable('20 lives without repair, and nothing was noticed');
  },
  LIVES_TIMEOUT_MS,
);
