/**
 * A mixed soak: what a busy year does, in minutes. Registrations under ids that never come again, flapping checks, DNS names
 * never seen again, blocking queries that are given up, sessions that expire, events, one key written again and again.
 *
 *     node bench/attack/soak.ts [minutes=15] [rate=10] [short]
 *
 * `rate` is rounds a second; a round is about 40 requests and questions. Prints a line every minute, then what must hold: memory
 * level, the number of series and the write-ahead log bounded. Garbage that waits for its collection comes and goes by a
 * hundred MiB, so a reading at some moment says when the engine collected last. What stays after it is what an agent
 * could not give back: the lowest of a minute's readings. Lows of the last three minutes have to be within 1.3 × of those of
 * minutes 3 to 5, by their medians. `short` is the version for continuous integration: 20 s, and of memory the heap only,
 * because resident memory needs minutes to level. Ends with status 1 when something does not hold.
 */
import dgram from 'node:dgram';
import fs from 'node:fs';
import http from 'node:http';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { nameFromText } from '../../src/wire/name.ts';
import { type RunningAgent, startAgent } from '../../test/support/start-agent.ts';
import { median, residentBytes } from '../process-cost.ts';

const MIB = 1_024 * 1_024;
/** Registrations that are there at one time. */
const ALIVE = 50;
const QUESTIONS = 20;
const KEY_BYTES = 8_192;
const MAX_WAL_MIB = 16;
/** Entries of the history, so that it is full by minute 3: its default holds an hour of this, and grows until then. */
const MAX_ENTRIES = 5_000;
/** What series may come while nothing new is asked for: outcomes that are rare. */
const MAX_NEW_SERIES = 100;
const MAX_HEAP_GROWTH_MIB = 12;
const MAX_GROWTH = 1.3;
/** The minute from which on memory has to be level: what only the start needed is gone, the catalog as full as it gets. */
const REFERENCE_MINUTE = 3;
/** Minutes whose lows are taken together at either end. */
const ENDS = 3;
/** Time between two readings of a minute. */
const READING_MS = 2_000;

interface Memory {
  readonly rssMiB: number;
  readonly heapMiB: number;
  readonly externalMiB: number;
}

/** Of memory the lowest since the last one. */
interface Sample extends Memory {
  readonly series: number;
  readonly walMiB: number;
}

class Load {
  readonly #agent: RunningAgent;
  readonly #connections = new http.Agent({ keepAlive: true, maxSockets: 16 });
  readonly #socket = dgram.createSocket('udp4');
  #round = 0;
  failed = 0;

  constructor(agent: RunningAgent) {
    this.#agent = agent;
    this.#socket.on('error', () => {});
    this.#socket.on('message', () => {});
  }

