/**
 * Runs a program for a check or a watch: its exit code and the end of what it wrote.
 *
 * It is the leader of a process group of its own; when the time is up the whole group is killed, children included. A
 * child that outlives its parent and holds the output open delays nothing. Unless the caller says otherwise the
 * environment is minimal (ENVIRONMENT), so that secrets of the agent's own environment stay there, and standard input is
 * empty.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import type { ProbeLimits } from './check.ts';
import { Tail } from './tail.ts';

/** Variables that a program gets, when the agent has them. */
const ENVIRONMENT = ['PATH', 'HOME', 'USER', 'LOGNAME', 'SHELL', 'LANG', 'LC_ALL', 'TZ', 'TMPDIR'] as const;

/** What a program that ended may still have in its pipes is read for this long, in ms. */
const DRAIN_MS = 100;

export type ProgramEnd =
  /** `code` is undefined when a signal ended it. */
  | { readonly kind: 'exited'; readonly code: number | undefined; readonly output: string }
  | { readonly kind: 'timed-out'; readonly output: string }
  | { readonly kind: 'not-started'; readonly why: string };

/** What a program gets besides its arguments. */
export interface ProgramInput {
  readonly stdin: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

function environment(): Record<string, string> {
  const entries = ENVIRONMENT.map((name) => [name, process.env[name]] as const);
  return Object.fromEntries(
    entries.filter((entry): entry is [(typeof entry)[0], string] => entry[1] !== undefined),
  );
}

function whyNotStarted(program: string, { code, message }: NodeJS.ErrnoException): string {
  const isPath = program.includes('/');
  if (code === 'ENOENT')
    return isPath
      ? `fork/exec ${program}: no such file or directory`
      : `exec: ${JSON.stringify(program)}: executable file not found in $PATH`;
  return code === 'EACCES' ? `fork/exec ${program}: permission denied` : `fork/exec ${program}: ${message}`;
}

/** Text of a tail, and how much is missing of it. */
function outputOf(tail: Tail): string {
  const kept = tail.text();
  const keptBytes = Buffer.byteLength(kept);
  if (tail.totalBytes <= keptBytes) return kept;
  return `Captured ${keptBytes} of ${tail.totalBytes} bytes\n...\n${kept}`;
}

function killGroup({ pid }: ChildProcess): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // The group is gone already.
  }
}

/** Run a program until it ends or the signal aborts. Never rejects. */
export function runProgram(
  args: readonly string[],
  { outputMaxBytes, signal }: Pick<ProbeLimits, 'outputMaxBytes' | 'signal'>,
  input?: ProgramInput,
): Promise<ProgramEnd> {
  const [program = '', ...rest] = args;
  return new Promise((resolve) => {
    const tail = new Tail(outputMaxBytes);
    let child: ChildProcess;
    let drain: NodeJS.Timeout | undefined;
    const settle = (end: ProgramEnd): void => {
      clearTimeout(drain);
      signal.removeEventListener('abort', onAbort);
      child?.stdout?.destroy();
      child?.stderr?.destroy();
      resolve(end);
    };
    const onAbort = (): void => {
      killGroup(child);
      settle({ kind: 'timed-out', output: outputOf(tail) });
    };
    try {
      child = spawn(program, rest, {
        detached: true,
        env: input?.env ?? environment(),
        stdio: [input ? 'pipe' : 'ignore', 'pipe', 'pipe'],
      });
    } catch (error) {
      resolve({ kind: 'not-started', why: whyNotStarted(program, error as NodeJS.ErrnoException) });
      return;
    }
    signal.addEventListener('abort', onAbort, { once: true });
    child.on('error', (error) => settle({ kind: 'not-started', why: whyNotStarted(program, error) }));
    // A program that does not read its input closes the pipe; that is its right.
    child.stdin?.on('error', () => {}).end(input?.stdin);
    // What cannot be read is missing from the output; whether the program passed is what it exits with.
    for (const stream of [child.stdout, child.stderr])
      stream?.on('data', (chunk: Buffer) => tail.push(chunk)).on('error', () => {});
    child.once('exit', (code) => {
      const exited = (): void => settle({ kind: 'exited', code: code ?? undefined, output: outputOf(tail) });
      drain = setTimeout(exited, DRAIN_MS);
      child.once('close', exited);
    });
    if (signal.aborted) onAbort();
  });
}
