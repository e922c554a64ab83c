/**
 * Runs one attack against an agent of its own, with an idle agent beside it, and measures what others notice: DNS asked
 * every 10 ms from a third process, resident memory sampled meanwhile and again after a while.
 *
 * An attack prepares (not measured), strikes (measured), and says in a few words what it was answered. `size` is 1 for
 * the table of the documentation and smaller for the short version in continuous integration.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { type RunningAgent, startAgent } from '../../test/support/start-agent.ts';
import { residentBytes } from '../process-cost.ts';

/** What a stream of DNS questions met. */
export interface Asked {
  readonly worstMs: number;
  readonly p99Ms: number;
  readonly lost: number;
  readonly asked: number;
}

export interface Attack {
  readonly name: string;
  /** Configuration of the agent on top of the harness's. */
  readonly config?: Readonly<Record<string, unknown>>;
  /** Heap of the agent in MiB, for attacks that would take too long to fill the usual one. */
  readonly heapMiB?: number;
  /** Fill the agent beforehand; what it returns is handed to `strike`. */
  prepare?(agent: RunningAgent, size: number): Promise<void>;
  /** Resolves when it is over, with what was answered in a few words. Sockets that stay open are `hold`'s to end. */
  strike(agent: RunningAgent, size: number, hold: (end: () => void) => void): Promise<string>;
  /** After everything: stop, start again on the same data, and see whether it comes up. */
  readonly restarts?: boolean;
}

export interface Measured {
  readonly name: string;
  readonly own: Asked;
  readonly idle: Asked;
  /** Before any attack, without load. */
  readonly calm: Asked;
  readonly beforeMiB: number;
  readonly peakMiB: number;
  /** A while after everybody has gone; undefined when the process is not there any more. */
  readonly afterMiB: number | undefined;
  readonly answered: string;
}

export interface Settings {
  readonly size: number;
  /** How long to wait before memory is read again. */
  readonly afterMs: number;
  readonly dnsThreads: number;
}

const ASKER = fileURLToPath(new URL('../attack-asker.ts', import.meta.url));
const MIB = 1_024 * 1_024;
const SAMPLE_MS = 50;
/** Answers that are late because of the last request of an attack still count. */
const LINGER_MS = 1_500;
const CALM_MS = 2_000;

const ended = (agent: RunningAgent): boolean => !fs.existsSync(`/proc/${agent.pid}/status`);
const memoryMiB = (agent: RunningAgent): number =>
  ended(agent) ? 0 : Math.round(residentBytes(agent.pid) / MIB);

async function asked(asker: ChildProcess): Promise<readonly Asked[]> {
  asker.send('report');
  return ((await once(asker, 'message')) as [readonly Asked[]])[0];
}

async function registerCanary({ httpUrl }: RunningAgent): Promise<void> {
  const body = JSON.stringify({ Name: 'canary', Address: '10.9.9.9', Port: 9 });
  await fetch(`${httpUrl}/v1/agent/service/register`, { method: 'PUT', body });
}

/** As `npm start`, the image and the unit of systemd start an agent (docs/operations.md). */
function environmentOf({ heapMiB }: Attack): Record<string, string> {
  const heap = heapMiB === undefined ? '' : ` --max-old-space-size=${heapMiB}`;
  return {
    MALLOC_ARENA_MAX: '2',
    MALLOC_MMAP_THRESHOLD_: '131072',
    NODE_OPTIONS: `--max-semi-space-size=8${heap}`,
  };
}

function startTarget(attack: Attack, dataDir: string, { dnsThreads }: Settings): Promise<RunningAgent> {
  const config = { ...attack.config, log_level: 'ERR', dns_config: { threads: dnsThreads } };
  return startAgent({ dataDir, config, env: environmentOf(attack), args: ['-bind', '127.0.0.1'] });
}

