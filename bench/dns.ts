/**
 * How much CPU a DNS answer costs, and how many there are a second.
 *
 * The subjects are agents with production settings and 100 services of 5 instances, answering in the main thread, in one
 * thread and in two; beside them, in every round, stand a Node socket that sends each packet back, and NSD where it is
 * installed (its answering process alone). Each number is the median of the rounds, each ratio is to the echo or NSD of
 * its own round. `--large` loads 100,000 instances of 5,000 services instead; `--all` asks for more kinds of questions;
 * with ROLLCALL_BENCH_CONSUL set to the program of Consul, that is measured too. ROLLCALL_BENCH_SECONDS (2) and
 * ROLLCALL_BENCH_ROUNDS (7) make it longer; ROLLCALL_BENCH_TRANSPORT sets dns_config.transport.
 */
import os from 'node:os';
import { hasDnsperf, type Latency, type Questions, saturate, trickle } from './dns-load.ts';
import {
  type BenchServer,
  hasNsd,
  type Load,
  startConsul,
  startEcho,
  startNsd,
  startRollcall,
} from './dns-servers.ts';
import { median } from './process-cost.ts';

const SECONDS = Number(process.env['ROLLCALL_BENCH_SECONDS'] ?? 2);
const ROUNDS = Number(process.env['ROLLCALL_BENCH_ROUNDS'] ?? 7);
const TRANSPORT = process.env['ROLLCALL_BENCH_TRANSPORT'] ?? 'auto';
const CONSUL = process.env['ROLLCALL_BENCH_CONSUL'];
const IS_LARGE = process.argv.includes('--large');
const ALL_KINDS = process.argv.includes('--all') || IS_LARGE;
const LOAD: Load = IS_LARGE
  ? { services: 5_000, instances: 20, nodes: 1_000 }
  : { services: 100, instances: 5, nodes: 50 };
const THREADS = IS_LARGE ? [0] : [0, 1, 2];
const SETTLE_MS = 15_000;
const PACE = { perSecond: 1_000, seconds: 4 } as const;

function questionSets({ services, nodes }: Load): Readonly<Record<string, Questions>> {
  const names = Array.from({ length: services }, (_, i) => `svc-${i}.service.consul`);
  const node = Array.from({ length: nodes }, (_, i) => `node-${i}.node.consul A`);
  const a = names.map((name) => `${name} A`);
  const srv = names.map((name) => `${name} SRV`);
  const missing = names.map((name) => `no-${name} A`);
  const mixed = a.flatMap((question, i) => [question, srv[i] ?? '', missing[i] ?? '', node[i % nodes] ?? '']);
  return { A: a, SRV: srv, NXDOMAIN: missing, ...(ALL_KINDS ? { node, mixed } : {}) };
}

interface Measured {
  readonly perSecond: number;
  readonly cpuMicroseconds: number;
}

async function measure(server: BenchServer, questions: Questions): Promise<Measured> {
  const before = server.cpuMs();
  const { queries, perSecond } = await saturate(server.port, questions, SECONDS);
  return { perSecond, cpuMicroseconds: ((server.cpuMs() - before) * 1_000) / queries };
}

/** What was measured of each server in one round, in the order of the servers. */
type Round = readonly Measured[];

const HEAD = 'server      question  queries/s  CPU µs/query  CPU / echo  CPU / NSD  p50 ms  p99 ms';

interface Compared {
  readonly servers: readonly BenchServer[];
  readonly what: string;
  readonly rounds: readonly Round[];
  readonly latencies: readonly Latency[];
}

function print({ servers, what, rounds, latencies }: Compared): void {
  const echo = servers.findIndex(({ name }) => name === 'echo');
  const nsd = servers.findIndex(({ name }) => name === 'nsd');
  for (const [i, { name }] of servers.entries()) {
    const of = (value: (round: Round) => number, digits: number): string =>
      median(rounds.map(value)).toFixed(digits);
    const cpu = (round: Round, at: number): number => round[at]?.cpuMicroseconds ?? Number.NaN;
    const latency = latencies[i];
    const cells = [
      name.padEnd(11),
      what.padEnd(9),
      of((round) => round[i]?.perSecond ?? 0, 0).padStart(9),
      of((round) => cpu(round, i), 2).padStart(13),
      of((round) => cpu(round, i) / cpu(round, echo), 2).padStart(11),
      (nsd < 0 ? '-' : of((round) => cpu(round, i) / cpu(round, nsd), 2)).padStart(10),
      (latency?.p50Ms ?? 0).toFixed(3).padStart(7),
      (latency?.p99Ms ?? 0).toFixed(3).padStart(7),
    ];
    console.log(cells.join(' '));
  }
}

/** Start everything that is compared; what has been started is in `servers` whatever comes after it. */
async function startAll(servers: BenchServer[]): Promise<void> {
  servers.push(await startEcho());
  if (hasNsd) servers.push(await startNsd(LOAD));
  for (const threads of THREADS) {
    const name = `rollcall/${threads}`;
    const agent = await startRollcall(
      name,
      LOAD,
      { threads, transport: TRANSPORT },
      IS_LARGE ? SETTLE_MS : 500,
    );
    servers.push(agent);
    const count = LOAD.services * LOAD.instances;
    // With few instances this would be the memory of code that has just been compiled.
    if (IS_LARGE)
      console.log(`${count} instances: ${(agent.loadBytes / count).toFixed(0)} octets of memory each`);
  }
  if (CONSUL) servers.push(await startConsul(CONSUL, LOAD));
}

async function compare(servers: readonly BenchServer[]): Promise<void> {
  console.log(HEAD);
  for (const [what, questions] of Object.entries(questionSets(LOAD))) {
    for (const server of servers) await saturate(server.port, questions, SECONDS);
    const rounds: Round[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      const measured: Measured[] = [];
      for (const server of servers) measured.push(await measure(server, questions));
      rounds.push(measured);
    }
    const latencies: Latency[] = [];
    for (const server of servers) latencies.push(await trickle(server.port, questions, PACE));
    print({ servers, what, rounds, latencies });
  }
}

const cpu = os.cpus()[0]?.model ?? 'unknown CPU';
const generator = hasDnsperf ? 'dnsperf' : 'own generator';
console.log(
  `${cpu}, ${os.cpus().length} cores, Node ${process.version}, ${generator}, transport ${TRANSPORT}`,
);
const servers: BenchServer[] = [];
try {
  await startAll(servers);
  await compare(servers);
} finally {
  for (const server of servers) await server.stop();
}
