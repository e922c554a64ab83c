/**
 * Figures of three servers: `node bench/cluster.ts [RUNS]` (kills of the leader, default 20; 0 leaves them out).
 *
 * Everything runs on this machine, the load too, so compare figures of one run with each other: writes through rollcall with
 * puts into its etcd, by the same process.
 */

import { startEtcd } from '../test/support/etcd-server.ts';
import { type FaultCluster, startFaultCluster } from '../test/support/faults/fault-cluster.ts';
import { gapText, killLeaders } from './cluster/gaps.ts';
import { loadEtcd, loadKeys, loadText } from './cluster/loads.ts';
import { timesText } from './cluster/samples.ts';
import { spreadToDns, wakeQueries } from './cluster/spread.ts';

const LOAD_MS = 5_000;
const WRITERS = [1, 64] as const;
const ROUNDS = 200;

async function measureWrites(cluster: FaultCluster): Promise<void> {
  const leader = await cluster.leader();
  const follower = cluster.servers.find((server) => server !== leader);
  if (leader === undefined || follower === undefined) throw new Error('nobody leads');
  for (const writers of WRITERS) {
    const etcd = await loadEtcd(`http://${leader.place.address}:2379`, writers, LOAD_MS);
    const [here, there] = [
      await loadKeys(leader.httpUrl, writers, LOAD_MS),
      await loadKeys(follower.httpUrl, writers, LOAD_MS),
    ];
    const share = ({ perSecond }: { perSecond: number }): string => (perSecond / etcd.perSecond).toFixed(2);
    console.log(`${writers} writers: etcd itself             ${loadText(etcd)}`);
    console.log(`${writers} writers: through the leader      ${loadText(here)} = ${share(here)} of etcd`);
    console.log(`${writers} writers: through a follower      ${loadText(there)} = ${share(there)} of etcd`);
  }
}

async function measureSpread(cluster: FaultCluster): Promise<void> {
  const leader = await cluster.leader();
  const [one, other] = cluster.servers.filter((server) => server !== leader);
  if (leader === undefined || one === undefined || other === undefined) throw new Error('nobody leads');
  const ways = [
    ['leader → follower', leader, one],
    ['follower → leader', one, leader],
    ['follower → follower', one, other],
  ] as const;
  for (const [name, writer, reader] of ways) {
    const woken = await wakeQueries(writer, reader, ROUNDS);
    console.log(`blocking query, ${name}: woken since sent ${timesText(woken.sinceSentMs)}`);
    const seen = await spreadToDns(writer, reader, ROUNDS);
    console.log(`DNS, ${name}: seen since sent ${timesText(seen.sinceSentMs)}`);
    console.log(`DNS, ${name}: seen since acknowledged ${timesText(seen.sinceDoneMs)}`);
  }
}

/** An etcd of its own outlives the agents, so that an agent alone can be killed. */
async function measureAgentKills(runs: number): Promise<void> {
  const etcd = await startEtcd({ size: 3 });
  const endpoints = etcd.endpoints.map((url) => `"${url}"`).join(', ');
  const args = ['-hcl', `store { kind = "etcd" etcd { endpoints = [${endpoints}] } }`];
  const cluster = await startFaultCluster({ size: 3, args });
  try {
    const gaps = await killLeaders(cluster, runs, (leader) => leader.kill());
    console.log(`no write when the leading agent alone is killed: ${gapText(gaps)}`);
  } finally {
    await cluster.remove();
    await etcd.stop();
  }
}

async function main(): Promise<void> {
  const [runs = 20] = process.argv.slice(2).map(Number);
  const startedMs = performance.now();
  const cluster = await startFaultCluster({ size: 3 });
  console.log(
    `three servers, from their start until each takes a write: ${Math.round(performance.now() - startedMs)} ms`,
  );
  try {
    await measureWrites(cluster);
    await measureSpread(cluster);
    if (runs === 0) return;
    const gaps = await killLeaders(cluster, runs, (leader) => leader.kill());
    console.log(`no write when the leader's machine is killed: ${gapText(gaps)}`);
  } finally {
    await cluster.remove();
  }
  await measureAgentKills(runs);
}

await main();
