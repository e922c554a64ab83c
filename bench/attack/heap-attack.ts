/** Writes of large values until one is refused or the agent is gone. */
import http from 'node:http';
import type { Attack } from './harness.ts';
import { putAll, send, tally } from './requests.ts';

const VALUE = Buffer.alloc(500_000, 'v');

/** Not an attack: as much as is allowed, in values of one size, and a restart with it. */
function filled(name: string, count: number, bytes: number): Attack {
  return {
    name,
    restarts: true,
    async strike(agent, size) {
      const value = Buffer.alloc(bytes, 'v');
      const keys = Array.from(
        { length: Math.round(count * size) },
        (_, i) => [`/v1/kv/fill/${i}`, value] as const,
      );
      await putAll(agent, keys);
      const metrics = await (await fetch(`${agent.httpUrl}/metrics`)).text();
      const heap = /process_memory_bytes\{part="heap[^}]*\} (\d+)/.exec(metrics)?.[1];
      return `all taken, heap ${Math.round(Number(heap) / 1_024 / 1_024)} MiB`;
    },
  };
}

export const heapAttacks: readonly Attack[] = [
  filled('100,000 keys of 10 KB', 100_000, 10_000),
  filled('2,000 keys of 500 KB', 2_000, 500_000),
  {
    name: 'KV filled with 500 KB values (heap of 256 MB)',
    heapMiB: 256,
    restarts: true,
    async strike(agent, size) {
      const connections = new http.Agent({ keepAlive: true, maxSockets: 4 });
      const statuses: (string | number)[] = [];
      let next = 0;
      const write = async (): Promise<void> => {
        while (next < 1_500 * size) {
          const { status } = await send(agent, 'PUT', `/v1/kv/fill/${next++}`, VALUE);
          statuses.push(status);
        }
      };
      try {
        await Promise.all([write(), write(), write(), write()]);
      } catch {
        statuses.push('THE PROCESS IS GONE');
        return tally(statuses);
      } finally {
        connections.destroy();
      }
      const read = await send(agent, 'GET', '/v1/kv/fill/0?raw');
      const removed = await send(agent, 'DELETE', '/v1/kv/fill/0');
      return `${tally(statuses)}; read ${read.status}, delete ${removed.status}`;
    },
  },
];