async function restarted(attack: Attack, dataDir: string, settings: Settings): Promise<string> {
  try {
    const again = await startTarget(attack, dataDir, settings);
    const isAlive = (await fetch(`${again.httpUrl}/v1/catalog/nodes`)).ok;
    await again.kill();
    return isAlive ? '; starts again' : '; starts again and answers nothing';
  } catch (error) {
    return `; NEVER STARTS AGAIN: ${String(error).slice(0, 300)}`;
  }
}

async function strike(attack: Attack, agent: RunningAgent, size: number): Promise<[string, () => void]> {
  const ends: (() => void)[] = [];
  const endAll = (): void => {
    for (const end of ends) end();
  };
  try {
    return [await attack.strike(agent, size, (end) => void ends.push(end)), endAll];
  } catch (error) {
    return [error instanceof Error ? `${error.message} ${error.cause ?? ''}` : String(error), endAll];
  }
}

/** An attack that is over, whose agent is left alone until its memory is read again. */
export interface Struck {
  /** Whether that time has come. */
  readonly isDue: () => boolean;
  /** Wait for it, read the memory and end everything; gives all that was measured. */
  finish(): Promise<Measured>;
}

interface Arena {
  readonly attack: Attack;
  readonly settings: Settings;
  readonly dataDir: string;
  readonly agent: RunningAgent;
  /** Ends everything that was started. */
  clear(): Promise<void>;
}

async function afterwards(
  { attack, settings, dataDir, agent, clear }: Arena,
  struck: Omit<Measured, 'afterMiB'>,
  dueMs: number,
): Promise<Measured> {
  try {
    await delay(Math.max(0, dueMs - performance.now()));
    const afterMiB = ended(agent) ? undefined : memoryMiB(agent);
    await agent.kill();
    const again = attack.restarts ? await restarted(attack, dataDir, settings) : '';
    return { ...struck, afterMiB, answered: struck.answered + again };
  } finally {
    await clear();
  }
}

async function strikeMeasured(
  { attack, settings, agent }: Arena,
  idleAgent: RunningAgent,
  asker: ChildProcess,
) {
  await attack.prepare?.(agent, settings.size);
  asker.send({ ports: [agent.dnsPort, idleAgent.dnsPort] });
  await delay(1_000);
  asker.send('begin anew');
  await delay(CALM_MS);
  const [calm] = await asked(asker);
  const beforeMiB = memoryMiB(agent);
  let peakMiB = beforeMiB;
  const sampling = setInterval(() => {
    peakMiB = Math.max(peakMiB, memoryMiB(agent));
  }, SAMPLE_MS);
  asker.send('begin anew');
  const [answered, end] = await strike(attack, agent, settings.size);
  await delay(LINGER_MS);
  const [own, idle] = await asked(asker);
  end();
  clearInterval(sampling);
  const seen = { own: own as Asked, idle: idle as Asked, calm: calm as Asked };
  return { name: attack.name, ...seen, beforeMiB, peakMiB, answered };
}

/** Run an attack and measure it; what it leaves behind is for `finish`, so that the wait for it can be spent on others. */
export async function measure(attack: Attack, settings: Settings): Promise<Struck> {
  const dataDir = fs.mkdtempSync(path.join(os.tmpdir(), 'bench-attack-'));
  const agent = await startTarget(attack, dataDir, settings);
  const idleAgent = await startAgent({ args: ['-bind', '127.0.0.1'] });
  const asker = fork(ASKER);
  const endWitnesses = async (): Promise<void> => {
    asker.kill();
    await idleAgent.kill();
  };
  const clear = async (): Promise<void> => {
    await endWitnesses();
    await agent.kill();
    fs.rmSync(dataDir, { recursive: true, force: true });
  };
  const arena: Arena = { attack, settings, dataDir, agent, clear };
  try {
    for (const each of [agent, idleAgent]) await registerCanary(each);
    const struck = await strikeMeasured(arena, idleAgent, asker);
    await endWitnesses();
    const dueMs = performance.now() + settings.afterMs;
    return {
      isDue: () => performance.now() >= dueMs,
      finish: () => afterwards(arena, struck, dueMs),
    };
  } catch (error) {
    await clear();
    throw error;
  }
}