  request(method: string, where: string, body: unknown = '', abortMs?: number): Promise<string> {
    return new Promise((resolve) => {
      const failed = (): void => {
        if (abortMs === undefined) this.failed += 1;
        resolve('');
      };
      const options = { host: '127.0.0.1', port: this.#agent.httpPort, method, path: where };
      const agent = abortMs === undefined ? this.#connections : false;
      const request = http.request({ ...options, agent }, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk)).on('error', failed);
        response.on('end', () => resolve(Buffer.concat(chunks).toString()));
      });
      request.on('error', failed).end(typeof body === 'string' ? body : JSON.stringify(body));
      if (abortMs !== undefined) setTimeout(() => request.destroy(), abortMs);
    });
  }

  async start(): Promise<void> {
    await this.#register('steady', 'steady');
  }

  /** One round; resolves when all of it is answered. */
  async round(): Promise<void> {
    const n = this.#round++;
    const id = `soak-${n}`;
    this.#ask('steady.service.consul');
    for (let i = 0; i < QUESTIONS; i += 1) this.#ask(`q${n}-${i}.service.consul`);
    await Promise.all([
      this.#register(id, id).then(() => this.#ask(`${id}.service.consul`)),
      ...(n >= ALIVE ? [this.request('PUT', `/v1/agent/service/deregister/soak-${n - ALIVE}`)] : []),
      this.request('PUT', `/v1/agent/check/${n % 2 === 0 ? 'pass' : 'fail'}/service:steady`),
      this.request('PUT', '/v1/kv/same', String(n % 10).repeat(KEY_BYTES)),
      this.request('PUT', `/v1/event/fire/event-${n}`, 'payload'),
      this.#session(n),
      this.request('GET', `/v1/nothing/${n}`),
      this.request('GET', `/v1/health/service/steady?passing&tag=t${n}`),
      ...[0, 1].map(() => this.request('GET', '/v1/kv/none?index=999999999&wait=60s', '', 60)),
    ]);
  }

  async #session(n: number): Promise<void> {
    const answer = await this.request('PUT', '/v1/session/create', { TTL: '10s', LockDelay: '0s' });
    const { ID } = JSON.parse(answer || '{}') as { ID?: string };
    if (ID !== undefined) await this.request('PUT', `/v1/kv/lock-${n % ALIVE}?acquire=${ID}`, 'held');
  }

  async #register(id: string, name: string): Promise<void> {
    const body = { ID: id, Name: name, Port: 80, Tags: [`tag-${id}`], Check: { TTL: '1h' } };
    await this.request('PUT', '/v1/agent/service/register', body);
  }

  #ask(name: string): void {
    const head = Buffer.from([0, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0]);
    const question = Buffer.from(nameFromText(name) ?? []);
    this.#socket.send(
      Buffer.concat([head, question, Buffer.from([0, 1, 0, 1])]),
      this.#agent.dnsPort,
      '127.0.0.1',
    );
  }

  stop(): void {
    this.#connections.destroy();
    this.#socket.close();
  }
}

function memoryOf(agent: RunningAgent, metrics: string): Memory {
  const part = (name: string): number =>
    Number(
      new RegExp(`^rollcall_process_memory_bytes\\{part="${name}"\\} (\\d+)`, 'm').exec(metrics)?.[1] ?? 0,
    ) / MIB;
  const rssMiB = residentBytes(agent.pid) / MIB;
  return { rssMiB, heapMiB: part('heapUsed'), externalMiB: part('external') };
}

/** Reads memory now and then; gives the lows since they were asked for last. */
class Lows {
  readonly #read: () => Promise<Memory>;
  #readings: Memory[] = [];
  #timer: NodeJS.Timeout;

  constructor(read: () => Promise<Memory>) {
    this.#read = read;
    this.#timer = setInterval(() => void this.#take(), READING_MS);
  }

  async #take(): Promise<void> {
    this.#readings.push(await this.#read());
  }

  async take(): Promise<Memory> {
    await this.#take();
    const readings = this.#readings;
    this.#readings = [];
    const lowest = (field: keyof Memory): number => Math.min(...readings.map((reading) => reading[field]));
    return {
      rssMiB: lowest('rssMiB'),
      heapMiB: lowest('heapMiB'),
      externalMiB: lowest('externalMiB'),
    };
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}

/** Fields of the table; the size of the write-ahead log is 0 when there is none. */
async function sample(lows: Lows, load: Load, dataDir: string): Promise<Sample> {
  const text = await load.request('GET', '/metrics');
  const wal = fs.statSync(path.join(dataDir, 'rollcall.db-wal'), { throwIfNoEntry: false });
  return {
    ...(await lows.take()),
    series: text.split('\n').filter((line) => line !== '' && !line.startsWith('#')).length,
    walMiB: (wal?.size ?? 0) / MIB,
  };
}

