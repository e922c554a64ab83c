/** A machine alone under faults: what it acknowledged is there when it comes back, whatever ended it. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type FaultCluster, startFaultCluster } from '../support/faults/fault-cluster.ts';
import { SINGLE_FAULTS } from '../support/faults/faults.ts';
import { runFaults } from '../support/faults/run.ts';
import { seededRandom } from '../support/seeded-random.ts';

let cluster: FaultCluster;

beforeAll(async () => {
  cluster = await startFaultCluster({ size: 1 });
});
afterAll(() => cluster?.remove());

test('nothing that a killed, stopped or ended agent acknowledged is lost, and no reader is shown an older state', async () => {
  const outcome = await runFaults({ cluster, faults: SINGLE_FAULTS, count: 6, random: seededRandom(1) });
  expect(outcome.violations).toEqual([]);
  expect(outcome.acknowledged).toBeGreaterThan(200);
  expect(outcome.reads).toBeGreaterThan(100);
});
