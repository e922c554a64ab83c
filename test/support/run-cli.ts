/**
 * The program as a person runs it: one call, its output and exit status.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { RunningAgent } from './start-agent.ts';

const LAUNCHER = fileURLToPath(new URL('../../bin/rollcall.js', import.meta.url));

export interface CliResult {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

const envFor = (agent: RunningAgent) => ({ ...process.env, CONSUL_HTTP_ADDR: agent.httpUrl });

/** Run a command against an agent and wait for its end. */
export function runCli(agent: RunningAgent, args: readonly string[], input = ''): CliResult {
  const result = spawnSync(process.execPath, [LAUNCHER, ...args], {
    encoding: 'utf8',
    env: envFor(agent),
    input,
  });
  return { code: result.status, out: result.stdout, err: result.stderr };
}

/** Start a command that runs for long; its standard output is read by the caller. */
export function startCli(agent: RunningAgent, args: readonly string[]): ChildProcess {
  return spawn(process.execPath, [LAUNCHER, ...args], {
    env: envFor(agent),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}
