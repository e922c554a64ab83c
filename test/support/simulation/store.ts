/**
 * A simulated store that servers share, as etcd is one: linearizable, a lock under a lease, changes told to followers.
 *
 * What a client sends may arrive late, also after the client has given up waiting: then it is still carried out. Nobody
 * gets an answer while the store elects a leader of its own (`stall`).
 */

import type { LeaderLock, Leadership, ServerRecord } from '../../../src/catalog/leader-lock.ts';
import type {
  CommitOutcome,
  Follower,
  Persistence,
  Stored,
  Write,
} from '../../../src/catalog/persistence.ts';
import { doneAfter } from '../../../src/catalog/persistence.ts';
import { type PutChange, State } from '../../../src/catalog/state.ts';
import { TABLE_NAMES, TABLES } from '../../../src/catalog/tables.ts';
import { AppError } from '../../../src/model/errors.ts';
import type { ModifyIndex } from '../../../src/model/types.ts';
import type { Network } from './network.ts';
import type { Process } from './process.ts';

const LEASE_MS = 3_000;
const KEEP_ALIVE_MS = 1_000;
const TIMEOUT_MS = 2_000;
const RECONNECT_MS = 300;

interface Lock {
  readonly holder: ServerRecord;
  readonly term: number;
  expiresMs: number;
}

export class SimulatedStore {
  readonly network: Network;
  readonly state = new State(TABLES);
  readonly history: { readonly index: ModifyIndex; readonly changes: Write }[] = [];
  /** Taken out to see whether the simulation finds out. */
  isFenced = true;
  lock: Lock | undefined;
  terms = 0;
  /** Commits that were sent before an outcome was asked for do not count after it. */
  epoch = 0;
  readonly changed = new Set<() => void>();
  #stalledUntilMs = 0;

  constructor(network: Network) {
    this.network = network;
    this.#expire();
  }

  get stored(): Stored {
    const rows = TABLE_NAMES.flatMap((table) =>
      [...this.state.view[table].values()].map((row) => ({ op: 'put', table, row }) as PutChange),
    );
    return { index: this.state.index, rows };
  }

  /** Answer nobody for a while. */
  stall(ms: number): void {
    this.#stalledUntilMs = this.network.clock.monotonic() + ms;
  }

  /** Carry out what a process asks; undefined when it got no answer in time. */
  request<T>(process: Process, execute: () => T): Promise<T | undefined> {
    const { clock } = this.network;
    const member = `store of ${process.name}`;
    return new Promise((resolve) => {
      process.clock.after(TIMEOUT_MS, () => resolve(undefined));
      if (this.network.isLost(process.name, member)) return;
      const answer = (): void => {
        const value = execute();
        if (this.network.isLost(process.name, member)) return;
        clock.after(this.network.delayMs(), () => process.deliver(() => resolve(value)));
      };
      const stalledMs = Math.max(this.#stalledUntilMs - clock.monotonic(), 0);
      clock.after(stalledMs + this.network.delayMs(), answer);
    });
  }

  apply(batch: readonly Write[]): CommitOutcome {
    const after = this.state.index;
    for (const changes of batch) {
      const index = this.state.index + 1;
      this.state.install(changes, index);
      this.history.push({ index, changes });
    }
    this.#tell();
    return doneAfter(after, batch.length);
  }

  setLock(lock: Lock | undefined): void {
    this.lock = lock;
    this.#tell();
  }

  #tell(): void {
    for (const look of [...this.changed]) look();
  }

  #expire(): void {
    const { clock } = this.network;
    if (this.lock !== undefined && this.lock.expiresMs <= clock.monotonic()) this.setLock(undefined);
    clock.after(100, () => this.#expire());
  }
}

const noAnswer = (): AppError => new AppError('store_failed', 'the store did not answer (simulated)');
const unknown = (): CommitOutcome => ({ outcome: 'unknown', reason: noAnswer() });
const refused = (code: 'no_leader' | 'store_failed', text: string): CommitOutcome => ({
  outcome: 'refused',
  reason: new AppError(code, text),
});

/** The store as one process sees it. */
export class StoreClient implements LeaderLock {
  readonly #store: SimulatedStore;
  readonly #process: Process;
  readonly persistence: Persistence;
  #term = 0;

