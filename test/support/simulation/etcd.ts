/**
 * A simulated etcd: keys with all their versions, guarded transactions, leases, watches from any revision, compaction.
 *
 * What etcd promises and no more: it is linearizable and loses nothing. How requests get to it, and whether, is the
 * business of etcd-client.ts. Only what rollcall uses of the API is there.
 */
import type { Clock } from '../../../src/lib/clock.ts';
import {
  COMPARE_TARGET,
  EVENT_TYPE,
  type RangeRequest,
  type RangeResponse,
  type TxnRequest,
  type TxnResponse,
  type WatchEvent,
} from '../../../src/store/etcd/etcd-messages.ts';

type KeyValue = RangeResponse['kvs'][number];

interface Version {
  readonly revision: number;
  /** undefined: removed. */
  readonly kv: KeyValue | undefined;
}

interface Lease {
  readonly ttlMs: number;
  expiresMs: number;
}

const SECOND_MS = 1_000;
/** How often leases are looked at, as etcd does. */
const LEASE_LOOK_MS = 500;

const nameOf = (key: Buffer): string => key.toString('latin1');

/** Whether a key lies in a range; an end that is empty means the one key. */
function isWithin(name: string, start: Buffer, end: Buffer | undefined): boolean {
  if (end === undefined || end.length === 0) return name === nameOf(start);
  return name >= nameOf(start) && name < nameOf(end);
}

