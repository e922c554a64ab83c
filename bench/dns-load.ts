/**
 * Load on a DNS server: as much as it takes (dnsperf where it is installed, else a generator of our own), and a gentle
 * stream whose round trips are measured one by one.
 */
import { spawn, spawnSync } from 'node:child_process';
import dgram from 'node:dgram';
import { once } from 'node:events';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { typeNumber } from '../src/wire/constants.ts';
import { nameFromText } from '../src/wire/name.ts';
import { percentile } from './process-cost.ts';

/** `name type`, as dnsperf reads them. */
export type Questions = readonly string[];

export interface Throughput {
  readonly queries: number;
  readonly perSecond: number;
}

export const hasDnsperf = spawnSync('sh', ['-c', 'command -v dnsperf']).status === 0;

/** Sockets that ask: sockets that share a port are given whole clients. */
const CLIENTS = '16';
/** Questions under way at a time, as dnsperf has it by default. */
const OUTSTANDING = 100;

function packet(question: string, id: number): Buffer {
  const [name = '', type = ''] = question.split(' ');
  const number = typeNumber(type) ?? 1;
  const head = [id >>> 8, id & 0xff, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0];
  return Buffer.from([...head, ...(nameFromText(name) ?? []), number >>> 8, number & 0xff, 0, 1]);
}

async function withDnsperf(port: number, questions: Questions, seconds: number): Promise<Throughput> {
  const file = path.join(os.tmpdir(), `questions-${process.pid}-${port}.txt`);
  fs.writeFileSync(file, `${questions.join('\n')}\n`);
  const args = [
    '-s',
    '127.0.0.1',
    '-p',
    String(port),
    '-d',
    file,
    '-l',
    String(seconds),
    '-t',
    '2',
    '-c',
    CLIENTS,
  ];
  const child = spawn('dnsperf', args, { stdio: ['ignore', 'pipe', 'ignore'] });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    output += chunk;
  });
  await once(child, 'close');
  fs.rmSync(file);
  const number = (label: string): number =>
    Number(new RegExp(`${label}:\\s+([\\d.]+)`).exec(output)?.[1] ?? Number.NaN);
  return { queries: number('Queries completed'), perSecond: number('Queries per second') };
}

async function withOwnGenerator(port: number, questions: Questions, seconds: number): Promise<Throughput> {
  const socket = dgram.createSocket('udp4');
  socket.connect(port, '127.0.0.1');
  await once(socket, 'connect');
  const packets = questions.map((question, i) => packet(question, i & 0xffff));
  let [sent, received] = [0, 0];
  const next = (): void => socket.send(packets[sent++ % packets.length] as Buffer);
  socket.on('message', () => {
    received += 1;
    next();
  });
  const startedMs = performance.now();
  for (let i = 0; i < OUTSTANDING; i += 1) next();
  await new Promise((resolve) => setTimeout(resolve, seconds * 1_000));
  socket.removeAllListeners('message');
  socket.close();
  return { queries: received, perSecond: received / ((performance.now() - startedMs) / 1_000) };
}

/** As many questions as the server answers. */
export function saturate(port: number, questions: Questions, seconds: number): Promise<Throughput> {
  return hasDnsperf ? withDnsperf(port, questions, seconds) : withOwnGenerator(port, questions, seconds);
}

export interface Latency {
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

export interface Pace {
  readonly perSecond: number;
  readonly seconds: number;
}

/** One question after the other at a pace; the round trips. */
export async function trickle(
  port: number,
  questions: Questions,
  { perSecond, seconds }: Pace,
): Promise<Latency> {
  const socket = dgram.createSocket('udp4');
  socket.connect(port, '127.0.0.1');
  await once(socket, 'connect');
  const sentAt = new Map<number, number>();
  const tripsMs: number[] = [];
  socket.on('message', (reply) => {
    const id = reply.readUInt16BE(0);
    const startedMs = sentAt.get(id);
    if (startedMs !== undefined) tripsMs.push(performance.now() - startedMs);
    sentAt.delete(id);
  });
  let id = 0;
  const timer = setInterval(() => {
    id = (id + 1) & 0xffff;
    sentAt.set(id, performance.now());
    socket.send(packet(questions[id % questions.length] ?? '', id));
  }, 1_000 / perSecond);
  await new Promise((resolve) => setTimeout(resolve, seconds * 1_000));
  clearInterval(timer);
  await new Promise((resolve) => setTimeout(resolve, 200));
  socket.close();
  return { p50Ms: percentile(tripsMs, 0.5), p99Ms: percentile(tripsMs, 0.99), maxMs: percentile(tripsMs, 1) };
}
