/**
 * Three simulated servers and the store that they share, what is done to them, and whether they are well afterwards.
 */
import type { ServerRecord } from '../../../src/catalog/leader-lock.ts';
import { State } from '../../../src/catalog/state.ts';
import { TABLE_NAMES, TABLES } from '../../../src/catalog/tables.ts';
import type { Random } from '../../../src/lib/random.ts';
import type { EtcdClient } from '../../../src/store/etcd/etcd-client.ts';
import { type Answer, refused } from '../../../src/store/etcd/etcd-fault.ts';
import { Layout, type MetaRecord, readMeta } from '../../../src/store/etcd/etcd-layout.ts';
import { loadAll } from '../../../src/store/etcd/etcd-load.ts';
import type { RangeRequest, RangeResponse } from '../../../src/store/etcd/etcd-messages.ts';
import { seededRandom } from '../seeded-random.ts';
import { SimulatedEtcd } from './etcd.ts';
import { type EtcdWorld, stall } from './etcd-client.ts';
import { Network } from './network.ts';
import { PREFIX, type SimulatedServer, startServer } from './server.ts';
import { WorldClock } from './world-clock.ts';

export const IDS = ['s1', 's2', 's3'] as const;

export class Life {
  readonly clock = new WorldClock();
  readonly random: Random;
  readonly network: Network;
  readonly world: EtcdWorld;
  readonly records: ReadonlyMap<string, ServerRecord>;
  readonly servers = new Map<string, SimulatedServer>();
  readonly #starting = new Set<string>();
  readonly faults: string[] = [];

  constructor(seed: number) {
    this.random = seededRandom(seed);
    this.network = new Network(this.clock, this.random);
    const etcd = new SimulatedEtcd(this.clock);
    this.world = { etcd, network: this.network, stalledUntilMs: 0 };
    this.records = new Map(IDS.map((id, i) => [id, { id, name: id, host: `127.0.0.${i + 1}`, port: 8300 }]));
  }

  start(id: string): void {
    const record = this.records.get(id) as ServerRecord;
    this.#starting.add(id);
    void startServer(record, this.records, this.world).then((server) => {
      this.#starting.delete(id);
      this.servers.set(id, server);
    });
  }

  /** Do one thing to the servers, and undo it after a while. */
  harm(): void {
    const id = IDS[this.random.below(IDS.length)] as string;
    const other = IDS[this.random.below(IDS.length)] as string;
    const ms = 50 + this.random.below(5_000);
    const server = this.servers.get(id);
    const later = (undo: () => void): void => void this.clock.after(ms, undo);
    const harms: readonly [string, () => void][] = [
      ['kill', () => this.kill(id, ms)],
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
      ['no answer of the store, seen by', () => stall(this.world, Math.min(ms, 1_500))],
      ['history forgotten, seen by', () => this.world.etcd.compact()],
      ['all killed when the next large write counts, seen by', () => this.#killAtLargeWrite(ms)],
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

  /** Kill every server at the moment when a write in pieces counts and is not in its place yet. */
  #killAtLargeWrite(ms: number): void {
    const { changed } = this.world.etcd;
    const look = (): void => {
      if (this.meta()?.staged === undefined) return;
      changed.delete(look);
      for (const id of IDS) this.kill(id, this.random.below(ms));
    };
    changed.add(look);
    this.clock.after(ms, () => changed.delete(look));
  }

  /** What stands in `meta/index` now. */
  meta(): MetaRecord | undefined {
    const found = this.world.etcd.range({ key: new Layout(PREFIX).metaKey });
    const [kv] = found === 'compacted' ? [] : found.kvs;
    return kv && readMeta(kv.value);
  }

  /** As kill -9; started again after a while. */
  kill(id: string, ms: number): void {
    this.servers.get(id)?.process.kill();
    this.servers.delete(id);
    this.clock.after(ms, () => {
      if (!this.servers.has(id) && !this.#starting.has(id)) this.start(id);
    });
  }
}

/** What is stored in the end, as somebody reads it who had no part in anything. */
export async function storedIn({ world: { etcd } }: Life): Promise<State> {
  const client = {
    range: async (request: RangeRequest): Promise<Answer<RangeResponse>> => {
      const reply = etcd.range(request);
      return reply === 'compacted' ? refused('out-of-range', reply) : { kind: 'done', reply };
    },
  } as EtcdClient;
  const state = new State(TABLES);
  const loaded = await loadAll({ client, layout: new Layout(PREFIX) }, TABLES);
  if (loaded.kind === 'done') state.load(loaded.stored.rows, loaded.stored.index);
  return state;
}

const textOf = ({ view }: State): string =>
  TABLE_NAMES.map((table) => [...view[table].values()].map((row) => JSON.stringify(row)).sort()).join('\n');

/** Let a write under way arrive: sessions end at any time. */
export async function untilLevel(life: Life): Promise<void> {
  for (let tries = 0; tries < 30; tries += 1) {
    const index = life.meta()?.index;
    if ([...life.servers.values()].every(({ state }) => state.index === index)) return;
    await life.clock.pass(100);
  }
}

/** What is wrong with servers that had all the time to recover. */
export function unwell(life: Life, stored: State): readonly string[] {
  const { servers } = life;
  const wrong: string[] = [];
  const [index, rows] = [life.meta()?.index, textOf(stored)];
  for (const { process, state, terms, candidate } of servers.values()) {
    if (state.index !== index) wrong.push(`${process.name} stayed at ${state.index} of ${index}`);
    else if (textOf(state) !== rows) wrong.push(`${process.name} shows other rows than the store has`);
    const isLeader = candidate.standing.kind === 'leader' ? 1 : 0;
    if (terms.begun - terms.ended !== isLeader)
      wrong.push(`${process.name} began ${terms.begun} terms and ended ${terms.ended}`);
  }
  const leaders = [...servers.values()].filter(({ candidate }) => candidate.standing.kind === 'leader');
  if (leaders.length !== 1) wrong.push(`${leaders.length} servers lead in the end`);
  if (servers.size !== IDS.length) wrong.push(`only ${servers.size} servers are up in the end`);
  return wrong;
}

/** Number of the term in the end. */
export function termOf({ servers }: Life): number {
  const terms = [...servers.values()].map(({ candidate: { standing } }) =>
    standing.kind === 'leader' ? standing.leadership.term : 0,
  );
  return Math.max(...terms);
}
