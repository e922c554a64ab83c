/**
 * How much CPU a DNS answer costs, and how many there are a second.
 *
 * The subject is an agent with production settings and 100 services of 5 instances; the floor is a Node socket that
 * sends each packet back, in the same run. Each number is the median of the rounds, each ratio is to the floor of its own
 * round. `--large` loads 100,000 instances of 5,000 services instead; with ROLLCALL_BENCH_CONSUL set to the program of
 * Consul, that is measured beside it. ROLLCALL_BENCH_SECONDS (3) and ROLLCALL_BENCH_ROUNDS (5) make it longer.
 */
import { fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import http from 'node:http';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { freePort } from '../test/support/free-port.ts';
import { startAgent } from '../test/support/start-agent.ts';
import { hasDnsperf, type Latency, type Questions, saturate, trickle } from './dns-load.ts';
import { cpuMs, median, residentBytes } from './process-cost.ts';

const SECONDS = Number(process.env['ROLLCALL_BENCH_SECONDS'] ?? 3);
const ROUNDS = Number(process.env['ROLLCALL_BENCH_ROUNDS'] ?? 5);
const CONSUL = process.env['ROLLCALL_BENCH_CONSUL'];
const IS_LARGE = process.argv.includes('--large');
const [SERVICES, INSTANCES] = IS_LARGE ? [5_000, 20] : [100, 5];
/** Nodes that the instances are spread over. */
const NODES = IS_LARGE ? 1_000 : 50;
const CONNECTIONS = 16;
const SETTLE_MS = 15_000;

interface Server {
  readonly name: string;
  readonly pid: number;
  readonly port: number;
  stop(): Promise<unknown>;
}

interface Measured {
  readonly perSecond: number;
  readonly cpuMicroseconds: number;
}

function questionSets(): Readonly<Record<string, Questions>> {
  const services = Array.from({ length: SERVICES }, (_, i) => `svc-${i}.service.consul`);
  const nodes = Array.from({ length: NODES }, (_, i) => `node-${i}.node.consul A`);
  const a = services.map((name) => `${name} A`);
  const srv = services.map((name) => `${name} SRV`);
  const missing = services.map((name) => `no-${name} A`);
  const mixed = a.flatMap((question, i) => [
    question,
    srv[i] ?? '',
    missing[i] ?? '',
    nodes[i % NODES] ?? '',
  ]);
  return { A: a, SRV: srv, NXDOMAIN: missing, node: nodes, mixed };
}

function put(agent: http.Agent, url: string, body: unknown): Promise<void> {
  return new Promise((resolve, reject) => {
    const request = http.request(url, { method: 'PUT', agent }, (response) =>
      response.resume().on('end', resolve),
    );
    request.on('error', reject).end(JSON.stringify(body));
  });
}

/** Register every instance through the catalog API. */
async function load(httpUrl: string): Promise<void> {
  const agent = new http.Agent({ keepAlive: true, maxSockets: CONNECTIONS });
  let next = 0;
  const connection = async (): Promise<void> => {
    while (next < SERVICES * INSTANCES) {
      const i = next++;
      const [service, node] = [i % SERVICES, i % NODES];
      await put(agent, `${httpUrl}/v1/catalog/register`, {
        Node: `node-${node}`,
        Address: `10.200.${node >> 8}.${node & 0xff}`,
        Service: {
          ID: `svc-${service}-${i}`,
          Service: `svc-${service}`,
          Port: 1_000 + (i % 60_000),
          Address: addressOf(i),
        },
      });
    }
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, connection));
  agent.destroy();
}

const addressOf = (i: number): string => `10.${(i >> 16) & 0xff}.${(i >> 8) & 0xff}.${i & 0xff}`;

async function startFloor(): Promise<Server> {
  const child = fork(fileURLToPath(new URL('./echo-server.ts', import.meta.url)));
  const [port] = (await once(child, 'message')) as [number];
  return { name: 'floor', pid: child.pid ?? 0, port, stop: async () => child.kill() };
}

