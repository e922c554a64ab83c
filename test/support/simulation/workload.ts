/**
 * Clients of the simulated servers that remember what they were told, and what must be true of it in the end.
 *
 * - Own keys, written one after the other: what is there at the end was written, and nothing acknowledged is older.
 * - A counter, raised by compare-and-set: every acknowledged step counts once, every unknown one at most once.
 * - Readers of `?consistent`: nobody sees an older state than somebody saw, or was told to be written, before it asked.
 * - A lock with a fencing counter: the number under which it was taken rises with every holder, and nobody writes as its
 *   holder after a later one has.
 * - Writes of many rows, more than one transaction takes: no server ever shows some of them without the others.
 */
import type {
  Command,
  CreateSessionCommand,
  KvCommand,
  RegisterCommand,
} from '../../../src/catalog/command.ts';
import type { State } from '../../../src/catalog/state.ts';
import type { TxnOutcome } from '../../../src/catalog/txn-outcome.ts';
import type { Clock } from '../../../src/lib/clock.ts';
import { sleep } from '../../../src/lib/clock.ts';
import type { Random } from '../../../src/lib/random.ts';
import { AppError } from '../../../src/model/errors.ts';
import type { KvRow, NodeName } from '../../../src/model/types.ts';
import { Ledger } from '../faults/ledger.ts';
import type { SimulatedServer } from './server.ts';

const COUNTER = 'counter';
const LOCK = 'lock';
const GUARDED = 'guarded';
/** Rows of a large write: more than etcd takes in one transaction. */
const MANY = 150;
const PATIENCE_MS = 10_000;

type Told =
  | { readonly kind: 'yes' | 'no'; readonly index: number; readonly result?: unknown }
  | { readonly kind: 'unknown' };

function kv(fields: Partial<KvCommand> & Pick<KvCommand, 'verb' | 'key'>): KvCommand {
  return { kind: 'kv', value: null, flags: '0', index: 0, session: '', ...fields };
}

