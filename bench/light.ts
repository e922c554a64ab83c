/**
 * What a client agent costs its machine: resident memory, processor time while nothing changes, and how soon it is ready.
 *
 *     node bench/light.ts [SECONDS] [FLAG OF NODE…]
 *
 * One server, one client agent with twenty services and as many checks (HTTP and TCP every ten seconds, and TTL), and a
 * program that keeps the TTL checks alive. Told are the agent's resident memory by what is mapped, beside that of a Node
 * that does nothing with the same flags, its threads, its processor time, and the median of the time until its API answers.
 * What is started here beside the agent is in other processes, or idle while the agent is measured.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { cpuMs, median, residentBytes } from './process-cost.ts';

const SECONDS = Number(process.argv[2] ?? 20);
const FLAGS = process.argv.slice(3);
const LAUNCHER = fileURLToPath(new URL('../bin/rollcall.js', import.meta.url));
const SERVER = '127.23.32.1';
const CLIENT = '127.23.32.2';
const SERVICES = 20;
const STARTS = 7;
const TTL_RENEWALS_MS = 10_000;
/** What operations.md says to start an agent with; the launcher cannot give itself either. */
const ENVIRONMENT = { ...process.env, MALLOC_ARENA_MAX: '2' };
const NODE_FLAGS = ['--max-semi-space-size=8', ...FLAGS];

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'rollcall-light-'));
const running = new Set<number>();

function start(args: readonly string[]): number {
  const { pid } = spawn(process.execPath, [...NODE_FLAGS, ...args], { env: ENVIRONMENT, stdio: 'ignore' });
  if (pid === undefined) throw new Error('not started');
  running.add(pid);
  return pid;
}

async function end(pid: number): Promise<void> {
  running.delete(pid);
  process.kill(pid, 'SIGKILL');
  while (fs.existsSync(`/proc/${pid}/stat`) && !/\) Z/.test(fs.readFileSync(`/proc/${pid}/stat`, 'utf8')))
    await delay(5);
}

function startAgent(name: string, address: string, more: readonly string[]): number {
  const own = ['-node', name, '-bind', address, '-client', address, '-data-dir', path.join(folder, name)];
  return start([LAUNCHER, 'agent', ...own, ...more]);
}

async function untilAnswers(url: string): Promise<void> {
  while (!(await fetch(url).catch(() => undefined))?.ok) await delay(2);
}

const put = async (pathOfRequest: string, body?: object): Promise<void> => {
  const { ok, status } = await fetch(`http://${CLIENT}:8500${pathOfRequest}`, {
    method: 'PUT',
    body: body === undefined ? null : JSON.stringify(body),
  });
  if (!ok) throw new Error(`${pathOfRequest}: ${status}`);
};

function checkOf(i: number, port: number): object {
  if (i % 4 === 0) return { CheckID: `ttl-${i}`, TTL: '30s', Status: 'passing' };
  if (i % 4 === 1) return { TCP: `127.0.0.1:${port}`, Interval: '10s' };
  return { HTTP: `http://127.0.0.1:${port}/`, Interval: '10s' };
}

async function register(port: number): Promise<void> {
  for (let i = 0; i < SERVICES; i += 1)
    await put('/v1/agent/service/register', { Name: `load-${i}`, Port: port, Check: checkOf(i, port) });
}

/** Resident KiB of a process by what is mapped. */
function mappings(pid: number): ReadonlyMap<string, number> {
  const kib = new Map<string, number>();
  let name = '';
  for (const line of fs.readFileSync(`/proc/${pid}/smaps`, 'utf8').split('\n')) {
    const head = /^[0-9a-f]+-[0-9a-f]+ (\S+) \S+ \S+ \S+ *(.*)$/.exec(line);
    if (head) name = nameOf(head[2] ?? '');
    const rss = /^Rss: +(\d+) kB/.exec(line);
    if (rss) kib.set(name, (kib.get(name) ?? 0) + Number(rss[1]));
  }
  return kib;
}

function nameOf(mapped: string): string {
  if (mapped === '') return 'heaps of V8, stacks, large blocks';
  if (mapped === '[heap]') return 'malloc';
  if (mapped.endsWith('/node')) return "Node's own file";
  if (mapped.endsWith('.node')) return path.basename(mapped);
  return 'libraries of the system';
}

function threads(pid: number): number {
  return fs.readdirSync(`/proc/${pid}/task`).length;
}

const mb = (octets: number): string => (octets / 1e6).toFixed(1);

function tellMemory(what: string, pid: number): void {
  const parts = [...mappings(pid)]
    .sort((a, b) => b[1] - a[1])
    .map(([name, kib]) => `${name} ${mb(kib * 1_024)}`);
  console.log(`${what}: ${mb(residentBytes(pid))} MB, ${threads(pid)} threads (${parts.join(', ')})`);
}

async function readyMs(name: string, address: string, more: readonly string[]): Promise<number[]> {
  const took: number[] = [];
  for (let i = 0; i < STARTS; i += 1) {
    const fromMs = performance.now();
    const pid = startAgent(name, address, more);
    await untilAnswers(`http://${address}:8500/v1/agent/self`);
    took.push(performance.now() - fromMs);
    await delay(i === 0 ? 3_000 : 200); // the first one leaves its compiled code behind
    await end(pid);
  }
  return took;
}

async function main(): Promise<void> {
  const target = http.createServer((_, response) => response.end('fine')).listen(0, '127.0.0.1');
  await once(target, 'listening');
  const { port } = target.address() as AddressInfo;
  console.log(
    `${os.cpus()[0]?.model ?? '?'} ×${os.cpus().length}, Node ${process.version} ${NODE_FLAGS.join(' ')}`,
  );
  const idle = start(['-e', 'setInterval(() => {}, 1e6)']);
  startAgent('s1', SERVER, ['-server', '-bootstrap-expect', '1']);
  await untilAnswers(`http://${SERVER}:8500/v1/agent/self`);
  const join = ['-retry-join', SERVER];
  const first = startAgent('c1', CLIENT, join);
  await untilAnswers(`http://${CLIENT}:8500/v1/agent/self`);
  await register(port);
  await delay(3_000);
  await end(first);
  const took = await readyMs('c1', CLIENT, join);
  const pid = startAgent('c1', CLIENT, join);
  await untilAnswers(`http://${CLIENT}:8500/v1/agent/self`);
  const renewal = setInterval(() => {
    for (let i = 0; i < SERVICES; i += 4) put(`/v1/agent/check/pass/ttl-${i}`).catch(() => {});
  }, TTL_RENEWALS_MS);
  await delay(5_000);
  tellMemory('after 5 s', pid);
  const fromMs = cpuMs(pid);
  await delay(SECONDS * 1_000);
  const share = (cpuMs(pid) - fromMs) / (SECONDS * 10);
  tellMemory('a Node that does nothing', idle);
  tellMemory(`after ${SECONDS + 5} s`, pid);
  console.log(`processor while nothing changes: ${share.toFixed(2)} % of one core`);
  console.log(
    `ready after ${median(took).toFixed(0)} ms (median of ${STARTS}: ${took.map((ms) => ms.toFixed(0)).join(', ')})`,
  );
  clearInterval(renewal);
  target.close();
}

try {
  await main();
} finally {
  for (const pid of running) process.kill(pid, 'SIGKILL');
  await delay(100);
  fs.rmSync(folder, { recursive: true, force: true });
}
process.exit();
