/**
 * Clients of the simulated servers that remember what they were told, and what must be true of it in the end.
 *
 * - Own keys, written one after the other: what is there at the end was written, and nothing acknowledged is older.
 * - A counter, raised by compare-and-set: every acknowledged step counts once, every unknown one at most once.
 * - Readers of `?consistent`: nobody sees an older state than somebody saw, or was told to be written, before it asked.
 * - A lock with a fencing counter: the index under which it was taken rises with every holder, and nobody takes it while
 *   its holder has not let it go.
 */
import type { Command, KvCommand } from '../../../src/catalog/command.ts';
import type { State } from '../../../src/catalog/state.ts';
import type { Clock } from '../../../src/lib/clock.ts';
import { sleep } from '../../../src/lib/clock.ts';
import type { Random } from '../../../src/lib/random.ts';
import { AppError } from '../../../src/model/errors.ts';
import type { SimulatedServer } from './server.ts';

const COUNTER = 'counter';
const PATIENCE_MS = 10_000;

type Told = { readonly kind: 'yes' | 'no'; readonly index: number } | { readonly kind: 'unknown' };

function kv(fields: Partial<KvCommand> & Pick<KvCommand, 'verb' | 'key'>): KvCommand {
  return { kind: 'kv', value: null, flags: '0', index: 0, session: '', ...fields };
}

const encode = (value: number): string => Buffer.from(String(value)).toString('base64');
const decode = (value: string | null | undefined): number =>
  value ? Number(Buffer.from(value, 'base64').toString()) : 0;

interface Own {
  acknowledged: number;
  sent: number;
}

export class Workload {
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #servers: () => readonly SimulatedServer[];
  readonly own = new Map<string, Own>();
  readonly violations: string[] = [];
  acknowledged = 0;
  counted = 0;
  uncertain = 0;
  /** Newest index that anybody was shown or told. */
  #seen = 0;
  isOver = false;

  constructor(clock: Clock, random: Random, servers: () => readonly SimulatedServer[]) {
    this.#clock = clock;
    this.#random = random;
    this.#servers = servers;
  }

  /** Begin clients that go on until `isOver`. */
  start(writers: number, counters: number, readers: number): Promise<unknown> {
    const repeat = async (step: () => Promise<void>): Promise<void> => {
      while (!this.isOver) {
        await step();
        await sleep(this.#clock, 1 + this.#random.below(200));
      }
    };
    return Promise.all([
      ...Array.from({ length: writers }, (_, i) => repeat(() => this.#write(`own/${i}`))),
      ...Array.from({ length: counters }, () => repeat(() => this.#count())),
      ...Array.from({ length: readers }, () => repeat(() => this.#read())),
    ]);
  }

  /** What is wrong with what the store holds when everybody has stopped. */
  check(state: State): readonly string[] {
    const wrong = [...this.violations];
    for (const [key, { acknowledged, sent }] of this.own) {
      const stored = decode(state.view.kv.get(key)?.value?.toJSON());
      if (stored < acknowledged) wrong.push(`${key} is ${stored}, ${acknowledged} was acknowledged`);
      if (stored > sent) wrong.push(`${key} is ${stored}, only ${sent} was ever written`);
    }
    const counter = decode(state.view.kv.get(COUNTER)?.value?.toJSON());
    if (counter < this.counted || counter > this.counted + this.uncertain)
      wrong.push(`the counter is ${counter}: ${this.counted} acknowledged, ${this.uncertain} unknown`);
    return wrong;
  }

  #server(): SimulatedServer | undefined {
    const up = this.#servers().filter(({ process }) => process.isRunning);
    return up[this.#random.below(Math.max(up.length, 1))];
  }

  async #submit(server: SimulatedServer, command: Command): Promise<Told> {
    const asked = server.desk.submit(command).then(
      ({ index, result }): Told => ({ kind: result === true ? 'yes' : 'no', index }),
      (error: unknown): Told => {
        // Only these say that nothing was done.
        const isCertain = error instanceof AppError && ['no_leader', 'store_failed'].includes(error.code);
        return isCertain ? { kind: 'no', index: 0 } : { kind: 'unknown' };
      },
    );
    const patience = sleep(this.#clock, PATIENCE_MS).then((): Told => ({ kind: 'unknown' }));
    const told = await Promise.race([asked, patience]);
    if (told.kind === 'yes') {
      this.acknowledged += 1;
      this.#seen = Math.max(this.#seen, told.index);
      if (server.process.isRunning && server.state.index < told.index)
        this.violations.push(`${server.process.name} does not show what it acknowledged (${told.index})`);
    }
    return told;
  }

  async #write(key: string): Promise<void> {
    const server = this.#server();
    if (server === undefined) return;
    const own = this.own.get(key) ?? { acknowledged: 0, sent: 0 };
    this.own.set(key, own);
    own.sent += 1;
    const value = own.sent;
    const told = await this.#submit(server, kv({ verb: 'set', key, value: encode(value) }));
    if (told.kind === 'yes') own.acknowledged = value;
  }

  async #count(): Promise<void> {
    const server = this.#server();
    if (server === undefined) return;
    const row = server.state.view.kv.get(COUNTER);
    const value = encode(decode(row?.value?.toJSON()) + 1);
    const index = row?.modifyIndex ?? 0;
    const told = await this.#submit(server, kv({ verb: 'cas', key: COUNTER, value, index }));
    if (told.kind === 'yes') this.counted += 1;
    if (told.kind === 'unknown') this.uncertain += 1;
  }

  async #read(): Promise<void> {
    const server = this.#server();
    if (server === undefined) return;
    const before = this.#seen;
    const current = server.desk.current('consistent').then(
      () => true,
      () => false,
    );
    const isCurrent = await Promise.race([current, sleep(this.#clock, PATIENCE_MS).then(() => false)]);
    if (!isCurrent || !server.process.isRunning) return;
    const { index } = server.state;
    if (index < before)
      this.violations.push(
        `a consistent read of ${server.process.name} is at ${index}, ${before} was seen before`,
      );
    this.#seen = Math.max(this.#seen, index);
  }
}
