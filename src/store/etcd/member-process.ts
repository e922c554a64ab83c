/**
 * One run of etcd as a child: started, heard, ended. What follows its end is for the supervisor (etcd-member.ts).
 *
 * Ends with the agent, however that ends: the agent stops it (SIGTERM, then SIGKILL after a bound); an agent that is
 * killed takes it along by the kernel where `setpriv` is there; and a record of the process (member-record.ts) lets the
 * next agent end one that was left over all the same.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import type { Clock } from '../../lib/clock.ts';

export interface MemberRun {
  readonly pid: number;
  /** How it ended, in words: `status 1`, `signal SIGKILL`, or why it could not be started. */
  readonly ended: Promise<string>;
  /** Ask it to end, and kill it when it does not within `graceMs`. Resolves when it has ended. */
  stop(graceMs: number): Promise<void>;
}

export interface RunRequest {
  readonly command: readonly string[];
  readonly args: readonly string[];
  readonly clock: Clock;
  readonly onOutput: (text: string) => void;
}

/** Variables that etcd and what it calls need; `ETCD_…` would change it behind the configuration's back. */
const ENVIRONMENT = ['PATH', 'HOME', 'LANG', 'TZ', 'TMPDIR', 'GOMAXPROCS', 'GOGC', 'GODEBUG'] as const;

function environment(): Record<string, string> {
  const env: Record<string, string> = {};
  for (const name of ENVIRONMENT) {
    const value = process.env[name];
    if (value !== undefined) env[name] = value;
  }
  return env;
}

function endOf(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    child.once('error', (error) => resolve(`it could not be started: ${error.message}`));
    // Not `close`: whoever inherited its output must not keep it from having ended.
    child.once('exit', (code, signal) => resolve(signal === null ? `status ${code}` : `signal ${signal}`));
  });
}

/** Start etcd. Never throws: what keeps it from starting is told as its end. */
export function runMember({ command, args, clock, onOutput }: RunRequest): MemberRun {
  const [program = '', ...before] = command;
  // A group of its own: a Ctrl-C at the terminal is for the agent, which ends etcd in its turn.
  const child = spawn(program, [...before, ...args], {
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: environment(),
  });
  const ended = endOf(child);
  for (const output of [child.stdout, child.stderr]) output.setEncoding('utf8').on('data', onOutput);
  return {
    pid: child.pid ?? 0,
    ended,
    stop: async (graceMs) => {
      child.kill('SIGTERM');
      const lastResort = clock.after(graceMs, () => child.kill('SIGKILL'));
      await ended;
      lastResort.cancel();
    },
  };
}
