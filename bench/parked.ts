/**
 * 10,000 blocking queries at once: memory while they are parked, whom another service's change wakes, and how long it
 * takes until all have the answer when theirs changes, and what DNS notices of that. The clients share the machine with
 * the agent.
 *
 *     node bench/parked.ts [number]
 *
 * Every parked query is a connection, and both ends are on this machine: `ulimit -n` must allow them.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import http from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { startAgent } from '../test/support/start-agent.ts';
import type { Latency } from './dns-load.ts';

const count = Number(process.argv[2] ?? 10_000);
const agent = await startAgent({ config: { limits: { http_max_conns_per_client: 0 } } });
const connections = new http.Agent({ keepAlive: false, maxSockets: Number.POSITIVE_INFINITY });

/** One value of the agent's metrics. */
async function metric(name: string): Promise<number> {
  const text = await (await fetch(`${agent.httpUrl}/metrics`)).text();
  const line = text.split('\n').find((each) => each.startsWith(`${name} `));
  return Number(line?.slice(name.length) ?? 0);
}

const memoryMiB = async (): Promise<number> =>
  (await metric('rollcall_process_memory_bytes{part="rss"}')) / 1_024 / 1_024;

async function register(service: string, port: number): Promise<void> {
  const body = JSON.stringify({
    Node: service,
    Address: '10.0.0.1',
    Service: { Service: service, Port: port },
  });
  await (await fetch(`${agent.httpUrl}/v1/catalog/register`, { method: 'PUT', body })).text();
}

let answered = 0;
let lastAnswerMs = 0;

function wait(index: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const url = `${agent.httpUrl}/v1/health/service/parked?index=${index}&wait=5m`;
    const request = http.get(url, { agent: connections }, (response) => {
      response.resume().on('end', () => {
        answered += 1;
        lastAnswerMs = performance.now();
        resolve();
      });
    });
    request.on('error', reject);
  });
}

await register('parked', 1);
const first = await fetch(`${agent.httpUrl}/v1/health/service/parked`);
const index = first.headers.get('x-consul-index') ?? '1';
const before = await memoryMiB();
const waits = Array.from({ length: count }, () => wait(index));
while ((await metric('rollcall_http_blocking')) < count) await delay(100);
const during = await memoryMiB();
const eachKiB = ((during - before) * 1_024) / count;
console.log(
  `${count} parked: ${before.toFixed(0)} → ${during.toFixed(0)} MiB, ${eachKiB.toFixed(1)} KiB each`,
);
await register('other', 1);
await delay(500);
console.log(`woken by another service: ${answered}`);
const pace = { perSecond: 200, seconds: 4 };
const asker = fork(fileURLToPath(new URL('./trickle-client.ts', import.meta.url)));
const askDns = async (): Promise<Latency> => {
  asker.send({ port: agent.dnsPort, questions: ['other.service.consul A'], pace });
  return ((await once(asker, 'message')) as [Latency])[0];
};
const quiet = await askDns();
const asked = askDns();
await delay(1_000);
const startedMs = performance.now();
await register('parked', 2);
const acknowledgedMs = performance.now() - startedMs;
await Promise.all(waits);
console.log(
  `write acknowledged after ${acknowledgedMs.toFixed(0)} ms, all answered after ${(lastAnswerMs - startedMs).toFixed(0)} ms`,
);
const meanwhile = await asked;
console.log(
  `longest DNS answer: ${quiet.maxMs.toFixed(0)} ms before, ${meanwhile.maxMs.toFixed(0)} ms while they are answered`,
);
asker.kill();
await agent.stop();