export class SimulatedEtcd {
  readonly #clock: Clock;
  readonly #versions = new Map<string, Version[]>();
  readonly #leases = new Map<bigint, Lease>();
  readonly #history: { readonly revision: number; readonly events: readonly WatchEvent[] }[] = [];
  /** Called after every change. */
  readonly changed = new Set<() => void>();
  /** Taken out to see whether the simulation finds out: transactions are done whatever guards them. */
  isGuarded = true;
  revision = 1;
  compacted = 0;
  #lastLease = 0n;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#expire();
  }

  range(request: RangeRequest): RangeResponse | 'compacted' {
    const { key = Buffer.alloc(0), rangeEnd, limit = 0, revision = 0 } = request;
    const at = revision > 0 ? revision : Infinity; // also what the transaction under way has put
    if (at < this.compacted) return 'compacted';
    const found: KeyValue[] = [];
    for (const [name, versions] of this.#versions) {
      if (!isWithin(name, key, rangeEnd)) continue;
      const kv = versions.findLast((version) => version.revision <= at)?.kv;
      if (kv) found.push(kv);
    }
    found.sort((one, other) => one.key.compare(other.key));
    const kvs = limit > 0 ? found.slice(0, limit) : found;
    return { header: this.#header(), kvs, hasMore: kvs.length < found.length, count: found.length };
  }

  txn({ compare = [], success = [], failure = [] }: TxnRequest): TxnResponse | 'no such lease' {
    const isSucceeded = !this.isGuarded || compare.every((guard) => this.#holds(guard));
    const leases = isSucceeded ? success.map(({ put }) => put?.lease ?? 0n) : [];
    if (leases.some((id) => id !== 0n && !this.#leases.has(id))) return 'no such lease';
    const revision = this.revision + 1;
    const events: WatchEvent[] = [];
    const responses: TxnResponse['responses'][number][] = [];
    for (const { range, put, deleteRange } of isSucceeded ? success : failure) {
      if (put?.key) events.push(this.#put(put.key, put, revision));
      if (deleteRange?.key) events.push(...this.#remove(deleteRange.key, deleteRange.rangeEnd, revision));
      const found = range && this.range(range);
      responses.push({ range: found === 'compacted' ? undefined : found });
    }
    this.#record(revision, events);
    return { header: this.#header(), isSucceeded, responses };
  }

  grantLease(ttlSeconds: number): bigint {
    this.#lastLease += 1n;
    const ttlMs = ttlSeconds * SECOND_MS;
    this.#leases.set(this.#lastLease, { ttlMs, expiresMs: this.#clock.monotonic() + ttlMs });
    return this.#lastLease;
  }

  /** Seconds that the lease lasts from now on; 0 when it is gone. */
  renewLease(id: bigint): number {
    const lease = this.#leases.get(id);
    if (lease === undefined) return 0;
    lease.expiresMs = this.#clock.monotonic() + lease.ttlMs;
    return lease.ttlMs / SECOND_MS;
  }

  revokeLease(id: bigint): void {
    if (!this.#leases.delete(id)) return;
    const revision = this.revision + 1;
    const events: WatchEvent[] = [];
    for (const versions of this.#versions.values()) {
      const kv = versions.at(-1)?.kv;
      if (kv?.lease === id) events.push(...this.#remove(kv.key, undefined, revision));
    }
    this.#record(revision, events);
  }

  /** What happened to a range after a revision, a revision at a time; `compacted` when that is not known any more. */
  changesAfter(
    revision: number,
    key: Buffer,
    rangeEnd: Buffer,
  ): readonly { readonly revision: number; readonly events: readonly WatchEvent[] }[] | 'compacted' {
    if (revision + 1 < this.compacted) return 'compacted';
    const after = this.#history.slice(this.#history.findIndex((each) => each.revision > revision));
    if (this.#history.at(-1)?.revision === undefined || this.revision <= revision) return [];
    return after.flatMap((each) => {
      const events = each.events.filter(({ kv }) => kv && isWithin(nameOf(kv.key), key, rangeEnd));
      return events.length > 0 ? [{ revision: each.revision, events }] : [];
    });
  }

  /** Forget how it was before the newest revision. */
  compact(): void {
    this.compacted = this.revision;
  }

  #header(): RangeResponse['header'] {
    return { clusterId: 1n, memberId: 1n, revision: this.revision, raftTerm: 1n };
  }

  #now(key: Buffer): KeyValue | undefined {
    return this.#versions.get(nameOf(key))?.at(-1)?.kv;
  }

  #holds(guard: NonNullable<TxnRequest['compare']>[number]): boolean {
    const kv = guard.key && this.#now(guard.key);
    if (guard.target === COMPARE_TARGET.createRevision)
      return (kv?.createRevision ?? 0) === guard.createRevision;
    if (guard.target === COMPARE_TARGET.modRevision) return (kv?.modRevision ?? 0) === guard.modRevision;
    throw new Error(`the simulated etcd does not compare ${guard.target}`);
  }

  #write(key: Buffer, version: Version): void {
    const versions = this.#versions.get(nameOf(key));
    if (versions === undefined) this.#versions.set(nameOf(key), [version]);
    else versions.push(version);
  }

  #put(
    key: Buffer,
    { value = Buffer.alloc(0), lease = 0n }: { value?: Buffer; lease?: bigint },
    revision: number,
  ): WatchEvent {
    const before = this.#now(key);
    const kv: KeyValue = {
      key,
      value,
      lease,
      createRevision: before?.createRevision ?? revision,
      modRevision: revision,
      version: (before?.version ?? 0) + 1,
    };
    this.#write(key, { revision, kv });
    return { type: EVENT_TYPE.put, kv };
  }

  #remove(key: Buffer, rangeEnd: Buffer | undefined, revision: number): WatchEvent[] {
    const found = this.range({ key, ...(rangeEnd && { rangeEnd }) });
    if (found === 'compacted') return [];
    return found.kvs.map(({ key: removed }) => {
      this.#write(removed, { revision, kv: undefined });
      const kv = {
        key: removed,
        value: Buffer.alloc(0),
        lease: 0n,
        createRevision: 0,
        modRevision: revision,
        version: 0,
      };
      return { type: EVENT_TYPE.remove, kv };
    });
  }

  #record(revision: number, events: readonly WatchEvent[]): void {
    if (events.length === 0) return;
    this.revision = revision;
    this.#history.push({ revision, events });
    for (const look of [...this.changed]) look();
  }

  #expire(): void {
    const nowMs = this.#clock.monotonic();
    for (const [id, { expiresMs }] of [...this.#leases]) if (expiresMs <= nowMs) this.revokeLease(id);
    this.#clock.after(LEASE_LOOK_MS, () => this.#expire());
  }
}