/** Rounds at a rate, never more than one late: a slow machine does fewer. */
async function run(load: Load, rate: number, seconds: number): Promise<number> {
  const endMs = performance.now() + seconds * 1_000;
  let rounds = 0;
  while (performance.now() < endMs) {
    const nextMs = performance.now() + 1_000 / rate;
    await load.round();
    rounds += 1;
    await delay(Math.max(0, nextMs - performance.now()));
  }
  return rounds;
}

function print(minute: number | string, one: Sample, rounds: number): void {
  const numbers = [one.rssMiB, one.heapMiB, one.externalMiB, one.walMiB].map((value) => value.toFixed(0));
  console.log(`| ${[minute, rounds, ...numbers, one.series].join(' | ')} |`);
}

const resident = (samples: readonly Sample[]): number => median(samples.map(({ rssMiB }) => rssMiB));

/** What does not hold, in words. */
function faults(samples: readonly Sample[], isShort: boolean): readonly string[] {
  const reference = samples.slice((isShort ? 2 : REFERENCE_MINUTE) - 1);
  const [before, after] = [reference[0], samples.at(-1)];
  if (before === undefined || after === undefined) return ['it was too short'];
  const growth = resident(reference.slice(-ENDS)) / resident(reference.slice(0, ENDS));
  const heap = after.heapMiB - before.heapMiB;
  return [
    ...(after.series - before.series > MAX_NEW_SERIES ? [`series: ${before.series} → ${after.series}`] : []),
    ...(after.walMiB > MAX_WAL_MIB ? [`write-ahead log: ${after.walMiB.toFixed(0)} MiB`] : []),
    ...(isShort && heap > MAX_HEAP_GROWTH_MIB ? [`heap: + ${heap.toFixed(1)} MiB`] : []),
    ...(!isShort && growth > MAX_GROWTH ? [`lows of resident memory: × ${growth.toFixed(2)}`] : []),
  ];
}

async function soak(minutes: number, rate: number, isShort: boolean): Promise<readonly string[]> {
  const dataDir = fs.mkdtempSync(path.join(os.tmpdir(), 'bench-soak-'));
  // As the image and the unit of systemd start it; a smaller young generation where there is no time for lows.
  const env = {
    MALLOC_ARENA_MAX: '2',
    MALLOC_MMAP_THRESHOLD_: '131072',
    NODE_OPTIONS: `--max-semi-space-size=${isShort ? 1 : 8}`,
  };
  const agent = await startAgent({
    dataDir,
    config: { log_level: 'ERR', history: { max_entries: MAX_ENTRIES } },
    args: ['-bind', '127.0.0.1'],
    env,
  });
  const load = new Load(agent);
  const lows = new Lows(async () => memoryOf(agent, await load.request('GET', '/metrics')));
  console.log(
    '| minute | rounds | lowest RSS MiB | heap | external | WAL | series |\n|---|---|---|---|---|---|---|',
  );
  try {
    await load.start();
    const samples: Sample[] = [];
    const step = isShort ? 5 : 60;
    const steps = isShort ? 4 : minutes;
    for (let at = 1, rounds = 0; at <= steps; at += 1) {
      rounds += await run(load, rate, step);
      const last = await sample(lows, load, dataDir);
      samples.push(last);
      print(isShort ? `${at * step} s` : at, last, rounds);
    }
    const answers = load.failed === 0 ? [] : [`${load.failed} requests failed`];
    return [...faults(samples, isShort), ...answers];
  } finally {
    lows.stop();
    load.stop();
    await agent.kill();
    fs.rmSync(dataDir, { recursive: true, force: true });
  }
}

function option(name: string, otherwise: number): number {
  const given = process.argv.find((argument) => argument.startsWith(`${name}=`));
  return given === undefined ? otherwise : Number(given.slice(name.length + 1));
}

const isShort = process.argv.includes('short');
const found = await soak(option('minutes', 15), option('rate', 10), isShort);
console.log(found.length === 0 ? 'level' : `not level: ${found.join('; ')}`);
process.exitCode = found.length === 0 ? 0 : 1;
