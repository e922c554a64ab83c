/**
 * What the two ways that UDP packets can go cost beside answers: the start, the idle agent, memory. The floor is node:dgram,
 * in turn with the other in every round. With `soak=millions` the batch transport is asked so many million questions
 * instead, and its memory is read after each.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { saturate } from './dns-load.ts';
import { type AgentServer, type Load, startRollcall } from './dns-servers.ts';
import { median, residentBytes } from './process-cost.ts';

const LOAD: Load = { services: 100, instances: 5, nodes: 50 };
const QUESTIONS = Array.from(
  { length: 100 },
  (_, i) => `svc-${i}.service.consul ${i % 2 === 0 ? 'A' : 'SRV'}`,
);
const ROUNDS = Number(process.env['ROLLCALL_BENCH_ROUNDS'] ?? 5);
const TRANSPORTS = ['dgram', 'batch'] as const;
const [ASKED_SECONDS, IDLE_MS, SETTLE_MS] = [4, 8_000, 2_000];
const MILLION = 1_000_000;
const MEBIBYTE = 1_048_576;

const mebibytes = (octets: number): string => `${(octets / MEBIBYTE).toFixed(1)} MiB`;
const start = (transport: string): Promise<AgentServer> => startRollcall(transport, LOAD, { transport });

interface Costs {
  readonly startMs: number;
  readonly bytes: number;
  readonly idleMsPerSecond: number;
}

async function costsOf(transport: string): Promise<Costs> {
  const agent = await start(transport);
  await saturate(agent.port, QUESTIONS, ASKED_SECONDS);
  await delay(SETTLE_MS);
  const bytes = residentBytes(agent.pid);
  const before = agent.cpuMs();
  await delay(IDLE_MS);
  const idleMsPerSecond = (agent.cpuMs() - before) / (IDLE_MS / 1_000);
  await agent.stop();
  return { startMs: agent.startMs, bytes, idleMsPerSecond };
}

async function compare(): Promise<void> {
  const costs: Record<(typeof TRANSPORTS)[number], Costs[]> = { dgram: [], batch: [] };
  for (let round = 0; round < ROUNDS; round += 1)
    for (const transport of TRANSPORTS) costs[transport].push(await costsOf(transport));
  for (const transport of TRANSPORTS) {
    const of = (value: (one: Costs) => number): number => median(costs[transport].map(value));
    console.log(
      `${transport.padEnd(6)} start ${of(({ startMs }) => startMs).toFixed(0)} ms, ` +
        `memory ${mebibytes(of(({ bytes }) => bytes))}, ` +
        `idle ${of(({ idleMsPerSecond }) => idleMsPerSecond).toFixed(2)} ms of CPU a second`,
    );
  }
}

async function soak(millions: number): Promise<void> {
  const agent = await start('batch');
  let [queries, next] = [0, 0];
  while (queries < millions * MILLION) {
    queries += (await saturate(agent.port, QUESTIONS, ASKED_SECONDS)).queries;
    if (queries < next * MILLION) continue;
    console.log(
      `${(queries / MILLION).toFixed(1)} million questions: ${mebibytes(residentBytes(agent.pid))}`,
    );
    next = Math.floor(queries / MILLION) + 1;
  }
  await agent.stop();
}

const millions = Number(process.argv.find((arg) => arg.startsWith('soak='))?.split('=')[1] ?? 0);
await (millions > 0 ? soak(millions) : compare());
