/**
 * From one machine to three: a snapshot of a server alone, larger than any request of etcd, restored through a server that
 * does not lead. Whoever reads meanwhile, anywhere, sees what was before or what is after.
 */
import http from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, expect, test } from 'vitest';
import { ask } from '../support/faults/ask.ts';
import { type FaultCluster, startFaultCluster } from '../support/faults/fault-cluster.ts';
import { describeWith } from '../support/needs-program.ts';

const GENERATION_KEYS = 200;
const BULK_KEYS = 4_096;
const BULK_BYTES = 2_000;
const AT_ONCE = 64;

const clusters: FaultCluster[] = [];
afterEach(async () => {
  for (const cluster of clusters.splice(0)) await cluster.remove();
});

async function start(size: 1 | 3): Promise<FaultCluster> {
  const cluster = await startFaultCluster({ size });
  clusters.push(cluster);
  return cluster;
}

const agent = new http.Agent({ keepAlive: true });
const base64 = (text: string): string => Buffer.from(text).toString('base64');

async function put(url: string, keys: readonly string[], value: string): Promise<void> {
  for (let from = 0; from < keys.length; from += AT_ONCE) {
    const some = keys.slice(from, from + AT_ONCE);
    const operations = some.map((Key) => ({ KV: { Verb: 'set', Key, Value: base64(value) } }));
    const reply = await ask(agent, `${url}/v1/txn`, { method: 'PUT', body: JSON.stringify(operations) });
    expect([reply.status, reply.body.slice(0, 20)]).toEqual([200, '{"Results":[{"KV":{"']);
  }
}

const names = (prefix: string, count: number): readonly string[] =>
  Array.from({ length: count }, (_, at) => `${prefix}/${at}`);

/** What the keys of a generation hold, as a server shows them; undefined when it does not answer. */
async function generations(url: string): Promise<string | undefined> {
  const reply = await ask(agent, `${url}/v1/kv/generation/?recurse&consistent`, { timeoutMs: 20_000 });
  if (reply.status !== 200) return undefined;
  const rows = JSON.parse(reply.body) as { Value: string }[];
  return `${rows.length} × ${[...new Set(rows.map(({ Value }) => Value))].join(' and ')}`;
}

describeWith('etcd', 'a snapshot of one server', () => {
  test('is restored into three at once, for every reader, through one that follows', async () => {
    const single = (await start(1)).servers[0]?.httpUrl ?? '';
    await put(single, names('generation', GENERATION_KEYS), 'after');
    await put(single, names('bulk', BULK_KEYS), 'x'.repeat(BULK_BYTES));
    const snapshot = Buffer.from(await (await fetch(`${single}/v1/snapshot`)).arrayBuffer());
    const cluster = await start(3);
    const leader = await cluster.leader();
    const follower = cluster.servers.find((server) => server !== leader);
    await put(leader?.httpUrl ?? '', names('generation', GENERATION_KEYS / 2), 'before');
    const seen = new Set<string>();
    let isOver = false;
    const readers = cluster.servers.map(async ({ httpUrl }) => {
      while (!isOver) {
        const shown = await generations(httpUrl);
        if (shown !== undefined) seen.add(shown);
        await delay(5);
      }
    });
    const restored = await fetch(`${follower?.httpUrl}/v1/snapshot`, { method: 'PUT', body: snapshot });
    expect([restored.status, await restored.text()]).toEqual([200, '']);
    await delay(500);
    isOver = true;
    await Promise.all(readers);
    const [before, after] = [
      `${GENERATION_KEYS / 2} × ${base64('before')}`,
      `${GENERATION_KEYS} × ${base64('after')}`,
    ];
    expect([...seen].sort()).toEqual([before, after].sort());
    for (const { httpUrl } of cluster.servers) {
      expect(await generations(httpUrl)).toBe(after);
      const bulk = await ask(agent, `${httpUrl}/v1/kv/bulk/?keys&stale`);
      expect((JSON.parse(bulk.body) as string[]).length).toBe(BULK_KEYS);
    }
  });
});
