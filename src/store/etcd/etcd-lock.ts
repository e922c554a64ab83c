/**
 * The lock of the server that leads, as a key of etcd under a lease: catalog/leader-lock.ts says what it promises.
 *
 * The key exists as long as its holder keeps the lease alive; whoever finds it missing creates it, and etcd lets only one
 * do so. Its create revision is the fence of every commit. A holder counts its time from when it *asked* to keep the
 * lease, so it gives up before etcd does; a challenger revokes the lease, which ends it at once.
 */
import type { LeaderLock, Leadership, ServerRecord } from '../../catalog/leader-lock.ts';
import type { Clock } from '../../lib/clock.ts';
import { early, sleep } from '../../lib/clock.ts';
import type { Logger } from '../../lib/logger.ts';
import type { ModifyIndex } from '../../model/types.ts';
import type { EtcdClient, Lease } from './etcd-client.ts';
import type { Fence } from './etcd-guards.ts';
import { followKeys } from './etcd-keys.ts';
import { type Layout, readMeta } from './etcd-layout.ts';
import { COMPARE_TARGET, EVENT_TYPE, type TxnResponse, type WatchEvent } from './etcd-messages.ts';

/** Time to live of the lease. Turning it up makes a leader that cannot be challenged be missed for longer. */
const LEASE_SECONDS = 3;
const LEASE_MS = LEASE_SECONDS * 1_000;
const KEEP_ALIVE_MS = 750;
/** Time in ms before something that etcd did not answer is tried again. */
const RETRY_MS = 250;
/**
 * Time in ms that a step towards the lock may take at first; twice as long each time that it took longer. While etcd's
 * leader changes, requests are lost without a word, and a step that is repeated does no harm; an etcd that is slow has
 * to be given its time in the end.
 */
const FIRST_PATIENCE_MS = 300;
const LAST_PATIENCE_MS = 2_400;
/** A watch that is silent for so long is asked whether it lives. */
const WATCH_IDLE_MS = 2_000;

export interface EtcdLockParts {
  readonly client: EtcdClient;
  readonly layout: Layout;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Who holds the lock, and the key's create revision. */
interface Holder {
  readonly record: ServerRecord;
  readonly createRevision: number;
  readonly lease: bigint;
}

type KeyValue = NonNullable<WatchEvent['kv']>;

function holderOf({ value, createRevision, lease }: KeyValue): Holder {
  return { record: JSON.parse(value.toString('utf8')) as ServerRecord, createRevision, lease };
}

export class EtcdLock implements LeaderLock {
  readonly #parts: EtcdLockParts;
  readonly #key: Buffer;
  readonly #termsKey: Buffer;
  readonly #listeners = new Set<(holder: Holder | undefined) => void>();
  #holder: Holder | undefined;
  #follow: { close(): void } | undefined;
  /** Whether `#holder` was ever read. */
  #isKnown = false;
  #fence: Fence | undefined;
  #isClosed = false;

  constructor(parts: EtcdLockParts) {
    this.#parts = parts;
    const { prefix } = parts.layout;
    this.#key = Buffer.from(`${prefix}leader`);
    this.#termsKey = Buffer.from(`${prefix}meta/terms`);
  }

  /** The fence of this server's term; undefined while it does not lead. */
  get fence(): Fence | undefined {
    return this.#fence;
  }

  /** Begin to follow who holds the lock. */
  start(): void {
    const range = { key: this.#key, rangeEnd: Buffer.alloc(0), idleMs: WATCH_IDLE_MS };
    this.#follow = followKeys(this.#parts, range, {
      onAll: ([kv]) => this.#set(kv && holderOf(kv)),
      onEvents: (events) => {
        const last = events.at(-1);
        if (last?.kv === undefined) return;
        this.#set(last.type === EVENT_TYPE.put ? holderOf(last.kv) : undefined);
      },
    });
  }

  /** Tell nobody anything any more. The lease of a term runs out, or was given back before. */
  close(): void {
    this.#isClosed = true;
    this.#follow?.close();
    this.#listeners.clear();
  }

