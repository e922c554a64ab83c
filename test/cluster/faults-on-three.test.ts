/**
 * Three servers under every sort of fault, each once and not for long: nothing acknowledged is lost, no reader is shown an older state, no lock is
 * held twice, DNS on the survivors goes on, and all recover. `node bench/cluster-faults.ts` does hundreds.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type FaultCluster, startFaultCluster } from '../support/faults/fault-cluster.ts';
import { SHORT_FAULTS } from '../support/faults/faults.ts';
import { hasNamespaces } from '../support/faults/namespaces.ts';
import { runFaults } from '../support/faults/run.ts';
import { describeWith } from '../support/needs-program.ts';
import { seededRandom } from '../support/seeded-random.ts';

const SUBNET = 212;
/** Partitions and a full disk need root; without it those are left out. */
const MOST = SHORT_FAULTS.length;
const WITHOUT_ROOT = MOST - 3;
const LONGEST_FAULT_MS = 1_500;
/** A resolver asks again after some seconds; a busy machine makes everybody late. */
const MOST_SILENT_MS = 3_000;

describeWith('etcd', 'three servers', () => {
  const canCut = hasNamespaces();
  let cluster: FaultCluster;

  beforeAll(async () => {
    cluster = await startFaultCluster({
      size: 3,
      hasSmallDisk: canCut,
      ...(canCut && { namespaceSubnet: SUBNET }),
    });
  });
  afterAll(() => cluster?.remove());

  test('keep what they acknowledged through every sort of fault, and answer DNS all the while', async () => {
    const count = canCut ? MOST : WITHOUT_ROOT;
    const outcome = await runFaults({
      cluster,
      faults: SHORT_FAULTS,
      count,
      random: seededRandom(3),
      longestMs: LONGEST_FAULT_MS,
    });
    expect(outcome.violations).toEqual([]);
    expect(outcome.acknowledged).toBeGreaterThan(200);
    expect(outcome.reads).toBeGreaterThan(100);
    for (const [server, { longestGapMs, answers }] of outcome.dns) {
      expect(longestGapMs, `silence of ${server}`).toBeLessThan(MOST_SILENT_MS);
      expect(answers).toBeGreaterThan(100);
    }
  });
});
