/** Writes of large values until one is refused or the agent is gone. */
import http from 'node:http';
import type { Attack } from './harness.ts';
import { send, tally } from './requests.ts';

const VALUE = Buffer.alloc(500_000, 'v');

export const heapAttacks: readonly Attack[] = [
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
