/**
 * Two client agents of three servers under every sort of fault that hits an agent or the server that it attends: what their
 * programs were told is with the agent, in the catalog, and in the DNS of the other, within seconds.
 * `node bench/cluster-faults.ts clients` does hundreds.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type FaultCluster, startFaultCluster } from '../support/faults/fault-cluster.ts';
import { CLIENT_FAULTS } from '../support/faults/faults.ts';
import { hasNamespaces } from '../support/faults/namespaces.ts';
import { Programs, untilRight } from '../support/faults/programs.ts';
import { runFaults } from '../support/faults/run.ts';
import { describeWith } from '../support/needs-program.ts';
import { seededRandom } from '../support/seeded-random.ts';

const SUBNET = 213;
/** Partitions need root; without it those are left out. */
const PARTITIONS = CLIENT_FAULTS.filter(
  ({ name }) => name.includes('cut off') || name.includes('reach'),
).length;
const LONGEST_FAULT_MS = 3_000;

describeWith('etcd', 'two client agents', () => {
  const canCut = hasNamespaces();
  let cluster: FaultCluster;

  beforeAll(async () => {
    cluster = await startFaultCluster({ size: 3, clients: 2, ...(canCut && { namespaceSubnet: SUBNET }) });
  });
  afterAll(() => cluster?.remove());

  test('keep what they acknowledged in the catalog, once, through every sort of fault', async () => {
    const random = seededRandom(5);
    const programs = cluster.clients.map((client) => new Programs(client, () => random.next()));
    const running = Promise.all(programs.map((each) => each.run()));
    const outcome = await runFaults({
      cluster,
      faults: CLIENT_FAULTS,
      count: CLIENT_FAULTS.length - (canCut ? 0 : PARTITIONS),
      random,
      longestMs: LONGEST_FAULT_MS,
      isWithoutKeys: true,
      settled: () => untilRight(programs, cluster.servers),
    });
    for (const each of programs) each.stop();
    await running;
    expect(outcome.violations).toEqual([]);
    expect(programs.every(({ acknowledged }) => acknowledged > 20)).toBe(true);
  });
});