async function startSubject(): Promise<Server> {
  const dataDir = fs.mkdtempSync(path.join(os.tmpdir(), 'bench-dns-'));
  const agent = await startAgent({ dataDir, args: ['-bind', '127.0.0.1'] });
  const before = residentBytes(agent.pid);
  await load(agent.httpUrl);
  // What the load left behind is collected once the agent has a moment for it.
  if (IS_LARGE) await delay(SETTLE_MS);
  const perInstance = (residentBytes(agent.pid) - before) / (SERVICES * INSTANCES);
  // With few instances this would be the memory of code that has just been compiled.
  if (IS_LARGE)
    console.log(`${SERVICES * INSTANCES} instances: ${perInstance.toFixed(0)} octets of memory each`);
  const stop = async (): Promise<void> => {
    await agent.stop();
    fs.rmSync(dataDir, { recursive: true });
  };
  return { name: 'rollcall', pid: agent.pid, port: agent.dnsPort, stop };
}

async function startConsul(program: string): Promise<Server> {
  const ports = { http: await freePort(), dns: await freePort(), server: await freePort(), grpc: -1 };
  const config = { ports: { ...ports, serf_lan: await freePort(), serf_wan: await freePort() } };
  const file = path.join(os.tmpdir(), `bench-consul-${process.pid}.json`);
  fs.writeFileSync(file, JSON.stringify(config));
  const child = spawn(program, ['agent', '-dev', '-log-level=error', '-config-file', file], {
    stdio: 'ignore',
  });
  const url = `http://127.0.0.1:${ports.http}`;
  const leader = async (): Promise<string> => (await fetch(`${url}/v1/status/leader`)).text();
  while (!(await leader().catch(() => '')).includes(':')) await delay(200);
  await load(url);
  return { name: 'consul', pid: child.pid ?? 0, port: ports.dns, stop: async () => child.kill() };
}

async function measure(server: Server, questions: Questions): Promise<Measured> {
  const before = cpuMs(server.pid);
  const { queries, perSecond } = await saturate(server.port, questions, SECONDS);
  return { perSecond, cpuMicroseconds: ((cpuMs(server.pid) - before) * 1_000) / queries };
}

interface Row {
  readonly server: string;
  readonly what: string;
  readonly rounds: readonly { readonly own: Measured; readonly floor: Measured }[];
  readonly latency: Latency;
}

function print(rows: readonly Row[]): void {
  console.log('server     question  queries/s  CPU µs/query  CPU / floor  rate / floor  p50 ms  p99 ms');
  for (const { server, what, rounds, latency } of rows) {
    const of = (value: (round: Row['rounds'][number]) => number, digits: number): string =>
      median(rounds.map(value)).toFixed(digits);
    const cells = [
      server.padEnd(10),
      what.padEnd(9),
      of(({ own }) => own.perSecond, 0).padStart(8),
      of(({ own }) => own.cpuMicroseconds, 2).padStart(13),
      of(({ own, floor }) => own.cpuMicroseconds / floor.cpuMicroseconds, 2).padStart(12),
      of(({ own, floor }) => own.perSecond / floor.perSecond, 2).padStart(13),
      latency.p50Ms.toFixed(3).padStart(9),
      latency.p99Ms.toFixed(3).padStart(7),
    ];
    console.log(cells.join(' '));
  }
}

async function main(): Promise<void> {
  const cpu = os.cpus()[0]?.model ?? 'unknown CPU';
  console.log(
    `${cpu}, ${os.cpus().length} cores, Node ${process.version}, ${hasDnsperf ? 'dnsperf' : 'own generator'}`,
  );
  const floor = await startFloor();
  const subjects = [await startSubject(), ...(CONSUL ? [await startConsul(CONSUL)] : [])];
  const sets = questionSets();
  const rows: Row[] = [];
  const warm = sets['mixed'] ?? [];
  for (const server of [floor, ...subjects]) await saturate(server.port, warm, Math.min(SECONDS, 2));
  for (const server of subjects) {
    for (const [what, questions] of Object.entries(sets)) {
      await saturate(server.port, questions, Math.min(SECONDS, 2));
      const rounds = [];
      for (let round = 0; round < ROUNDS; round += 1) {
        rounds.push({ floor: await measure(floor, questions), own: await measure(server, questions) });
      }
      const latency = await trickle(server.port, questions, { perSecond: 500, seconds: 3 });
      rows.push({ server: server.name, what, rounds, latency });
    }
  }
  print(rows);
  for (const server of [floor, ...subjects]) await server.stop();
}

await main();
