/**
 * How long DNS answers take while the agent has other things to do: 500 registrations a second and 1,000 HTTP checks a
 * second. The floor is the same agent, idle, in the same run; aim: p99 at most three times that. With `threads=1` DNS
 * answers from a thread of its own (dns_config.threads).
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import http from 'node:http';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { startAgent } from '../test/support/start-agent.ts';
import { type Latency, trickle } from './dns-load.ts';
import { median } from './process-cost.ts';

const CHECKS = 1_000;
const REGISTRATIONS_PER_SECOND = 500;
const ROUNDS = 5;
const QUESTIONS = Array.from(
  { length: 100 },
  (_, i) => `svc-${i}.service.consul ${i % 2 === 0 ? 'A' : 'SRV'}`,
);

function put(agent: http.Agent, url: string, body: unknown): Promise<void> {
  return new Promise((resolve, reject) => {
    const request = http.request(url, { method: 'PUT', agent }, (response) =>
      response.resume().on('end', resolve),
    );
    request.on('error', reject).end(JSON.stringify(body));
  });
}

/** Register and register again until stopped; gives how many were acknowledged. */
function keepRegistering(agent: http.Agent, httpUrl: string): () => number {
  let [count, done] = [0, 0];
  const timer = setInterval(() => {
    const ID = `churn-${count % 1_000}`;
    const body = { ID, Name: 'churn', Port: 1 + (count % 60_000) };
    count += 1;
    const counted = (): void => {
      done += 1;
    };
    // Those that are under way when the agent stops are not acknowledged.
    put(agent, `${httpUrl}/v1/agent/service/register`, body).then(counted, () => {});
  }, 1_000 / REGISTRATIONS_PER_SECOND);
  return () => {
    clearInterval(timer);
    return done;
  };
}

async function measure(port: number): Promise<Latency> {
  const rounds: Latency[] = [];
  for (let round = 0; round < ROUNDS; round += 1)
    rounds.push(await trickle(port, QUESTIONS, { perSecond: 400, seconds: 3 }));
  return { p50Ms: median(rounds.map(({ p50Ms }) => p50Ms)), p99Ms: median(rounds.map(({ p99Ms }) => p99Ms)) };
}

async function main(): Promise<void> {
  const dataDir = fs.mkdtempSync(path.join(os.tmpdir(), 'bench-busy-'));
  const threads = Number(process.argv.find((arg) => arg.startsWith('threads='))?.split('=')[1] ?? 0);
  const config = { dns_config: { threads } };
  const agent = await startAgent({ dataDir, config, args: ['-bind', '127.0.0.1'] });
  const checked = fork(fileURLToPath(new URL('./checked-server.ts', import.meta.url)));
  const [port] = (await once(checked, 'message')) as [number];
  const connections = new http.Agent({ keepAlive: true, maxSockets: 16 });
  const register = (body: object): Promise<void> =>
    put(connections, `${agent.httpUrl}/v1/agent/service/register`, body);
  for (let i = 0; i < 500; i += 1)
    await register({
      ID: `i${i}`,
      Name: `svc-${i % 100}`,
      Port: i + 1,
      Address: `10.0.${i >> 8}.${i & 255}`,
    });
  await delay(1_000);
  const idle = await measure(agent.dnsPort);
  const Check = { HTTP: `http://127.0.0.1:${port}/`, Interval: '1s', Timeout: '1s' };
  for (let i = 0; i < CHECKS; i += 1) await register({ ID: `c${i}`, Name: 'checked', Port: i + 1, Check });
  await delay(2_000);
  const stop = keepRegistering(connections, agent.httpUrl);
  const startedMs = performance.now();
  const busy = await measure(agent.dnsPort);
  const perSecond = stop() / ((performance.now() - startedMs) / 1_000);
  console.log(`Node ${process.version}, ${os.cpus()[0]?.model}, ${os.cpus().length} cores`);
  console.log(`idle: p50 ${idle.p50Ms.toFixed(3)} ms, p99 ${idle.p99Ms.toFixed(3)} ms`);
  console.log(
    `${perSecond.toFixed(0)} registrations/s, ${CHECKS} checks/s: p50 ${busy.p50Ms.toFixed(3)} ms, p99 ${busy.p99Ms.toFixed(3)} ms`,
  );
  console.log(`p99 busy / idle: ${(busy.p99Ms / idle.p99Ms).toFixed(2)}`);
  connections.destroy();
  checked.kill();
  await agent.stop();
  fs.rmSync(dataDir, { recursive: true });
}

await main();
