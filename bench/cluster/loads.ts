/**
 * So many writers at once: of keys through a server, and of the same values into etcd itself through the client that
 * rollcall has, so that both are measured by one process in one run.
 */
import http from 'node:http';
import { systemClock } from '../../src/lib/clock.ts';
import { etcdClient } from '../../src/store/etcd/etcd-client.ts';
import { ask } from '../../test/support/faults/ask.ts';
import { percentile } from './samples.ts';

export interface Load {
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly failed: number;
}

const VALUE = 'x'.repeat(100);

async function measure(writers: number, ms: number, write: (key: string) => Promise<boolean>): Promise<Load> {
  const samples: number[] = [];
  let failed = 0;
  const startedMs = performance.now();
  const run = async (writer: number): Promise<void> => {
    for (let at = 0; performance.now() - startedMs < ms; at += 1) {
      const sentMs = performance.now();
      if (await write(`${writer}/${at % 1_000}`)) samples.push(performance.now() - sentMs);
      else failed += 1;
    }
  };
  await Promise.all(Array.from({ length: writers }, (_, at) => run(at)));
  const seconds = (performance.now() - startedMs) / 1_000;
  return {
    perSecond: samples.length / seconds,
    p50Ms: percentile(samples, 0.5),
    p99Ms: percentile(samples, 0.99),
    failed,
  };
}

/** Puts of keys through a server. */
export async function loadKeys(httpUrl: string, writers: number, ms: number): Promise<Load> {
  const agent = new http.Agent({ keepAlive: true, maxSockets: writers });
  let number = 0;
  const load = await measure(writers, ms, async (key) => {
    number += 1;
    const body = `${VALUE}${number}`;
    return (await ask(agent, `${httpUrl}/v1/kv/load/${key}`, { method: 'PUT', body })).told === 'done';
  });
  agent.destroy();
  return load;
}

/** Puts into etcd. */
export async function loadEtcd(endpoint: string, writers: number, ms: number): Promise<Load> {
  const client = etcdClient({ endpoints: [endpoint], clock: systemClock });
  let number = 0;
  const load = await measure(writers, ms, async (key) => {
    number += 1;
    const put = { key: Buffer.from(`/load/${key}`), value: Buffer.from(`${VALUE}${number}`) };
    return (await client.txn({ success: [{ put }] })).kind === 'done';
  });
  client.close();
  return load;
}

export const loadText = ({ perSecond, p50Ms, p99Ms, failed }: Load): string =>
  `${Math.round(perSecond)} writes/s, p50 ${p50Ms.toFixed(1)} ms, p99 ${p99Ms.toFixed(1)} ms${failed > 0 ? `, ${failed} failed` : ''}`;
