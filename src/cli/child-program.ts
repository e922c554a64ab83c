/**
 * Programs that commands run: through a shell by default, as Consul does, or directly.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { systemErrorText } from '../lib/system-error.ts';

export interface ProgramRequest {
  readonly args: readonly string[];
  /** Join the words and have the user's shell read them: $SHELL, or /bin/sh. */
  readonly isShell: boolean;
  /** Written to standard input; `inherit` passes on that of this process. */
  readonly stdin: string | 'inherit';
  readonly env: Readonly<Record<string, string>>;
}

export interface RunningProgram {
  /** Exit status; 128 + n when a signal ended it, 127 when it could not be started. */
  readonly ended: Promise<number>;
  /** Ask it to end, and kill it when it does not within `graceMs`. */
  stop(graceMs: number): Promise<void>;
}

const SIGNAL_NUMBERS: Readonly<Record<string, number>> = { SIGHUP: 1, SIGINT: 2, SIGKILL: 9, SIGTERM: 15 };

async function exitStatus(child: ChildProcess, program: string): Promise<number> {
  try {
    const [code, signal] = (await once(child, 'exit')) as [number | null, string | null];
    return code ?? 128 + (SIGNAL_NUMBERS[signal ?? ''] ?? 0);
  } catch (error) {
    process.stderr.write(`${program}: ${systemErrorText(error)}\n`);
    return 127;
  }
}

/** Start a program with the standard output and error of this process. */
export function runProgram({ args, isShell, stdin, env }: ProgramRequest): RunningProgram {
  const [program = '', ...rest] = isShell ? [process.env['SHELL'] || '/bin/sh', '-c', args.join(' ')] : args;
  const child = spawn(program, rest, {
    stdio: [stdin === 'inherit' ? 'inherit' : 'pipe', 'inherit', 'inherit'],
    env: { ...process.env, ...env },
  });
  const ended = exitStatus(child, program);
  if (stdin !== 'inherit') {
    // A program that does not read its input closes the pipe; that is its right.
    child.stdin?.on('error', () => {});
    child.stdin?.end(stdin);
  }
  return {
    ended,
    stop: async (graceMs) => {
      child.kill('SIGTERM');
      const lastResort = setTimeout(() => child.kill('SIGKILL'), graceMs);
      await ended;
      clearTimeout(lastResort);
    },
  };
}
