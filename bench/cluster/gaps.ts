/**
 * How long nothing is acknowledged when a leader dies: one client at each server writes without pause, and the longest
 * time without any acknowledgement counts.
 */
import http from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { ask } from '../../test/support/faults/ask.ts';
import type { FaultCluster } from '../../test/support/faults/fault-cluster.ts';
import type { ServerProcess } from '../../test/support/faults/server-process.ts';
import { percentile } from './samples.ts';

const WRITE_EVERY_MS = 3;
const AFTER_MS = 3_500;

interface Writers {
  longestGapMs(): number;
  stop(): Promise<void>;
}

function startWriters(servers: readonly ServerProcess[]): Writers {
  let [lastMs, longestMs, isOver] = [performance.now(), 0, false];
  const write = async ({ httpUrl, name }: ServerProcess): Promise<void> => {
    const agent = new http.Agent({ keepAlive: true });
    for (let at = 0; !isOver; at += 1) {
      const { told } = await ask(agent, `${httpUrl}/v1/kv/gap/${name}`, { method: 'PUT', body: String(at) });
      const nowMs = performance.now();
      if (told === 'done') {
        longestMs = Math.max(longestMs, nowMs - lastMs);
        lastMs = nowMs;
      }
      await delay(WRITE_EVERY_MS);
    }
    agent.destroy();
  };
  const writing = Promise.all(servers.map(write));
  return {
    longestGapMs: () => Math.max(longestMs, performance.now() - lastMs),
    stop: async () => {
      isOver = true;
      await writing;
    },
  };
}

/** Kill the leader so often; gives the longest gap of each run. */
export async function killLeaders(
  cluster: FaultCluster,
  runs: number,
  kill: (leader: ServerProcess) => Promise<void>,
): Promise<readonly number[]> {
  const gaps: number[] = [];
  for (let run = 0; run < runs; run += 1) {
    const leader = await cluster.leader();
    if (leader === undefined) throw new Error('nobody leads');
    const writers = startWriters(cluster.servers.filter((server) => server !== leader));
    await delay(500);
    await kill(leader);
    await delay(AFTER_MS);
    gaps.push(writers.longestGapMs());
    await writers.stop();
    leader.start();
    const unwell = await cluster.whoIsUnwell(30_000);
    if (unwell !== undefined) throw new Error(unwell);
    await delay(500);
  }
  return gaps;
}

export function gapText(gaps: readonly number[]): string {
  const seconds = (share: number): string => (percentile(gaps, share) / 1_000).toFixed(2);
  return `median ${seconds(0.5)} s, worst ${seconds(1)} s (${gaps.length} runs: ${gaps.map((gap) => (gap / 1_000).toFixed(2)).join(' ')})`;
}
