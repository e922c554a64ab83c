/**
 * One life of three servers under faults, from a seed: the same seed gives the same life, down to each message.
 */
import type { ServerRecord } from '../../../src/catalog/leader-lock.ts';
import type { Random } from '../../../src/lib/random.ts';
import { seededRandom } from '../seeded-random.ts';
import { Network } from './network.ts';
import { type SimulatedServer, startServer } from './server.ts';
import { SimulatedStore } from './store.ts';
import { Workload } from './workload.ts';
import { WorldClock } from './world-clock.ts';

const IDS = ['s1', 's2', 's3'] as const;
/** Simulated time in ms with faults, and after them. */
const FAULTS_MS = 15_000;
const CALM_MS = 12_000;

export interface Outcome {
  readonly seed: number;
  readonly violations: readonly string[];
  readonly acknowledged: number;
  readonly terms: number;
  /** What was done to the servers, in order, for whoever replays the seed. */
  readonly faults: readonly string[];
}

class Life {
  readonly clock = new WorldClock();
  readonly random: Random;
  readonly network: Network;
  readonly store: SimulatedStore;
  readonly records: ReadonlyMap<string, ServerRecord>;
  readonly servers = new Map<string, SimulatedServer>();
  readonly faults: string[] = [];

  constructor(seed: number) {
    this.random = seededRandom(seed);
    this.network = new Network(this.clock, this.random);
    this.store = new SimulatedStore(this.network);
    this.records = new Map(IDS.map((id, i) => [id, { id, name: id, host: `127.0.0.${i + 1}`, port: 8300 }]));
  }

  start(id: string): void {
    const record = this.records.get(id) as ServerRecord;
    void startServer(record, this.records, this.store, this.network).then((server) =>
      this.servers.set(id, server),
    );
  }

  /** Do one thing to the servers, and undo it after a while. */
  harm(): void {
    const id = IDS[this.random.below(IDS.length)] as string;
    const other = IDS[this.random.below(IDS.length)] as string;
    const ms = 50 + this.random.below(5_000);
    const server = this.servers.get(id);
    const later = (undo: () => void): void => void this.clock.after(ms, undo);
    const harms: readonly [string, () => void][] = [
      ['kill', () => this.#kill(id, ms)],
      [
        'pause',
        () => {
          server?.process.pause();
          later(() => server?.process.resume());
        },
      ],
      [
        `cut from ${other}`,
        () => {
          this.network.cut(id, other);
          later(() => this.network.healAll());
        },
      ],
      [
        'cut from the store',
        () => {
          this.network.cut(id, `store of ${id}`);
          later(() => this.network.healAll());
        },
      ],
      ['no answer of the store, seen by', () => this.store.stall(Math.min(ms, 1_500))],
      [
        'losses, seen by',
        () => {
          this.network.lossShare = 0.05;
          later(() => {
            this.network.lossShare = 0;
          });
        },
      ],
      [
        'slowness, seen by',
        () => {
          this.network.maxDelayMs = 150;
          later(() => {
            this.network.maxDelayMs = 5;
          });
        },
      ],
    ];
    const [what, act] = harms[this.random.below(harms.length)] as (typeof harms)[number];
    this.faults.push(`${Math.round(this.clock.monotonic())} ms: ${what} ${id} for ${ms} ms`);
    act();
  }

  #kill(id: string, ms: number): void {
    this.servers.get(id)?.process.kill();
    this.servers.delete(id);
    this.clock.after(ms, () => {
      if (!this.servers.has(id)) this.start(id);
    });
  }
}

/** Live through the faults of a seed. */
export async function runSeed(seed: number, options: { readonly isFenced?: boolean } = {}): Promise<Outcome> {
  const life = new Life(seed);
  const { clock, random, store, network } = life;
  store.isFenced = options.isFenced ?? true;
  for (const id of IDS) life.start(id);
  const workload = new Workload(clock, random, () => [...life.servers.values()]);
  await clock.pass(2_000);
  const clients = workload.start(3, 3, 2);
  const endMs = clock.monotonic() + FAULTS_MS;
  while (clock.monotonic() < endMs) {
    life.harm();
    await clock.pass(random.below(2_500));
  }
  network.lossShare = 0;
  network.maxDelayMs = 5;
  network.healAll();
  for (const { process } of life.servers.values()) process.resume();
  const before = workload.acknowledged;
  await clock.pass(CALM_MS / 2);
  workload.isOver = true;
  await clock.pass(CALM_MS);
  await clients;
  const violations = [...workload.check(store.state), ...network.bugs];
  if (workload.acknowledged === before)
    violations.push('nothing was acknowledged after the faults were over');
  for (const { process, state, terms, candidate } of life.servers.values()) {
    if (state.index !== store.state.index)
      violations.push(`${process.name} stayed at ${state.index} of ${store.state.index}`);
    const isLeader = candidate.standing.kind === 'leader' ? 1 : 0;
    if (terms.begun - terms.ended !== isLeader)
      violations.push(`${process.name} began ${terms.begun} terms and ended ${terms.ended}`);
  }
  const leaders = [...life.servers.values()].filter(({ candidate }) => candidate.standing.kind === 'leader');
  if (leaders.length !== 1) violations.push(`${leaders.length} servers lead in the end`);
  return { seed, violations, acknowledged: workload.acknowledged, terms: store.terms, faults: life.faults };
}
