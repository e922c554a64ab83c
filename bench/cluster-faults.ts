/**
 * Faults on real servers under clients that remember what they were told: `node bench/cluster-faults.ts [COUNT [SIZE [SEED]]]`
 * (default: 200 faults on 3 servers). As root each server has a network namespace, so that partitions are among them.
 * Exit status 1 when something acknowledged was lost, a reader was shown an older state, or a server did not recover.
 */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

import { type FaultCluster, startFaultCluster } from '../test/support/faults/fault-cluster.ts';
import { CLUSTER_FAULTS, SINGLE_FAULTS } from '../test/support/faults/faults.ts';
import { hasNamespaces } from '../test/support/faults/namespaces.ts';
import { type FaultNote, type FaultOutcome, runFaults } from '../test/support/faults/run.ts';
import { seededRandom } from '../test/support/seeded-random.ts';

const SUBNET = 211;

function percentiles(values: readonly number[]): string {
  const sorted = values.toSorted((one, other) => one - other);
  const at = (share: number): string =>
    ((sorted[Math.floor((sorted.length - 1) * share)] ?? 0) / 1_000).toFixed(2);
  return `${at(0.5)} / ${at(1)} s`;
}

function print({ faults, acknowledged, reads, dns, violations }: FaultOutcome, seconds: number): void {
  const names = [...new Set(faults.map(({ name }) => name))].sort();
  for (const name of names) {
    const notes = faults.filter((note) => note.name === name);
    const [gaps, wells] = [
      notes.map(({ writeGapMs }) => writeGapMs),
      notes.map(({ wellAfterMs }) => wellAfterMs),
    ];
    console.log(
      `${String(notes.length).padStart(3)} × ${name}: no write for ${percentiles(gaps)}, all well after ${percentiles(wells)}`,
    );
  }
  for (const [name, { answers, longestGapMs, wrong }] of dns)
    console.log(
      `DNS of ${name}: ${answers} answers, ${wrong.length} wrong, longest silence ${Math.round(longestGapMs)} ms`,
    );
  console.log(
    `${faults.length} faults in ${seconds.toFixed(0)} s: ${acknowledged} writes acknowledged, ${reads} consistent reads, ${violations.length} violations`,
  );
  for (const violation of violations) console.log(`  ${violation}`);
}

async function main(): Promise<void> {
  const [count = 200, size = 3, seed = Date.now() % 100_000] = process.argv.slice(2).map(Number);
  const canCut = size > 1 && hasNamespaces();
  console.log(`${count} faults on ${size} servers, seed ${seed}${canCut ? ', in namespaces' : ''}`);
  const logFolder = fs.mkdtempSync(path.join(os.tmpdir(), 'fault-logs-'));
  const cluster: FaultCluster = await startFaultCluster({
    logFolder,
    size: size as 1 | 3 | 5,
    hasSmallDisk: process.getuid?.() === 0 && size > 1,
    ...(canCut && { namespaceSubnet: SUBNET }),
  });
  const startedMs = performance.now();
  const stopping = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.on(name, () => stopping.abort());
  const say = ({ name, writeGapMs, wellAfterMs }: FaultNote): void =>
    console.error(
      `${name}: no write for ${Math.round(writeGapMs)} ms, well after ${Math.round(wellAfterMs)} ms`,
    );
  const faults = size === 1 ? SINGLE_FAULTS : CLUSTER_FAULTS;
  try {
    const outcome = await runFaults({
      cluster,
      faults,
      count,
      random: seededRandom(seed),
      onFault: say,
      signal: stopping.signal,
    });
    print(outcome, (performance.now() - startedMs) / 1_000);
    process.exitCode = outcome.violations.length === 0 ? 0 : 1;
    if (process.exitCode === 0) fs.rmSync(logFolder, { recursive: true });
    else console.log(`what the servers wrote is in ${logFolder}`);
  } finally {
    await cluster.remove();
  }
}

await main();
