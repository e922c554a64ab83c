/**
 * Faults on real servers under clients that remember what they were told: `node bench/cluster-faults.ts [COUNT [SIZE [SEED]]]`
 * (default: 200 faults on 3 servers). As root each server has a network namespace, so that partitions are among them. With
 * `clients` before the numbers there are two client agents with programs, and the faults hit those, or the servers that they
 * attend. Exit status 1 when something acknowledged was lost, a reader was shown an older state, or somebody did not recover.
 */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

import { type FaultCluster, startFaultCluster } from '../test/support/faults/fault-cluster.ts';
import { CLIENT_FAULTS, CLUSTER_FAULTS, SINGLE_FAULTS } from '../test/support/faults/faults.ts';
import { hasNamespaces } from '../test/support/faults/namespaces.ts';
import { Programs, untilRight } from '../test/support/faults/programs.ts';
import { type FaultNote, type FaultOutcome, runFaults } from '../test/support/faults/run.ts';
import { seededRandom } from '../test/support/seeded-random.ts';

const SUBNET = 211;
const CLIENTS = 2;

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
    const rights = notes.flatMap(({ rightAfterMs }) => rightAfterMs ?? []);
    const right =
      rights.length > 0 ? `, all right after ${percentiles(rights)}` : `, no write for ${percentiles(gaps)}`;
    console.log(
      `${String(notes.length).padStart(3)} × ${name}: all well after ${percentiles(wells)}${right}`,
    );
  }
  for (const [name, { answers, longestGapMs, longestGap, wrong }] of dns)
    console.log(
      `DNS of ${name}: ${answers} answers, ${wrong.length} wrong, longest silence ${Math.round(longestGapMs)} ms, in which its main thread ran for ${Math.round(longestGap.ranMs)} and waited for a processor for ${Math.round(longestGap.waitedMs)} ms`,
    );
  console.log(
    `${faults.length} faults in ${seconds.toFixed(0)} s: ${acknowledged} writes acknowledged, ${reads} consistent reads, ${violations.length} violations`,
  );
  for (const violation of violations) console.log(`  ${violation}`);
}

interface Asked {
  readonly count: number;
  readonly size: 1 | 3 | 5;
  readonly seed: number;
  /** Client agents, which the faults are about then. */
  readonly clients: number;
}

function askedFor(args: readonly string[]): Asked {
  const isOfClients = args[0] === 'clients';
  const [count = 200, size = 3, seed = Date.now() % 100_000] = args.slice(isOfClients ? 1 : 0).map(Number);
  return { count, size: size as Asked['size'], seed, clients: isOfClients ? CLIENTS : 0 };
}

function say({ name, writeGapMs, wellAfterMs, rightAfterMs }: FaultNote): void {
  const what =
    rightAfterMs === undefined
      ? `no write for ${Math.round(writeGapMs)}`
      : `right after ${Math.round(rightAfterMs)}`;
  console.error(`${name}: ${what} ms, well after ${Math.round(wellAfterMs)} ms`);
}

/** Faults that hit servers, under clients with keys and locks. */
function runOnServers(
  cluster: FaultCluster,
  { count, size, seed }: Asked,
  signal: AbortSignal,
): Promise<FaultOutcome> {
  const faults = size === 1 ? SINGLE_FAULTS : CLUSTER_FAULTS;
  return runFaults({ cluster, faults, count, random: seededRandom(seed), onFault: say, signal });
}

/** Faults that hit client agents and the servers that they attend, under programs that register with them. */
async function runOnClients(
  cluster: FaultCluster,
  { count, seed }: Asked,
  signal: AbortSignal,
): Promise<FaultOutcome> {
  const random = seededRandom(seed);
  const programs = cluster.clients.map((client) => new Programs(client, () => random.next()));
  const running = Promise.all(programs.map((each) => each.run()));
  try {
    return await runFaults({
      cluster,
      faults: CLIENT_FAULTS,
      count,
      random,
      onFault: say,
      isWithoutKeys: true,
      settled: () => untilRight(programs, cluster.servers),
      signal,
    });
  } finally {
    for (const each of programs) each.stop();
    await running;
    const acknowledged = programs.reduce((sum, each) => sum + each.acknowledged, 0);
    console.log(`${acknowledged} requests of programs acknowledged`);
  }
}

async function main(): Promise<void> {
  const asked = askedFor(process.argv.slice(2));
  const { count, size, seed, clients } = asked;
  const canCut = size > 1 && hasNamespaces();
  const whom = `${size} servers${clients > 0 ? ` and ${clients} client agents` : ''}`;
  console.log(`${count} faults on ${whom}, seed ${seed}${canCut ? ', in namespaces' : ''}`);
  const logFolder = fs.mkdtempSync(path.join(os.tmpdir(), 'fault-logs-'));
  const cluster: FaultCluster = await startFaultCluster({
    logFolder,
    size,
    clients,
    hasSmallDisk: process.getuid?.() === 0 && size > 1,
    ...(canCut && { namespaceSubnet: SUBNET }),
  });
  const startedMs = performance.now();
  const stopping = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.on(name, () => stopping.abort());
  try {
    const outcome = await (clients > 0 ? runOnClients : runOnServers)(cluster, asked, stopping.signal);
    print(outcome, (performance.now() - startedMs) / 1_000);
    process.exitCode = outcome.violations.length === 0 ? 0 : 1;
    if (process.exitCode === 0) fs.rmSync(logFolder, { recursive: true });
    else console.log(`what the servers wrote is in ${logFolder}`);
  } finally {
    await cluster.remove();
  }
}

await main();
