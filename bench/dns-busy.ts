/**
 * How long DNS answers take while the agent has other things to do: 500 registrations a second and 1,000 HTTP checks a
 * second. The floor is the same agent, idle, in the same run; aim: p99 at most three times that.
 *
 * Beside it stands a socket that only echoes, asked in turn with the agent and under the same load: what its answers get
 * slower by is the machine's doing (load generators and targets use the same cores), not the agent's. With `threads=1`
 * DNS answers from a thread of its own (dns_config.threads).
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { type RunningAgent, startAgent } from '../test/support/start-agent.ts';
import type { Latency } from './dns-load.ts';
import { median } from './process-cost.ts';

const CHECKS = 1_000;
const REGISTRATIONS_PER_SECOND = 500;
const ROUNDS = Number(process.env['ROLLCALL_BENCH_ROUNDS'] ?? 9);
const SECONDS = Number(process.env['ROLLCALL_BENCH_SECONDS'] ?? 3);
const QUESTIONS = Array.from(
  { length: 100 },
  (_, i) => `svc-${i}.service.consul ${i % 2 === 0 ? 'A' : 'SRV'}`,
);
/** Until the code on the way of a registration is compiled and the checks have spread over their second. */
const WARM_UP_MS = 8_000;

const children: ChildProcess[] = [];

function start(file: string): ChildProcess {
  const child = fork(fileURLToPath(new URL(file, import.meta.url)));
  children.push(child);
  return child;
}

async function said<T>(child: ChildProcess): Promise<T> {
  return ((await once(child, 'message')) as [T])[0];
}

interface Compared {
  readonly agent: Latency;
  readonly echo: Latency;
}

/** Ask the agent and the echo in turn; medians of the rounds. */
async function compare(client: ChildProcess, agentPort: number, echoPort: number): Promise<Compared> {
  const rounds: Record<keyof Compared, Latency[]> = { agent: [], echo: [] };
  const ask = async (port: number): Promise<Latency> => {
    client.send({ port, questions: QUESTIONS, pace: { perSecond: 400, seconds: SECONDS } });
    return said<Latency>(client);
  };
  for (let round = 0; round < ROUNDS; round += 1) {
    rounds.agent.push(await ask(agentPort));
    rounds.echo.push(await ask(echoPort));
  }
  const middle = (of: readonly Latency[]): Latency => ({
    p50Ms: median(of.map(({ p50Ms }) => p50Ms)),
    p99Ms: median(of.map(({ p99Ms }) => p99Ms)),
    maxMs: Math.max(...of.map(({ maxMs }) => maxMs)),
  });
  return { agent: middle(rounds.agent), echo: middle(rounds.echo) };
}

async function register({ httpUrl }: RunningAgent, body: object): Promise<void> {
  await fetch(`${httpUrl}/v1/agent/service/register`, { method: 'PUT', body: JSON.stringify(body) });
}

/** What is asked for, the same with and without load. */
async function loadServices(agent: RunningAgent): Promise<void> {
  for (let i = 0; i < 500; i += 1) {
    const Address = `10.0.${i >> 8}.${i & 255}`;
    await register(agent, { ID: `i${i}`, Name: `svc-${i % 100}`, Port: i + 1, Address });
  }
}

/** Start the other things; what it returns gives how many registrations a second were acknowledged so far. */
async function makeBusy(agent: RunningAgent): Promise<() => Promise<number>> {
  const port = await said<number>(start('./checked-server.ts'));
  const Check = { HTTP: `http://127.0.0.1:${port}/`, Interval: '1s', Timeout: '1s' };
  for (let i = 0; i < CHECKS; i += 1)
    await register(agent, { ID: `c${i}`, Name: 'checked', Port: i + 1, Check });
  const registering = start('./registering-client.ts');
  registering.send({ port: agent.httpPort, perSecond: REGISTRATIONS_PER_SECOND });
  await delay(WARM_UP_MS);
  registering.send('count from now on');
  await said(registering);
  const startedMs = performance.now();
  return async () => {
    registering.send('how many?');
    return (await said<number>(registering)) / ((performance.now() - startedMs) / 1_000);
  };
}

const line = (what: string, { agent, echo }: Compared): string =>
  `${what.padEnd(44)} p50 ${agent.p50Ms.toFixed(2)} ms, p99 ${agent.p99Ms.toFixed(2)} ms; ` +
  `echo p50 ${echo.p50Ms.toFixed(2)} ms, p99 ${echo.p99Ms.toFixed(2)} ms`;

async function main(): Promise<void> {
  const dataDir = fs.mkdtempSync(path.join(os.tmpdir(), 'bench-busy-'));
  const threads = Number(process.argv.find((arg) => arg.startsWith('threads='))?.split('=')[1] ?? 0);
  const config = { dns_config: { threads } };
  const agent = await startAgent({ dataDir, config, args: ['-bind', '127.0.0.1'] });
  const echoPort = await said<number>(start('./echo-server.ts'));
  const client = start('./trickle-client.ts');
  await loadServices(agent);
  await delay(1_000);
  const idle = await compare(client, agent.dnsPort, echoPort);
  const perSecond = await makeBusy(agent);
  const busy = await compare(client, agent.dnsPort, echoPort);
  console.log(
    `Node ${process.version}, ${os.cpus()[0]?.model}, ${os.cpus().length} cores, threads ${threads}`,
  );
  console.log(line('idle', idle));
  console.log(line(`${(await perSecond()).toFixed(0)} registrations/s, ${CHECKS} checks/s`, busy));
  const [own, machine] = [busy.agent.p99Ms / idle.agent.p99Ms, busy.echo.p99Ms / idle.echo.p99Ms];
  console.log(`p99 busy / idle: ${own.toFixed(2)} (echo: ${machine.toFixed(2)})`);
  for (const child of children) child.kill();
  await agent.stop();
  fs.rmSync(dataDir, { recursive: true });
}

await main();