  constructor(store: SimulatedStore, process: Process) {
    this.#store = store;
    this.#process = process;
    this.persistence = {
      limits: { maxOperations: 128, maxBytes: Infinity, isLargeWriteTaken: false },
      load: async () => (await this.#retry(() => this.#store.stored)) as Stored,
      sizeOf: () => 0,
      commit: (batch, after) => this.#commit(batch, after),
      outcomeOf: (batch, after) => this.#outcomeOf(batch, after),
      follow: (from, follower) => this.#follow(from, follower),
      close: async () => {},
    };
  }

  async campaign(self: ServerRecord, signal: AbortSignal): Promise<Leadership | undefined> {
    while (!signal.aborted) {
      const taken = await this.#store.request(this.#process, () => this.#take(self));
      if (taken !== undefined && taken.term > 0) return this.#hold(taken.term, taken.index);
      await new Promise<void>((resolve) => this.#process.clock.after(RECONNECT_MS, resolve));
    }
    return undefined;
  }

  observe(listener: (leader: ServerRecord | undefined) => void): () => void {
    const { network } = this.#store;
    const later = this.#inOrder();
    let seen: number | undefined = -1;
    const look = (): void => {
      if (network.isCut(this.#process.name, `store of ${this.#process.name}`)) return;
      const { lock } = this.#store;
      if (lock?.term === seen) return;
      seen = lock?.term;
      later(() => listener(lock?.holder));
    };
    return this.#watching(look);
  }

  async challenge(leader: ServerRecord): Promise<void> {
    await this.#store.request(this.#process, () => {
      if (this.#store.lock?.holder.id === leader.id) this.#store.setLock(undefined);
    });
  }

  #take(self: ServerRecord): { term: number; index: ModifyIndex } {
    const { lock, state, network } = this.#store;
    if (lock !== undefined) return { term: 0, index: 0 };
    this.#store.terms += 1;
    const expiresMs = network.clock.monotonic() + LEASE_MS;
    this.#store.setLock({ holder: self, term: this.#store.terms, expiresMs });
    return { term: this.#store.terms, index: state.index };
  }

  #hold(term: number, index: ModifyIndex): Leadership {
    this.#term = term;
    const lost = new AbortController();
    const { clock } = this.#process;
    let keptMs = clock.monotonic();
    const holds = (): boolean => this.#store.lock?.term === term;
    const keep = async (): Promise<void> => {
      if (lost.signal.aborted) return;
      const sentMs = clock.monotonic();
      const isKept = await this.#store.request(this.#process, () => {
        if (holds()) (this.#store.lock as Lock).expiresMs = this.#store.network.clock.monotonic() + LEASE_MS;
        return holds();
      });
      if (isKept === false) lost.abort();
      if (isKept === true) keptMs = sentMs;
    };
    const beat = (): void => {
      if (clock.monotonic() - keptMs >= LEASE_MS) lost.abort();
      if (lost.signal.aborted) return;
      void keep();
      clock.after(KEEP_ALIVE_MS, beat);
    };
    beat();
    return {
      term,
      index,
      lost: lost.signal,
      confirm: async () => {
        const index = await this.#store.request(this.#process, () =>
          holds() ? this.#store.state.index : -1,
        );
        return index === -1 ? undefined : index;
      },
      resign: async () => {
        lost.abort();
        await this.#store.request(this.#process, () => holds() && this.#store.setLock(undefined));
      },
    };
  }

  async #commit(batch: readonly Write[], after: ModifyIndex): Promise<CommitOutcome> {
    const [term, epoch] = [this.#term, this.#store.epoch];
    const outcome = await this.#store.request(this.#process, (): CommitOutcome => {
      if (!this.#store.isFenced) return this.#store.apply(batch);
      if (this.#store.lock?.term !== term) return refused('no_leader', 'No cluster leader');
      if (this.#store.epoch !== epoch) return refused('store_failed', 'somebody asked for its outcome');
      if (this.#store.state.index !== after) return refused('store_failed', 'not the newest index');
      return this.#store.apply(batch);
    });
    return outcome ?? unknown();
  }

  async #outcomeOf(batch: readonly Write[], after: ModifyIndex): Promise<CommitOutcome> {
    const term = this.#term;
    const outcome = await this.#store.request(this.#process, (): CommitOutcome => {
      this.#store.epoch += 1;
      const written = this.#store.history.slice(after, after + batch.length);
      const isOurs =
        written.length === batch.length && written.every(({ changes }, i) => changes === batch[i]);
      if (isOurs) return doneAfter(after, batch.length);
      return this.#store.lock?.term === term
        ? refused('store_failed', 'it was not stored')
        : refused('no_leader', 'No cluster leader');
    });
    return outcome ?? unknown();
  }

  /** Tell of every write in order, each after a while; after a cut from where it was, or everything at once. */
  #follow(from: ModifyIndex, follower: Follower): () => void {
    const { network } = this.#store;
    const member = `store of ${this.#process.name}`;
    const later = this.#inOrder();
    let told = from;
    let wasCut = false;
    const look = (): void => {
      if (network.isCut(this.#process.name, member)) {
        wasCut = true;
        return;
      }
      if (wasCut && network.random.next() < 0.5) {
        const { stored } = this.#store;
        told = stored.index;
        later(() => follower.onReset(stored));
      }
      wasCut = false;
      for (const write of this.#store.history.slice(told)) {
        told = write.index;
        later(() => follower.onWrite(write));
      }
    };
    return this.#watching(look);
  }

  /** Delivers to the process, each after a while, none before an earlier one. */
  #inOrder(): (tell: () => void) => void {
    const { network } = this.#store;
    let lastMs = 0;
    return (tell) => {
      const nowMs = network.clock.monotonic();
      lastMs = Math.max(lastMs, nowMs + network.delayMs());
      network.clock.after(lastMs - nowMs, () => this.#process.deliver(tell));
    };
  }

  /** Look at every change, and now and then, because a link may have been healed. */
  #watching(look: () => void): () => void {
    const { network, changed } = this.#store;
    let isOver = false;
    const stop = (): void => {
      isOver = true;
      changed.delete(look);
    };
    const again = (): void => {
      if (isOver) return;
      look();
      network.clock.after(RECONNECT_MS, again);
    };
    changed.add(look);
    this.#process.onDeath(stop);
    again();
    return stop;
  }

  async #retry<T>(execute: () => T): Promise<T> {
    for (;;) {
      const value = await this.#store.request(this.#process, execute);
      if (value !== undefined) return value;
    }
  }
}
