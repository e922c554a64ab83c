/**
 * Requests per second over HTTP, beside a floor measured in the same run: a bare fastify route with a body of the same
 * size for reads. With `--consul /path/to/consul` Consul is measured beside them.
 *
 *     npm run bench:http [-- [--consul /usr/bin/consul] [words of scenarios]]
 *
 * The load comes from wrk where it is installed, else, for reads only, from autocannon. What is compared takes turns
 * within each round, and the median of the rounds' ratios counts, because other work on the machine comes and goes.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { freePort } from '../test/support/free-port.ts';
import { startAgent } from '../test/support/start-agent.ts';
import { cpuMs, median } from './process-cost.ts';

const ROUNDS = 3;
const CONNECTIONS = 16;
const SECONDS = 2;
const LOCAL_SERVICES = 500;
const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'rollcall-bench-http-'));

interface Scenario {
  readonly name: string;
  readonly path: string;
  /** Body of a PUT, `{id}` being another text each time; a GET without it. */
  readonly write?: string;
  /** Least ratios that are wanted against the floor and against Consul. */
  readonly wanted: { readonly floor?: number; readonly consul: number };
}

const SCENARIOS: readonly Scenario[] = [
  {
    name: 'health of a service, 5 instances',
    path: '/v1/health/service/bench?passing',
    wanted: { floor: 0.7, consul: 3 },
  },
  {
    name: 'catalog of a service, 5 instances',
    path: '/v1/catalog/service/bench',
    wanted: { floor: 0.7, consul: 2 },
  },
  { name: 'kv get', path: '/v1/kv/bench/key', wanted: { floor: 0.7, consul: 1 } },
  {
    name: `agent services, ${LOCAL_SERVICES}`,
    path: '/v1/agent/services',
    wanted: { floor: 0.7, consul: 3 },
  },
  {
    name: 'agent register, persisted',
    path: '/v1/agent/service/register',
    write: '{"ID":"{id}","Name":"load","Port":80}',
    wanted: { consul: 5 },
  },
  {
    name: 'catalog register, persisted',
    path: '/v1/catalog/register',
    write: '{"Node":"{id}","Address":"10.0.0.1","Service":{"Service":"load2","Port":80}}',
    wanted: { consul: 1 },
  },
  {
    name: 'kv put, persisted',
    path: '/v1/kv/load',
    write: 'value of {id}',
    wanted: { consul: 1 },
  },
];

async function put(base: string, url: string, body: unknown): Promise<void> {
  const response = await fetch(base + url, { method: 'PUT', body: JSON.stringify(body) });
  if (!response.ok) throw new Error(`${url}: ${response.status} ${await response.text()}`);
}

/** Put the same things into a server that is to be measured. */
async function fill(base: string): Promise<void> {
  for (let i = 0; i < 5; i += 1) {
    await put(base, '/v1/catalog/register', {
      Node: `bench-${i}`,
      Address: `10.9.0.${i + 1}`,
      Service: {
        ID: `bench-${i}`,
        Service: 'bench',
        Port: 8_000 + i,
        Tags: ['v1', 'blue'],
        Meta: { zone: 'a' },
      },
      Check: { Name: 'alive', Status: 'passing', ServiceID: `bench-${i}` },
    });
  }
  await put(base, '/v1/kv/bench/key', 'a value of some length');
  for (let i = 0; i < LOCAL_SERVICES; i += 1) {
    await put(base, '/v1/agent/service/register', {
      ID: `app-${i}`,
      Name: `app-${i % 50}`,
      Port: 80,
      Tags: ['v1'],
    });
  }
}

const hasWrk = spawnSync('wrk', ['-v']).error === undefined;

/** A script for wrk that sends `body` with its own id in each request. */
function wrkScript(body: string, seed: string): string {
  const script = path.join(scratch, 'write.lua');
  const [before = '', after = ''] = body.split('{id}');
  const make = `'${before}${seed}-' .. n .. '${after}'`;
  fs.writeFileSync(
    script,
    `n = 0\nfunction request()\n n = n + 1\n return wrk.format("PUT", nil, nil, ${make})\nend\n`,
  );
  return script;
}

function loadWithWrk(url: string, body: string | undefined, seed: string): number {
  const args = ['-t1', `-c${CONNECTIONS}`, `-d${SECONDS}s`];
  if (body !== undefined) args.push('-s', wrkScript(body, seed));
  const { stdout } = spawnSync('wrk', [...args, url], { encoding: 'utf8' });
  const rate = /Requests\/sec:\s+([\d.]+)/.exec(stdout)?.[1];
  if (rate === undefined || stdout.includes('Non-2xx')) throw new Error(`wrk on ${url}: ${stdout}`);
  return Number(rate);
}

function loadWithAutocannon(url: string): number {
  const args = ['-c', String(CONNECTIONS), '-d', String(SECONDS), '--json', url];
  const { stdout } = spawnSync('autocannon', args, { encoding: 'utf8' });
  const result = JSON.parse(stdout) as { requests: { average: number }; non2xx: number };
  if (result.non2xx > 0) throw new Error(`autocannon on ${url}: ${result.non2xx} answers were not 2xx`);
  return result.requests.average;
}

/** Requests per second; throws when an answer was not a 2xx. */
function load(base: string, { path: url, write }: Pick<Scenario, 'path' | 'write'>, label: string): number {
  const seed = `${label}-${process.pid}-${Math.floor(performance.now())}`;
  return hasWrk ? loadWithWrk(base + url, write, seed) : loadWithAutocannon(base + url);
}

