/**
 * Asks several DNS servers the same question every few milliseconds, in a process of its own, so that nothing that an
 * attack does delays the stamps. Told `{ ports }` it begins, told `'begin anew'` it forgets what was, told `'report'` it
 * answers with what it saw. A question without an answer after five seconds is lost.
 */
import dgram from 'node:dgram';
import { nameFromText } from '../src/wire/name.ts';
import type { Asked } from './attack/harness.ts';
import { percentile } from './process-cost.ts';

const EVERY_MS = 10;
const LOST_AFTER_MS = 5_000;
const NAME = Buffer.from(nameFromText('canary.service.consul') ?? []);

class Asker {
  readonly #socket = dgram.createSocket('udp4');
  readonly #port: number;
  #waiting = new Map<number, number>();
  #latencies: number[] = [];
  #lost = 0;
  #lastId = 0;

  constructor(port: number) {
    this.#port = port;
    this.#socket.on('error', () => {}); // a server that died refuses: its questions are lost, which is counted
    this.#socket.on('message', (answer) => this.#take(answer.readUInt16BE(0)));
  }

  ask(): void {
    const id = this.#lastId++ & 0xffff;
    const head = Buffer.from([id >>> 8, id & 0xff, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0]);
    this.#waiting.set(id, performance.now());
    this.#socket.send(Buffer.concat([head, NAME, Buffer.from([0, 1, 0, 1])]), this.#port, '127.0.0.1');
  }

  #take(id: number): void {
    const sentMs = this.#waiting.get(id);
    if (sentMs === undefined) return;
    this.#waiting.delete(id);
    this.#latencies.push(performance.now() - sentMs);
  }

  giveUpOld(): void {
    const now = performance.now();
    for (const [id, sentMs] of this.#waiting) {
      if (now - sentMs < LOST_AFTER_MS) return;
      this.#waiting.delete(id);
      this.#lost += 1;
    }
  }

  beginAnew(): void {
    this.#latencies = [];
    this.#lost = 0;
    this.#waiting = new Map();
  }

  /** Questions that still wait count with the time that they have waited. */
  report(): Asked {
    const now = performance.now();
    const latencies = [...this.#latencies, ...[...this.#waiting.values()].map((sentMs) => now - sentMs)];
    return {
      worstMs: latencies.length === 0 ? LOST_AFTER_MS : Math.max(...latencies),
      p99Ms: percentile(latencies, 0.99),
      lost: this.#lost,
      asked: latencies.length + this.#lost,
    };
  }
}

let askers: Asker[] = [];

function begin(ports: readonly number[]): void {
  askers = ports.map((port) => new Asker(port));
  setInterval(() => {
    for (const asker of askers) asker.giveUpOld();
    for (const asker of askers) asker.ask();
  }, EVERY_MS);
}

process.on('message', (message: { ports: readonly number[] } | 'begin anew' | 'report') => {
  if (message === 'begin anew') for (const asker of askers) asker.beginAnew();
  else if (message === 'report') process.send?.(askers.map((asker) => asker.report()));
  else begin(message.ports);
});
process.on('disconnect', () => process.exit());
