/**
 * A real agent as a process of its own, on free ports, for end-to-end tests.
 *
 * It runs what a user runs (`bin/rollcall.js agent …`) and counts as ready when it names a leader. Without
 * `dataDir` it is a development agent that keeps nothing; with it a server that can be stopped, or killed
 * without warning, and started again on the same folder.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { freePort } from './free-port.ts';

const LAUNCHER = fileURLToPath(new URL('../../bin/rollcall.js', import.meta.url));
const READY_TIMEOUT_MS = 15_000;
const STOP_TIMEOUT_MS = 10_000;

export interface AgentOptions {
  /** Keep data here instead of in memory. */
  readonly dataDir?: string;
  /** Configuration keys on top of the ports and the node name `n1`. */
  readonly config?: Readonly<Record<string, unknown>>;
  /** Those of an agent that ran before, to come back in its place; free ones when absent. */
  readonly ports?: { readonly http: number; readonly dns: number };
  /** Further command-line arguments. */
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Another bin/rollcall.js than that of this checkout. */
  readonly launcher?: string;
}

export interface RunningAgent {
  readonly httpUrl: string;
  readonly httpPort: number;
  readonly dnsPort: number;
  readonly pid: number;
  /** From the start of the process to the first answer, in milliseconds. */
  readonly readyAfterMs: number;
  /** What it wrote to both of its outputs so far. */
  output(): string;
  /** SIGTERM (or another signal), then wait for its exit status; null when a signal ended it. */
  stop(signal?: NodeJS.Signals): Promise<number | null>;
  /** End it as a power cut would. */
  kill(): Promise<void>;
}

/** The process with everything that it wrote. */
interface Spawned {
  readonly child: ChildProcess;
  output(): string;
}

function spawnAgent(options: AgentOptions, args: readonly string[]): Spawned {
  const child = spawn(process.execPath, [options.launcher ?? LAUNCHER, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...options.env },
  });
  const killWithUs = (): void => void child.kill('SIGKILL');
  process.once('exit', killWithUs);
  child.once('exit', () => process.off('exit', killWithUs));
  const chunks: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (chunk: string) => chunks.push(chunk));
  }
  return { child, output: () => chunks.join('') };
}

async function hasLeader(httpUrl: string): Promise<boolean> {
  try {
    const response = await fetch(`${httpUrl}/v1/status/leader`, { signal: AbortSignal.timeout(2_000) });
    return response.ok && ((await response.json()) as string) !== '';
  } catch {
    return false;
  }
}

function hasExited(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}

async function waitUntilReady(spawned: Spawned, httpUrl: string): Promise<void> {
  const deadline = performance.now() + READY_TIMEOUT_MS;
  while (!(await hasLeader(httpUrl))) {
    if (hasExited(spawned.child)) throw new Error(`the agent ended at once: ${spawned.output()}`);
    if (performance.now() > deadline) throw new Error(`the agent is not ready: ${spawned.output()}`);
    await delay(15);
  }
}

async function endWith(child: ChildProcess, signal: NodeJS.Signals): Promise<number | null> {
  if (hasExited(child)) return child.exitCode;
  const exited = once(child, 'exit') as Promise<[number | null]>;
  child.kill(signal);
  const lastResort = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS);
  const [code] = await exited;
  clearTimeout(lastResort);
  return code;
}

async function startOnce(options: AgentOptions): Promise<RunningAgent> {
  const httpPort = options.ports?.http ?? (await freePort());
  const dnsPort = options.ports?.dns ?? (await freePort());
  const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'rollcall-agent-'));
  const configFile = path.join(scratch, 'agent.json');
  const base = { node_name: 'n1', ports: { http: httpPort, dns: dnsPort } };
  fs.writeFileSync(configFile, JSON.stringify({ ...base, ...options.config }));
  const kind = options.dataDir === undefined ? ['-dev'] : ['-server', '-data-dir', options.dataDir];
  const startedMs = performance.now();
  const args = ['agent', ...kind, '-config-file', configFile, ...(options.args ?? [])];
  const spawned = spawnAgent(options, args);
  spawned.child.once('exit', () => fs.rmSync(scratch, { recursive: true, force: true }));
  const httpUrl = `http://127.0.0.1:${httpPort}`;
  try {
    await waitUntilReady(spawned, httpUrl);
  } catch (error) {
    await endWith(spawned.child, 'SIGKILL');
    throw error;
  }
  return {
    httpUrl,
    httpPort,
    dnsPort,
    pid: spawned.child.pid ?? 0,
    readyAfterMs: performance.now() - startedMs,
    output: spawned.output,
    stop: (signal = 'SIGTERM') => endWith(spawned.child, signal),
    kill: async () => void (await endWith(spawned.child, 'SIGKILL')),
  };
}

/** Start an agent and wait until it answers. Rejects with its output when it does not. */
export async function startAgent(options: AgentOptions = {}): Promise<RunningAgent> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await startOnce(options);
    } catch (error) {
      // Another program may have taken one of the ports meanwhile.
      if (attempt === 3 || !/in use|EADDRINUSE/i.test(String(error))) throw error;
    }
  }
}
