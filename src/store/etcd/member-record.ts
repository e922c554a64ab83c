/**
 * A record of the etcd process beside its data, so that one that outlived its agent is found and ended.
 *
 * A process id alone says little: it may be given to another program. With the time of its start (from /proc, in ticks
 * since the machine's start) and the machine's boot it says everything. Where there is no /proc, nothing is ended; etcd's
 * own lock on its data and its ports then keep a second one out.
 */
import fs from 'node:fs';
import path from 'node:path';
import { type Clock, sleep } from '../../lib/clock.ts';
import { AppError } from '../../model/errors.ts';

interface ProcessRecord {
  readonly pid: number;
  readonly startTicks: string;
  readonly bootId: string;
}

interface MemberRecord {
  readonly member: ProcessRecord;
  readonly agent: ProcessRecord;
}

const recordFile = (dataDir: string): string => path.join(dataDir, 'member.json');

/** How often a process that is to end is looked at. */
const LOOK_EVERY_MS = 50;

function readText(file: string): string | undefined {
  try {
    return fs.readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}

const bootId = (): string => readText('/proc/sys/kernel/random/boot_id')?.trim() ?? '';

/** The 22nd field of /proc/PID/stat; the second one is in parentheses and may hold anything. */
function startTicksOf(pid: number): string | undefined {
  const stat = readText(`/proc/${pid}/stat`);
  const afterName = stat?.slice(stat.lastIndexOf(')') + 2).split(' ');
  // A zombie has ended; only its parent has not noticed.
  return afterName?.[0] === 'Z' ? undefined : afterName?.[19];
}

function recordOf(pid: number): ProcessRecord | undefined {
  const startTicks = startTicksOf(pid);
  return startTicks === undefined ? undefined : { pid, startTicks, bootId: bootId() };
}

const isAlive = (record: ProcessRecord): boolean =>
  record.bootId === bootId() && startTicksOf(record.pid) === record.startTicks;

/** Write down a process that was started; nothing where processes cannot be told apart. */
export function recordMember(dataDir: string, pid: number): void {
  const member = recordOf(pid);
  const agent = recordOf(process.pid);
  if (member === undefined || agent === undefined) return;
  const record: MemberRecord = { member, agent };
  fs.writeFileSync(recordFile(dataDir), JSON.stringify(record), { mode: 0o600 });
}

export function forgetMember(dataDir: string): void {
  fs.rmSync(recordFile(dataDir), { force: true });
}

function readRecord(dataDir: string): MemberRecord | undefined {
  const text = readText(recordFile(dataDir));
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text) as MemberRecord;
  } catch {
    return undefined; // half-written when the power went; then nothing of it runs any more
  }
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // It has ended meanwhile.
  }
}

async function waitForEnd(record: ProcessRecord, timeoutMs: number, clock: Clock): Promise<boolean> {
  const untilMs = clock.monotonic() + timeoutMs;
  while (isAlive(record)) {
    if (clock.monotonic() >= untilMs) return false;
    await sleep(clock, LOOK_EVERY_MS);
  }
  return true;
}

/**
 * End the process that an earlier agent left over; gives its id, or undefined when there is none. Throws
 * `config_invalid` when the agent that started it still runs.
 */
export async function endLeftOver(
  dataDir: string,
  { clock, graceMs }: { readonly clock: Clock; readonly graceMs: number },
): Promise<number | undefined> {
  const record = readRecord(dataDir);
  if (record === undefined || !isAlive(record.member)) return undefined;
  if (record.agent.pid !== process.pid && isAlive(record.agent)) {
    const why = `${dataDir} is in use by the agent with process id ${record.agent.pid}`;
    throw new AppError('config_invalid', `etcd: ${why}; stop it, or give another -data-dir`);
  }
  const { member } = record;
  signal(member.pid, 'SIGTERM');
  if (!(await waitForEnd(member, graceMs, clock))) {
    signal(member.pid, 'SIGKILL');
    await waitForEnd(member, graceMs, clock);
  }
  return member.pid;
}
