/**
 * A mixed soak: what a busy year does, in minutes. Registrations under ids that never come again, flapping checks, DNS names
 * never seen again, blocking queries that are given up, sessions that expire, events, one key written again and again.
 *
 *     node bench/attack/soak.ts [minutes=15] [rate=10] [short]
 *
 * `rate` is rounds a second; a round is about 40 requests and questions. Prints a line every minute, then what must hold: memory
 * at the end within 1.3 × of minute 3, the number of series and the write-ahead log bounded. `short` is the version for continuous
 * integration: 20 s, and of memory the heap after a collection only, because resident memory needs minutes to level.
 * Ends with status 1 when something does not hold.
 */
import dgram from 'node:dgram';
import fs from 'node:fs';
import http from 'node:http';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { nameFromText } from '../../src/wire/name.ts';
import { type RunningAgent, startAgent } from '../../test/support/start-agent.ts';
import { residentBytes } from '../process-cost.ts';

const MIB = 1_024 * 1_024;
/** Registrations that are there at one time. */
const ALIVE = 50;
const QUESTIONS = 20;
const KEY_BYTES = 8_192;
const MAX_WAL_MIB = 16;
/** What series may come while nothing new is asked for: outcomes that are rare. */
const MAX_NEW_SERIES = 100;
const MAX_HEAP_GROWTH_MIB = 12;
const MAX_GROWTH = 1.3;
const REFERENCE_MINUTE = 3;

interface Sample {
  readonly rssMiB: number;
  readonly heapMiB: number;
  readonly externalMiB: number;
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

/** Fields of the table; the size of the write-ahead log is 0 when there is none. */
async function sample(agent: RunningAgent, load: Load, dataDir: string): Promise<Sample> {
  const text = await load.request('GET', '/metrics');
  const memory = (part: string): number =>
    Number(
      new RegExp(`^rollcall_process_memory_bytes\\{part="${part}"\\} (\\d+)`, 'm').exec(text)?.[1] ?? 0,
    ) / MIB;
  const wal = fs.statSync(path.join(dataDir, 'rollcall.db-wal'), { throwIfNoEntry: false });
  return {
    rssMiB: residentBytes(agent.pid) / MIB,
    heapMiB: memory('heapUsed'),
    externalMiB: memory('external'),
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

/** What does not hold, in words. */
function faults(before: Sample, after: Sample, isShort: boolean): readonly string[] {
  const growth = after.rssMiB / before.rssMiB;
  const heap = after.heapMiB - before.heapMiB;
  return [
    ...(after.series - before.series > MAX_NEW_SERIES ? [`series: ${before.series} → ${after.series}`] : []),
    ...(after.walMiB > MAX_WAL_MIB ? [`write-ahead log: ${after.walMiB.toFixed(0)} MiB`] : []),
    ...(isShort && heap > MAX_HEAP_GROWTH_MIB ? [`heap: + ${heap.toFixed(1)} MiB`] : []),
    ...(!isShort && growth > MAX_GROWTH ? [`resident memory: × ${growth.toFixed(2)}`] : []),
  ];
}

async function soak(minutes: number, rate: number, isShort: boolean): Promise<readonly string[]> {
  const dataDir = fs.mkdtempSync(path.join(os.tmpdir(), 'bench-soak-'));
  // A small young generation, so that the heap of the short version is what lives and not what waits for a collection.
  const env = isShort ? { NODE_OPTIONS: '--max-semi-space-size=1' } : {};
  const agent = await startAgent({
    dataDir,
    config: { log_level: 'ERR' },
    args: ['-bind', '127.0.0.1'],
    env,
  });
  const load = new Load(agent);
  console.log(
    '| minute | rounds | RSS MiB | heap | external | WAL | series |\n|---|---|---|---|---|---|---|',
  );
  try {
    await load.start();
    let before: Sample | undefined;
    let last: Sample | undefined;
    const step = isShort ? 5 : 60;
    const reference = isShort ? 2 : REFERENCE_MINUTE;
    const steps = isShort ? 4 : minutes;
    for (let at = 1, rounds = 0; at <= steps; at += 1) {
      rounds += await run(load, rate, step);
      last = await sample(agent, load, dataDir);
      print(isShort ? `${at * step} s` : at, last, rounds);
      if (at === reference) before = last;
    }
    const answers = load.failed === 0 ? [] : [`${load.failed} requests failed`];
    return before && last ? [...faults(before, last, isShort), ...answers] : answers;
  } finally {
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