async function answers(url: string): Promise<boolean> {
  try {
    return (await (await fetch(url)).text()) !== '""';
  } catch {
    return false;
  }
}

async function waitFor(url: string): Promise<void> {
  for (let i = 0; i < 200; i += 1) {
    if (await answers(url)) return;
    await delay(100);
  }
  throw new Error(`${url} does not answer`);
}

async function startConsul(program: string): Promise<{ base: string; child: ChildProcess }> {
  const ports = await Promise.all(Array.from({ length: 5 }, () => freePort()));
  const [http, dns, server, lan, wan] = ports;
  const args = `agent -server -bootstrap-expect=1 -bind=127.0.0.1 -node=bench -log-level=err -data-dir=${scratch}/consul`;
  const flags = `-http-port=${http} -dns-port=${dns} -server-port=${server} -serf-lan-port=${lan} -serf-wan-port=${wan}`;
  const child = spawn(program, [...args.split(' '), ...flags.split(' ')], { stdio: 'ignore' });
  const base = `http://127.0.0.1:${http}`;
  await waitFor(`${base}/v1/status/leader`);
  await delay(2_000); // it takes no registrations until it has registered itself
  return { base, child };
}

async function startFloor(): Promise<{ base: string; child: ChildProcess }> {
  const port = await freePort();
  const program = fileURLToPath(new URL('http-floor.ts', import.meta.url));
  const child = spawn(process.execPath, [program, String(port)], { stdio: 'ignore' });
  await waitFor(`http://127.0.0.1:${port}/1`);
  return { base: `http://127.0.0.1:${port}`, child };
}

/** A server under measurement. */
interface Subject {
  readonly base: string;
  readonly pid: number;
}

/** What a run found: requests per second, and processor time for each in microseconds. */
interface Cost {
  readonly rate: number;
  readonly cpuUs: number;
}

function run(subject: Subject, scenario: Pick<Scenario, 'path' | 'write'>, label: string): Cost {
  const before = cpuMs(subject.pid);
  const rate = load(subject.base, scenario, label);
  return { rate, cpuUs: ((cpuMs(subject.pid) - before) * 1_000) / (rate * SECONDS) };
}

const NOTHING: Cost = { rate: Number.NaN, cpuUs: Number.NaN };

const verdict = (ratio: number, wanted: number | undefined): string =>
  wanted === undefined ? '' : ratio >= wanted ? ` (wanted ${wanted})` : ` (BELOW ${wanted})`;

async function measure(scenario: Scenario, own: Subject, floor: Subject, consul: Subject | undefined) {
  const isRead = scenario.write === undefined;
  const bytes = isRead ? (await (await fetch(own.base + scenario.path)).arrayBuffer()).byteLength : 0;
  const rounds: { own: Cost; floor: Cost; consul: Cost }[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    rounds.push({
      floor: isRead ? run(floor, { path: `/${bytes}` }, 'floor') : NOTHING,
      own: run(own, scenario, `own${round}`),
      consul: consul ? run(consul, scenario, `ref${round}`) : NOTHING,
    });
  }
  const toFloor = median(rounds.map((each) => each.own.rate / each.floor.rate));
  const cpuToFloor = median(rounds.map((each) => each.own.cpuUs / each.floor.cpuUs));
  const toConsul = median(rounds.map((each) => each.own.rate / each.consul.rate));
  const cpuUs = median(rounds.map((each) => each.own.cpuUs));
  const parts = [
    `${scenario.name}: ${Math.round(median(rounds.map((each) => each.own.rate)))}/s`,
    `${Math.round(cpuUs)} µs CPU each`,
  ];
  if (isRead) {
    const { floor: wanted } = scenario.wanted;
    parts.push(`${bytes} octets`, `${toFloor.toFixed(2)} of the floor${verdict(toFloor, wanted)}`);
    parts.push(`${cpuToFloor.toFixed(2)} of its CPU`);
  }
  if (consul) parts.push(`${toConsul.toFixed(1)} x Consul${verdict(toConsul, scenario.wanted.consul)}`);
  console.log(parts.join(' · '));
}

const subject = ({ base, child }: { base: string; child: ChildProcess }): Subject => ({
  base,
  pid: child.pid ?? 0,
});

async function main(args: readonly string[]): Promise<void> {
  const [program, words] = args[0] === '--consul' ? [args[1], args.slice(2)] : [undefined, args];
  const isWanted = ({ name, write }: Scenario): boolean =>
    (words.length === 0 || words.some((word) => name.includes(word))) && (hasWrk || write === undefined);
  console.log(`${os.cpus()[0]?.model ?? 'unknown'} x ${os.cpus().length}, Node ${process.version}`);
  const agent = await startAgent({ dataDir: path.join(scratch, 'own') });
  const own = { base: agent.httpUrl, pid: agent.pid };
  const floor = await startFloor();
  const consul = program === undefined ? undefined : await startConsul(program);
  try {
    await fill(agent.httpUrl);
    if (consul) await fill(consul.base);
    for (const scenario of SCENARIOS.filter(isWanted))
      await measure(scenario, own, subject(floor), consul && subject(consul));
  } finally {
    floor.child.kill();
    consul?.child.kill('SIGKILL');
    await agent.kill();
    fs.rmSync(scratch, { recursive: true, force: true });
  }
}

await main(process.argv.slice(2));
