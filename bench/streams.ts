/**
 * Clients that follow one service on /v1/stream: what an idle one costs in memory, and how long until all of them were told
 * of a change, while another client asks for a key.
 *
 * `node bench/streams.ts [STREAMS]`
 */
import net from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { startAgent } from '../test/support/start-agent.ts';
import { percentile, residentBytes } from './process-cost.ts';

const STREAMS = Number(process.argv[2] ?? 10_000);
const REQUEST = 'GET /v1/stream?topics=service:web HTTP/1.1\r\nHost: localhost\r\n\r\n';

interface Follower {
  readonly socket: net.Socket;
  changes: number;
}

function follow(port: number, onChange: () => void): Promise<Follower> {
  return new Promise((resolve, reject) => {
    const socket = net.connect(port, '127.0.0.1', () => socket.write(REQUEST));
    const follower: Follower = { socket, changes: 0 };
    socket.on('error', reject).on('data', (chunk: Buffer) => {
      if (chunk.includes('event: snapshot')) resolve(follower);
      if (!chunk.includes('event: change')) return;
      follower.changes += 1;
      onChange();
    });
  });
}

const agent = await startAgent({ config: { limits: { http_max_conns_per_client: 0 }, log_level: 'error' } });
const put = (port: number): Promise<Response> =>
  fetch(`${agent.httpUrl}/v1/agent/service/register`, {
    method: 'PUT',
    body: JSON.stringify({ Name: 'web', Port: port }),
  });
await put(1);
const before = residentBytes(agent.pid);
let told = 0;
const followers: Follower[] = [];
while (followers.length < STREAMS) {
  const some = Math.min(200, STREAMS - followers.length);
  const opened = Array.from({ length: some }, () => follow(agent.httpPort, () => (told += 1)));
  followers.push(...(await Promise.all(opened)));
}
await delay(2_000);
const each = (residentBytes(agent.pid) - before) / STREAMS / 1_024;
console.log(`${STREAMS} idle streams: ${each.toFixed(1)} KiB each`);
const latencies: number[] = [];
const startedMs = performance.now();
await put(2);
while (told < STREAMS) {
  const askedMs = performance.now();
  await fetch(`${agent.httpUrl}/v1/status/leader`).then((response) => response.text());
  latencies.push(performance.now() - askedMs);
  await delay(2);
}
console.log(`all told after ${(performance.now() - startedMs).toFixed(0)} ms`);
console.log(
  `another client meanwhile: p50 ${percentile(latencies, 0.5).toFixed(1)} ms, p99 ${percentile(latencies, 0.99).toFixed(1)} ms`,
);
for (const { socket } of followers) socket.destroy();
await agent.stop();
