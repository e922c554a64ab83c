/**
 * A store that is opened after those who use it: until then it holds nothing and takes nothing.
 *
 * A server begins to answer before its etcd does. Whoever follows is told of everything there is when the store was
 * opened, and of every write from then on. That it holds nothing yet is not to be taken for "there is nothing":
 * `whenRead` tells.
 */
import type { BatchLimits, Follower, Persistence, Write } from '../catalog/persistence.ts';
import type { Kinds } from '../catalog/table-set.ts';
import { type Clock, sleep } from '../lib/clock.ts';
import { AppError } from '../model/errors.ts';

/** Pause in ms before a store that could not be read is read again. */
const READ_AGAIN_MS = 200;

export interface LateStore<K extends Kinds> extends Persistence<K> {
  /** Resolves when everything was read and told. */
  readonly whenRead: Promise<void>;
  /** Put the store behind it and read it, however long that takes; `onFault` is told of every try that failed. */
  open(store: Persistence<K>, onFault: (error: unknown) => void): Promise<void>;
}

const notYet = (): AppError => new AppError('no_leader', 'No cluster leader');

class Late<K extends Kinds> {
  readonly #clock: Clock;
  readonly read = Promise.withResolvers<void>();
  store: Persistence<K> | undefined;
  #follower: Follower<K> | undefined;
  #unfollow: () => void = () => {};
  #isClosed = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  async open(store: Persistence<K>, onFault: (error: unknown) => void): Promise<void> {
    while (!this.#isClosed) {
      try {
        const stored = await store.load();
        if (this.#isClosed) return;
        this.store = store;
        this.#follower?.onReset(stored);
        if (this.#follower) this.#unfollow = store.follow(stored.index, this.#follower);
        this.read.resolve();
        return;
      } catch (error) {
        onFault(error);
        await sleep(this.#clock, READ_AGAIN_MS);
      }
    }
  }

  follow(follower: Follower<K>): () => void {
    this.#follower = follower;
    return () => {
      this.#unfollow();
      this.#follower = undefined;
    };
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.store?.close();
  }
}

/** A store for one follower, to be opened later; `limits` are what it will have. */
export function lateStore<K extends Kinds>(limits: BatchLimits, clock: Clock): LateStore<K> {
  const late = new Late<K>(clock);
  const refused = () => ({ outcome: 'refused', reason: notYet() }) as const;
  return {
    limits,
    whenRead: late.read.promise,
    open: (store, onFault) => late.open(store, onFault),
    load: async () => ({ index: 0, rows: [] }),
    sizeOf: (write: Write<K>) => late.store?.sizeOf(write) ?? 0,
    commit: async (batch, after) => late.store?.commit(batch, after) ?? refused(),
    outcomeOf: async (batch, after) => late.store?.outcomeOf(batch, after) ?? refused(),
    follow: (_from, follower) => late.follow(follower),
    close: () => late.close(),
  };
}
