/**
 * Asks every server over DNS for a service that is always there, again and again, and notes how long one was silent
 * while its process ran, and every answer that was wrong.
 */
import dgram from 'node:dgram';
import { once } from 'node:events';
import fs from 'node:fs';
import type { ServerProcess } from './server-process.ts';

export const STEADY = 'steady';
const EVERY_MS = 20;
/** Answers that are later count as lost, as a resolver counts them. */
const PATIENCE_MS = 2_000;

/** `steady.service.consul. IN A`, with an id. */
function question(id: number): Buffer {
  const head = Buffer.from([id >> 8, id & 0xff, 0x01, 0, 0, 1, 0, 0, 0, 0, 0, 0]);
  const labels = [STEADY, 'service', 'consul'].flatMap((label) => [label.length, ...Buffer.from(label)]);
  return Buffer.concat([head, Buffer.from([...labels, 0, 0, 1, 0, 1])]);
}

/** What a thread has done so far, ms. */
export interface ThreadTimes {
  readonly ranMs: number;
  readonly waitedMs: number;
}

const NO_TIMES: ThreadTimes = { ranMs: 0, waitedMs: 0 };

/** Of the main thread of a process; zeros where the kernel does not tell. */
function timesOf(pid: number): ThreadTimes {
  try {
    const [ran = 0, waited = 0] = fs
      .readFileSync(`/proc/${pid}/task/${pid}/schedstat`, 'utf8')
      .split(' ')
      .map(Number);
    return { ranMs: ran / 1e6, waitedMs: waited / 1e6 };
  } catch {
    return NO_TIMES;
  }
}

export interface DnsRecord {
  answers: number;
  /** Longest time in ms between two answers while the process ran. */
  longestGapMs: number;
  /** What its main thread did in that time: ran, or waited for a processor, ms. The rest it slept. */
  longestGap: ThreadTimes;
  readonly wrong: string[];
}

export interface DnsAsker {
  readonly records: ReadonlyMap<string, DnsRecord>;
  stop(): void;
}

class Asker {
  readonly record: DnsRecord = { answers: 0, longestGapMs: 0, longestGap: NO_TIMES, wrong: [] };
  readonly #server: ServerProcess;
  readonly #socket: dgram.Socket;
  readonly #sentMs = new Map<number, number>();
  #id = 0;
  /** Of the newest answer since the process runs; undefined before the first one. */
  #heardMs: number | undefined;
  #upSinceMs: number | undefined;
  #askedMs: number | undefined;
  /** What the server's main thread had done at the newest answer. */
  #times: ThreadTimes = NO_TIMES;

  constructor(server: ServerProcess, socket: dgram.Socket) {
    this.#server = server;
    this.#socket = socket;
    socket.on('message', (message) => this.#onAnswer(message));
    socket.on('error', () => {});
  }

  ask(): void {
    const nowMs = performance.now();
    if (this.#server.upSinceMs !== this.#upSinceMs) {
      this.#upSinceMs = this.#server.upSinceMs;
      this.#heardMs = undefined;
    }
    // What the asker itself slept through is not the server's silence.
    const lateMs = nowMs - (this.#askedMs ?? nowMs) - EVERY_MS;
    if (this.#heardMs !== undefined && lateMs > 0) this.#heardMs = Math.min(this.#heardMs + lateMs, nowMs);
    this.#askedMs = nowMs;
    if (!this.#server.isUp) return;
    // One that never answers again has to be seen, too.
    if (this.#heardMs !== undefined) this.#note(nowMs - this.#heardMs);
    for (const [id, sentMs] of this.#sentMs) if (nowMs - sentMs > PATIENCE_MS) this.#sentMs.delete(id);
    this.#id = (this.#id + 1) & 0xffff;
    this.#sentMs.set(this.#id, nowMs);
    this.#socket.send(question(this.#id), 8600, this.#server.place.address, () => {});
  }

  close(): void {
    this.#socket.close();
  }

  #note(gapMs: number): void {
    if (gapMs <= this.record.longestGapMs) return;
    this.record.longestGapMs = gapMs;
    const { ranMs, waitedMs } = timesOf(this.#server.pid);
    this.record.longestGap = {
      ranMs: ranMs - this.#times.ranMs,
      waitedMs: waitedMs - this.#times.waitedMs,
    };
  }

  #onAnswer(message: Buffer): void {
    if (message.length < 12 || !this.#sentMs.delete(message.readUInt16BE(0))) return;
    // What was on its way when its process was stopped or killed says nothing about the time after that.
    if (!this.#server.isUp || this.#upSinceMs !== this.#server.upSinceMs) return;
    const nowMs = performance.now();
    this.record.answers += 1;
    if (this.#heardMs !== undefined) this.#note(nowMs - this.#heardMs);
    this.#heardMs = nowMs;
    this.#times = timesOf(this.#server.pid);
    const [code, records] = [message.readUInt8(3) & 15, message.readUInt16BE(6)];
    if (code !== 0 || records === 0)
      this.record.wrong.push(`${this.#server.name} answered with code ${code} and ${records} records`);
  }
}

/** Ask until stopped. */
export async function askDns(servers: readonly ServerProcess[]): Promise<DnsAsker> {
  const askers: Asker[] = [];
  for (const server of servers) {
    const socket = dgram.createSocket('udp4');
    socket.bind(0);
    await once(socket, 'listening');
    askers.push(new Asker(server, socket));
  }
  const timer = setInterval(() => {
    for (const asker of askers) asker.ask();
  }, EVERY_MS);
  return {
    records: new Map(servers.map(({ name }, at) => [name, (askers[at] as Asker).record])),
    stop: () => {
      clearInterval(timer);
      for (const asker of askers) asker.close();
    },
  };
}
