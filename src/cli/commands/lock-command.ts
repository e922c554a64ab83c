/**
 * `rollcall lock`: runs a program while it holds a lock, and ends it when the lock is lost.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { parseDuration } from '../../lib/duration.ts';
import { AppError } from '../../model/errors.ts';
import { type RunningProgram, runProgram } from '../child-program.ts';
import type { Command, CommandInput } from '../command-spec.ts';
import type { Flags } from '../flags.ts';
import { type LockSession, openLockSession } from '../lock-session.ts';
import { keyLock, type Lock, semaphore } from '../locks.ts';

/** How long a program may take to end after it was asked to, ms. */
const STOP_GRACE_MS = 5_000;
/** How often the lock itself is looked at while the program runs, ms. */
const HELD_POLL_MS = 2_000;
const DEFAULT_RETRIES = 3;

function timeoutOf(flags: Flags): number {
  const text = flags.text('timeout') ?? flags.text('try');
  if (text === undefined) return 0;
  const ms = parseDuration(text);
  if (ms === undefined)
    throw new AppError('bad_request', `invalid value "${text}" for flag -timeout: no duration`);
  return ms;
}

/** Whether the lock was had before `signal` aborted. */
async function acquire(lock: Lock, signal: AbortSignal): Promise<boolean> {
  try {
    while (!signal.aborted) {
      if (await lock.tryAcquire()) return true;
      await lock.waitForChange(signal);
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  }
  return false;
}

/** Resolves when the lock is lost; never when `ended` aborts first. */
async function lossOf(lock: Lock, ended: AbortSignal): Promise<void> {
  for (;;) {
    await delay(HELD_POLL_MS, undefined, { signal: ended });
    if (!(await lock.isHeld().catch(() => true))) return;
  }
}

type Outcome =
  | { readonly kind: 'exited'; readonly status: number }
  | { readonly kind: 'lost' | 'interrupted' };

async function outcomeOf(
  program: RunningProgram,
  { lock, session, interrupted }: { lock: Lock; session: LockSession; interrupted: AbortSignal },
): Promise<Outcome> {
  const ended = new AbortController();
  const aborted = (signal: AbortSignal): Promise<void> =>
    new Promise((resolve) => {
      if (signal.aborted) resolve();
      signal.addEventListener('abort', () => resolve(), { once: true });
    });
  const outcome = await Promise.race<Outcome>([
    program.ended.then((status) => ({ kind: 'exited', status })),
    aborted(session.lost).then(() => ({ kind: 'lost' })),
    lossOf(lock, ended.signal).then(
      () => ({ kind: 'lost' }),
      () => new Promise<Outcome>(() => {}),
    ),
    aborted(interrupted).then(() => ({ kind: 'interrupted' })),
  ]);
  ended.abort();
  if (outcome.kind !== 'exited') await program.stop(STOP_GRACE_MS);
  return outcome;
}

function statusOf(outcome: Outcome, { flags, io }: CommandInput): number {
  if (outcome.kind === 'lost') io.err('Lock lost, the program was ended');
  if (outcome.kind !== 'exited') return 1;
  if (outcome.status === 0) return 0;
  io.err(`Error running handler: exit status ${outcome.status}`);
  return flags.isOn('child-exit-code') ? 2 : 0;
}

async function hold(input: CommandInput, session: LockSession): Promise<number> {
  const { flags, args, io, client, interrupted } = input;
  const [prefix = '', ...program] = args;
  const limit = flags.integer('n') ?? 1;
  if (limit < 1) throw new AppError('bad_request', 'Lock holder limit must be positive');
  const path = prefix.replace(/^\/+|\/+$/g, '');
  const lock = limit === 1 ? keyLock(client(), path, session) : semaphore(client(), path, session, limit);
  const timeoutMs = timeoutOf(flags);
  const waiting =
    timeoutMs > 0 ? AbortSignal.any([interrupted, AbortSignal.timeout(timeoutMs)]) : interrupted;
  if (flags.isOn('verbose')) io.err(`Attempting lock acquisition at ${path}/.lock`);
  if (!(await acquire(lock, waiting))) {
    io.err('Lock acquisition failed: timeout or interrupted');
    return 1;
  }
  const isShell = flags.text('shell') === undefined || flags.isOn('shell');
  const stdin = flags.isOn('pass-stdin') ? 'inherit' : '';
  const env = { CONSUL_LOCK_HELD: 'true', ROLLCALL_LOCK_HELD: 'true' };
  const running = runProgram({ args: program, isShell, stdin, env });
  const outcome = await outcomeOf(running, { lock, session, interrupted });
  if (outcome.kind !== 'lost') await lock.release();
  return statusOf(outcome, input);
}

async function run(input: CommandInput): Promise<number> {
  const { flags, args, client } = input;
  if (args.length < 2) throw new AppError('bad_request', 'Key prefix and child command must be specified');
  const name = flags.text('name') ?? `Consul lock for '${args.slice(1).join(' ')}' at '${args[0]}'`;
  const session = await openLockSession(client(), name, flags.integer('monitor-retry') ?? DEFAULT_RETRIES);
  try {
    return await hold(input, session);
  } finally {
    await session.end();
  }
}

export const command: Command = {
  summary: 'Run a program while holding a lock',
  args: 'PREFIX PROGRAM…',
  description:
    'Runs a program while it holds the lock PREFIX/.lock, and ends it when the lock is lost. Exit status 1: no lock, or lost; 2: the program failed and -child-exit-code was given.',
  flags: [
    { name: 'n', value: 'NUMBER', doc: 'Holders at a time; above 1 it is a semaphore. Default 1.' },
    { name: 'name', value: 'TEXT', doc: 'Name of the session.' },
    { name: 'timeout', value: 'DURATION', doc: 'How long to wait for the lock; without end when not given.' },
    { name: 'try', value: 'DURATION', doc: 'Older name of -timeout.' },
    { name: 'child-exit-code', doc: 'Exit with 2 when the program fails.' },
    { name: 'monitor-retry', value: 'NUMBER', doc: 'Further tries to renew the session. Default 3.' },
    { name: 'pass-stdin', doc: 'Give standard input to the program.' },
    { name: 'shell', doc: 'Run the program through a shell. Default true.' },
    { name: 'verbose', doc: 'Say what is being done.' },
  ],
  isClient: true,
  refusedAs: 'Error querying Consul agent',
  isLong: true,
  examples: ['rollcall lock service/backup ./backup.sh', 'rollcall lock -n=3 service/worker ./worker'],
  run,
};