/** One that outlives its holder for a while. */
const SESSION: CreateSessionCommand['session'] = {
  name: '',
  node: 'n' as NodeName,
  lockDelayMs: 0,
  behavior: 'release',
  ttl: '10s',
  nodeChecks: [],
  checks: [],
  serviceChecks: null,
};
const NODE: RegisterCommand = {
  kind: 'register',
  node: { name: 'n' as NodeName, id: '', address: '10.0.0.1', taggedAddresses: null, meta: null },
  skipNodeUpdate: false,
  checks: [],
};

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
  readonly ledger = new Ledger();
  acknowledged = 0;
  counted = 0;
  uncertain = 0;
  #manyWritten = 0;
  /** Newest index that anybody was shown or told. */
  #seen = 0;
  isOver = false;

  constructor(clock: Clock, random: Random, servers: () => readonly SimulatedServer[]) {
    this.#clock = clock;
    this.#random = random;
    this.#servers = servers;
  }

  /** Begin clients that go on until `isOver`. */
  start(): Promise<unknown> {
    const repeat = async (step: () => Promise<void>): Promise<void> => {
      while (!this.isOver) {
        await step();
        await sleep(this.#clock, 1 + this.#random.below(200));
      }
    };
    return Promise.all([
      ...['a', 'b', 'c'].map((name) => repeat(() => this.#write(`own/${name}`))),
      ...[1, 2, 3].map(() => repeat(() => this.#count())),
      ...[1, 2].map(() => repeat(() => this.#read())),
      ...[1, 2].map(() => repeat(() => this.#contend())),
      repeat(() => this.#writeMany()),
    ]);
  }

  /** What is wrong with what the store holds when everybody has stopped. */
  check(state: State): readonly string[] {
    const wrong = [...this.violations, ...this.ledger.violations];
    this.#lookAtMany('the store', state);
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
      ({ index, result }): Told => ({ kind: result === false ? 'no' : 'yes', index, result }),
      (error: unknown): Told => {
        // Only these say that nothing was done.
        const isCertain = error instanceof AppError && ['no_leader', 'store_failed'].includes(error.code);
        return isCertain ? { kind: 'no', index: 0 } : { kind: 'unknown' };
      },
    );
    const patience = sleep(this.#clock, PATIENCE_MS).then((): Told => ({ kind: 'unknown' }));
    const told = await Promise.race([asked, patience, this.#diedOf(server)]);
    if (told.kind === 'yes') {
      this.acknowledged += 1;
      this.#seen = Math.max(this.#seen, told.index);
      if (server.process.isRunning && server.state.index < told.index)
        this.violations.push(`${server.process.name} does not show what it acknowledged (${told.index})`);
    }
    return told;
  }

  /** What a client is told when the server that it asked dies: its connection breaks. */
  #diedOf({ process }: SimulatedServer): Promise<Told> {
    return new Promise((resolve) => process.onDeath(() => resolve({ kind: 'unknown' })));
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
    const isCurrent = await Promise.race([current, this.#patience(server)]);
    if (!isCurrent || !server.process.isRunning) return;
    const { index } = server.state;
    this.#lookAtMany(server.process.name, server.state);
    if (index < before)
      this.violations.push(
        `a consistent read of ${server.process.name} is at ${index}, ${before} was seen before`,
      );
    this.#seen = Math.max(this.#seen, index);
  }

  /** Take the lock, write a few times what only its holder may write, and let it go, or not. */
  async #contend(): Promise<void> {
    if (this.#server()?.state.view.nodes.get('n') === undefined) await this.#anywhere(NODE);
    const made = await this.#anywhere({ kind: 'session-create', session: SESSION });
    if (made?.kind !== 'yes') return;
    const session = String(made.result);
    const taken = await this.#anywhere(kv({ verb: 'lock', key: LOCK, session }));
    if (taken?.kind === 'yes') await this.#useLock(session);
    if (this.#random.below(10) > 0) await this.#anywhere({ kind: 'session-destroy', id: session });
  }

  async #useLock(session: string): Promise<void> {
    const row = await this.#consistent(LOCK);
    if (row?.session !== session) return;
    const lock = row.lockIndex;
    this.ledger.held(lock, session);
    for (let times = 0; times < 3; times += 1) {
      const floor = this.ledger.beginRead('lock');
      const isMine = { ...kv({ verb: 'set', key: LOCK, session }), on: 'kv', verb: 'check-session' } as const;
      const write = { ...kv({ verb: 'set', key: GUARDED, value: encode(lock) }), on: 'kv' } as const;
      const told = await this.#anywhere({ kind: 'txn', operations: [isMine, write] });
      const outcome = told?.kind === 'yes' ? (told.result as TxnOutcome) : undefined;
      if (outcome?.errors.length === 0) this.ledger.guarded(lock, { floor, session });
      await sleep(this.#clock, this.#random.below(300));
    }
  }

  /** A row as some server shows it to a consistent reader. */
  async #consistent(key: string): Promise<KvRow | undefined> {
    const server = this.#server();
    if (server === undefined) return undefined;
    const current = server.desk.current('consistent').then(
      () => true,
      () => false,
    );
    const isCurrent = await Promise.race([current, this.#patience(server)]);
    return isCurrent && server.process.isRunning ? server.state.view.kv.get(key) : undefined;
  }

  /** False, when a client has waited for long enough or its server has died. */
  #patience(server: SimulatedServer): Promise<boolean> {
    const late = sleep(this.#clock, PATIENCE_MS).then(() => false);
    return Promise.race([late, this.#diedOf(server).then(() => false)]);
  }

  /** Submit through some server; undefined when none is up. */
  async #anywhere(command: Command): Promise<Told | undefined> {
    const server = this.#server();
    return server && this.#submit(server, command);
  }

  async #writeMany(): Promise<void> {
    this.#manyWritten += 1;
    const value = encode(this.#manyWritten);
    const commands = Array.from({ length: MANY }, (_, at) => kv({ verb: 'set', key: `many/${at}`, value }));
    await this.#anywhere({ kind: 'all', commands });
    await sleep(this.#clock, this.#random.below(1_000));
  }

  /** Whether a server shows a large write in part. */
  #lookAtMany(where: string, { view }: State): void {
    const values = new Set<string>();
    for (const row of view.kv.withPrefix('many/')) values.add(String(row.value?.toJSON()));
    if (values.size > 1) this.violations.push(`${where} shows parts of ${values.size} large writes`);
  }
}
