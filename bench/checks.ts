/**
 * Thousands of HTTP checks at 10 s against local targets: do they keep their times, and what does DNS notice?
 *
 * The floor is the same agent with the same DNS questions and no checks. Lateness is the agent's own histogram (bounds,
 * so a percentile is the upper bound of its bucket). Targets run in a process of their own, on the same machine.
 * `node bench/checks.ts 1000 5000` measures those numbers of checks; with `threads=1` in front DNS answers from a thread
 * of its own (dns_config.threads).
 */
import { fork } from 'node:child_process';
import dgram from 'node:dgram';
import fs from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import os from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { type RunningAgent, startAgent } from '../test/support/start-agent.ts';

const INTERVAL_MS = 10_000;
const MEASURE_MS = 30_000;
const QUESTIONS_PER_SECOND = 200;
/** Clock ticks of /proc/<pid>/stat in a second. */
const TICKS = 100;

const SELF = fileURLToPath(import.meta.url);

function serveTargets(): void {
  const server = http.createServer((_request, response) => response.end('ok'));
  server.listen(0, '127.0.0.1', 4_096, () => process.send?.((server.address() as AddressInfo).port));
  process.once('disconnect', () => process.exit());
}

async function startTargets(): Promise<{ port: number; stop(): void }> {
  const child = fork(SELF, ['targets']);
  const port = await new Promise<number>((resolve) =>
    child.once('message', (sent) => resolve(sent as number)),
  );
  return { port, stop: () => child.kill() };
}

async function register(agent: RunningAgent, count: number, port: number): Promise<void> {
  let next = 0;
  async function worker(): Promise<void> {
    for (let i = next++; i < count; i = next++) {
      const Check = { HTTP: `http://127.0.0.1:${port}/`, Interval: `${INTERVAL_MS}ms`, Timeout: '5s' };
      const body = JSON.stringify({ ID: `web-${i}`, Name: `web-${i}`, Port: 80, Check });
      const answer = await fetch(`${agent.httpUrl}/v1/agent/service/register`, { method: 'PUT', body });
      if (!answer.ok) throw new Error(`registration ${i}: ${answer.status} ${await answer.text()}`);
    }
  }
  await Promise.all(Array.from({ length: 16 }, worker));
}

function question(id: number, name: string): Buffer {
  const labels = name.split('.').flatMap((label) => [label.length, ...Buffer.from(label)]);
  return Buffer.from([id >> 8, id & 255, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, ...labels, 0, 0, 1, 0, 1]);
}

/** Ask at a steady rate; sorted times in ms until the answers. */
async function askDns(port: number): Promise<readonly number[]> {
  const socket = dgram.createSocket('udp4');
  const sentMs = new Map<number, number>();
  const took: number[] = [];
  socket.on('message', (answer) => {
    const asked = sentMs.get(answer.readUInt16BE(0));
    if (asked !== undefined) took.push(performance.now() - asked);
  });
  const endMs = performance.now() + MEASURE_MS;
  for (let id = 0; performance.now() < endMs; id = (id + 1) & 0xffff) {
    sentMs.set(id, performance.now());
    socket.send(question(id, 'consul.service.consul'), port, '127.0.0.1');
    await delay(1_000 / QUESTIONS_PER_SECOND);
  }
  await delay(200);
  socket.close();
  return took.sort((a, b) => a - b);
}

interface Usage {
  readonly cpuSeconds: number;
  readonly rssMiB: number;
}

function usageOf(pid: number): Usage {
  const fields = fs.readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  const rss = /VmRSS:\s+(\d+)/.exec(fs.readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return { cpuSeconds: (Number(fields[11]) + Number(fields[12])) / TICKS, rssMiB: Number(rss) / 1_024 };
}

/** The histogram of lateness: upper bound in seconds → runs at or below it. */
async function lateness(agent: RunningAgent): Promise<ReadonlyMap<string, number>> {
  const metrics = await (await fetch(`${agent.httpUrl}/v1/agent/metrics`)).json();
  const { Samples } = metrics as { Samples: { Name: string; Buckets: Record<string, number> }[] };
  const found = Samples.find(({ Name }) => Name.endsWith('check.lateness_seconds'));
  return new Map(Object.entries(found?.Buckets ?? {}));
}

/** The bound below which a share of the runs between two looks lies. */
function percentile(
  before: ReadonlyMap<string, number>,
  after: ReadonlyMap<string, number>,
  share: number,
): string {
  const runs = [...after].map(([bound, count]) => [bound, count - (before.get(bound) ?? 0)] as const);
  const total = Math.max(...runs.map(([, count]) => count), 0);
  const found = runs.sort(([a], [b]) => Number(a) - Number(b)).find(([, count]) => count >= total * share);
  return found === undefined || total === 0 ? '-' : `≤${Number(found[0]) * 1_000}`;
}

function at(sorted: readonly number[], share: number): string {
  return (sorted[Math.floor((sorted.length - 1) * share)] ?? Number.NaN).toFixed(2);
}

async function measure(count: number, port: number, threads: number): Promise<string> {
  const agent = await startAgent({ config: { dns_config: { threads } } });
  const startedMs = performance.now();
  await register(agent, count, port);
  const perSecond = count === 0 ? '-' : Math.round((count / (performance.now() - startedMs)) * 1_000);
  // Until the first round is over and second runs have spread.
  await delay(count === 0 ? 0 : INTERVAL_MS * 1.5);
  const [usage, late] = [usageOf(agent.pid), await lateness(agent)];
  const dns = await askDns(agent.dnsPort);
  const [usageAfter, lateAfter] = [usageOf(agent.pid), await lateness(agent)];
  const checks = (await (await fetch(`${agent.httpUrl}/v1/agent/checks`)).json()) as Record<
    string,
    { Status: string }
  >;
  const passing = Object.values(checks).filter(({ Status }) => Status === 'passing').length;
  await agent.stop();
  const runs = (lateAfter.get('+Inf') ?? 0) - (late.get('+Inf') ?? 0);
  const expected = (count * MEASURE_MS) / INTERVAL_MS;
  const cpu = ((usageAfter.cpuSeconds - usage.cpuSeconds) / (MEASURE_MS / 1_000)) * 100;
  return [
    count,
    perSecond,
    passing,
    expected === 0 ? '-' : `${((runs / expected) * 100).toFixed(1)} %`,
    percentile(late, lateAfter, 0.5),
    percentile(late, lateAfter, 0.99),
    `${cpu.toFixed(0)} %`,
    usageAfter.rssMiB.toFixed(0),
    at(dns, 0.5),
    at(dns, 0.99),
  ].join(' | ');
}

async function main(args: readonly string[]): Promise<void> {
  const threads = Number(args.find((arg) => arg.startsWith('threads='))?.split('=')[1] ?? 0);
  const given = args.filter((arg) => !arg.includes('=')).map(Number);
  const targets = await startTargets();
  console.log(`${os.cpus()[0]?.model ?? '?'} ×${os.cpus().length}, Node ${process.version}`);
  console.log(`load ${os.loadavg()[0]?.toFixed(1)} when it began, ${threads} threads for DNS`);
  console.log(
    'checks | reg/s | passing | runs | late p50 ms | late p99 ms | CPU | MiB | DNS p50 ms | DNS p99 ms',
  );
  for (const count of given.length > 0 ? given : [0, 1_000, 5_000, 10_000])
    console.log(await measure(count, targets.port, threads));
  targets.stop();
}

if (process.argv[2] === 'targets') serveTargets();
else await main(process.argv.slice(2));