  async campaign(self: ServerRecord, signal: AbortSignal): Promise<Leadership | undefined> {
    let patienceMs = FIRST_PATIENCE_MS;
    while (!signal.aborted && !this.#isClosed) {
      await this.#untilFree(self, signal);
      if (signal.aborted) return undefined;
      const leadership = await this.#take(self, patienceMs);
      if (leadership !== undefined) return leadership;
      patienceMs = Math.min(patienceMs * 2, LAST_PATIENCE_MS);
      await sleep(this.#parts.clock, RETRY_MS);
    }
    return undefined;
  }

  observe(listener: (leader: ServerRecord | undefined) => void): () => void {
    const tell = (holder: Holder | undefined): void => listener(holder?.record);
    this.#listeners.add(tell);
    if (this.#isKnown) tell(this.#holder);
    return () => void this.#listeners.delete(tell);
  }

  async challenge(leader: ServerRecord): Promise<void> {
    const { client, clock, log } = this.#parts;
    let why = 'etcd did not answer';
    for (let patienceMs = FIRST_PATIENCE_MS; patienceMs <= LAST_PATIENCE_MS; patienceMs *= 2) {
      const answer = await early(clock, client.range({ key: this.#key }), patienceMs);
      const [kv] = answer?.kind === 'done' ? answer.reply.kvs : [];
      if (answer?.kind === 'done' && (kv === undefined || holderOf(kv).record.id !== leader.id)) return;
      if (kv === undefined) continue;
      const revoked = await early(clock, client.revokeLease(kv.lease), patienceMs);
      if (revoked?.kind === 'done') return;
      if (revoked !== undefined) why = revoked.text;
    }
    log.warn({ why }, 'the lock could not be taken from the leader');
  }

  /** Try once; undefined when another holds it, or etcd does not answer. */
  async #take(self: ServerRecord, patienceMs: number): Promise<Leadership | undefined> {
    const { client, clock, layout } = this.#parts;
    const askedMs = clock.monotonic();
    const granted = await early(clock, client.grantLease(LEASE_SECONDS), patienceMs);
    if (granted?.kind !== 'done') return undefined;
    const lease = granted.reply;
    const taking = client.txn({
      compare: [{ key: this.#key, target: COMPARE_TARGET.createRevision, createRevision: 0 }],
      success: [
        { put: { key: this.#key, value: Buffer.from(JSON.stringify(self)), lease: lease.id } },
        { put: { key: this.#termsKey, value: Buffer.from(self.id) } },
        { range: { key: this.#key } },
        { range: { key: this.#termsKey } },
        { range: { key: layout.metaKey } },
      ],
    });
    const answer = await early(clock, taking, patienceMs);
    if (answer?.kind === 'done' && answer.reply.isSucceeded) return this.#hold(lease, answer.reply, askedMs);
    // Also when the answer was lost: if the key was created, it goes with its lease.
    void client.revokeLease(lease.id);
    return undefined;
  }

  #hold(lease: Lease, { responses }: TxnResponse, askedMs: number): Leadership {
    const [own, terms, meta] = responses.slice(2).map(({ range }) => range?.kvs[0]);
    const createRevision = own?.createRevision ?? 0;
    const lost = new AbortController();
    this.#fence = { key: this.#key, createRevision };
    lost.signal.addEventListener('abort', () => {
      if (this.#fence?.createRevision === createRevision) this.#fence = undefined;
      stopWatching();
    });
    const stopWatching = this.#onHolder((holder) => {
      // Missing, or another one's: somebody challenged. An older state than one's own is only late.
      if (holder === undefined || holder.createRevision > createRevision) lost.abort();
    });
    this.#keepAlive(lease, askedMs, lost);
    return {
      term: terms?.version ?? 0,
      index: meta === undefined ? 0 : readMeta(meta.value).index,
      lost: lost.signal,
      confirm: () => this.#confirm(createRevision),
      resign: async () => {
        lost.abort();
        await this.#parts.client.revokeLease(lease.id);
      },
    };
  }

  /** Keep the lease alive until it is lost, or may be. */
  #keepAlive(lease: Lease, askedMs: number, lost: AbortController): void {
    const { client, clock } = this.#parts;
    let keptMs = askedMs;
    const renew = async (): Promise<void> => {
      const sentMs = clock.monotonic();
      const answer = await client.renewLease(lease.id, KEEP_ALIVE_MS);
      if (answer.kind === 'done' && answer.reply.ttlSeconds === 0) lost.abort();
      else if (answer.kind === 'done') keptMs = Math.max(keptMs, sentMs);
    };
    const beat = (): void => {
      if (clock.monotonic() - keptMs >= LEASE_MS) lost.abort();
      if (lost.signal.aborted) return;
      void renew();
      clock.after(KEEP_ALIVE_MS, beat);
    };
    clock.after(KEEP_ALIVE_MS, beat);
  }

  async #confirm(createRevision: number): Promise<ModifyIndex | undefined> {
    const answer = await this.#parts.client.txn({
      compare: [{ key: this.#key, target: COMPARE_TARGET.createRevision, createRevision }],
      success: [{ range: { key: this.#parts.layout.metaKey } }],
    });
    if (answer.kind !== 'done' || !answer.reply.isSucceeded) return undefined;
    const meta = answer.reply.responses[0]?.range?.kvs[0];
    return meta === undefined ? 0 : readMeta(meta.value).index;
  }

  #onHolder(listener: (holder: Holder | undefined) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /**
   * Resolves when nobody holds the lock. Held under this server's own name it is left from an earlier life, and is given
   * back: otherwise servers that were all ended and started again would wait for a lease that nobody keeps.
   */
  #untilFree(self: ServerRecord, signal: AbortSignal): Promise<void> {
    if (this.#isKnown && this.#holder === undefined) return Promise.resolve();
    return new Promise((resolve) => {
      const end = (): void => {
        forget();
        signal.removeEventListener('abort', end);
        resolve();
      };
      const look = (holder: Holder | undefined): void => {
        if (holder === undefined) end();
        else if (holder.record.id === self.id) void this.challenge(self);
      };
      const forget = this.#onHolder(look);
      signal.addEventListener('abort', end, { once: true });
      if (this.#isKnown) look(this.#holder);
    });
  }

  #set(holder: Holder | undefined): void {
    this.#isKnown = true;
    this.#holder = holder;
    for (const listener of [...this.#listeners]) listener(holder);
  }
}
