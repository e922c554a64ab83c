/**
 * Tells of everybody's writes: a watch from a known revision, begun again where it broke, and a fresh snapshot where that
 * is not possible.
 *
 * A revision of etcd is one commit; its writes are put together from the rows and from what `meta/index` tells of what the
 * rows do not show. A gap in the indexes means that something was missed and ends in a snapshot, as does a revision that
 * cannot be read, or that the follower throws at: nothing counts as told before the follower took it. Tries again after a
 * pause that doubles, for as long as it is wanted; who waits for what is missing has bounds of its own.
 */
import type { Follower, NumberedWrite } from '../../catalog/persistence.ts';
import type { Change } from '../../catalog/state.ts';
import type { Kinds, TableSpecs } from '../../catalog/table-set.ts';
import type { Clock, Timer } from '../../lib/clock.ts';
import type { Logger } from '../../lib/logger.ts';
import type { ModifyIndex } from '../../model/types.ts';
import type { EtcdClient } from './etcd-client.ts';
import type { EtcdFault } from './etcd-fault.ts';
import { type Layout, type MetaRecord, readHidden, readMeta, readRow } from './etcd-layout.ts';
import { type Loaded, loadAll, type MetaState } from './etcd-load.ts';
import { EVENT_TYPE, type WatchEvent } from './etcd-messages.ts';
import { readStaged } from './etcd-staging.ts';
import type { EtcdWatch, WatchEnd } from './etcd-watch.ts';

export interface FollowParts<K extends Kinds> {
  readonly client: EtcdClient;
  readonly layout: Layout;
  readonly specs: TableSpecs<K>;
  readonly clock: Clock;
  readonly log: Logger;
  /** After this long without a word etcd is asked whether the watch lives. */
  readonly idleMs: number;
  /** Told of the newest `meta/index`, before the follower hears of its writes. */
  readonly onMeta: (meta: MetaState) => void;
}

const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 5_000;

/** The writes of one commit, in order. Throws when a value is no JSON. */
function writesOf<K extends Kinds>(
  { layout, specs }: Pick<FollowParts<K>, 'layout' | 'specs'>,
  events: readonly WatchEvent[],
  { first, index, hidden }: MetaRecord,
): readonly NumberedWrite<K>[] {
  const changes: Change<K>[][] = Array.from({ length: index - first + 1 }, () => []);
  for (const each of hidden) {
    const change = readHidden(specs, each);
    if (change) changes[each.index - first]?.push(change);
  }
  for (const { type, kv } of events) {
    const table = kv && type === EVENT_TYPE.put ? layout.rowOf(kv.key)?.table : undefined;
    const change = kv && table !== undefined ? readRow(specs, table, kv.value) : undefined;
    if (change) changes[change.row.modifyIndex - first]?.push(change);
  }
  return changes.map((each, at) => ({ index: first + at, changes: each }));
}

export class EtcdFollow<K extends Kinds> {
  readonly #parts: FollowParts<K>;
  readonly #follower: Follower<K>;
  /** Everything up to this revision was told; undefined: a snapshot has to be read first. */
  #revision: number | undefined;
  #index: ModifyIndex;
  #watch: EtcdWatch | undefined;
  #timer: Timer | undefined;
  #pauseMs = FIRST_PAUSE_MS;
  #isFailing = false;
  #isStopped = false;

  constructor(
    parts: FollowParts<K>,
    follower: Follower<K>,
    from: { readonly index: ModifyIndex; readonly revision: number | undefined },
  ) {
    this.#parts = parts;
    this.#follower = follower;
    this.#index = from.index;
    this.#revision = from.revision;
  }

  start(): void {
    if (this.#revision === undefined) void this.#reset();
    else this.#open(this.#revision);
  }

  stop(): void {
    this.#isStopped = true;
    this.#timer?.cancel();
    this.#watch?.cancel();
  }

  #open(revision: number): void {
    if (this.#isStopped) return;
    const { client, layout, idleMs } = this.#parts;
    const range = { key: layout.start, rangeEnd: layout.end, startRevision: revision + 1, idleMs };
    this.#watch = client.watch(range, {
      onRevision: (next, events) => this.#onRevision(next, events),
      onProgress: (next) => this.#onProgress(next),
      onEnd: (end) => this.#onEnd(end),
    });
  }

  #isWell(): void {
    this.#pauseMs = FIRST_PAUSE_MS;
    if (this.#isFailing) this.#parts.log.info({}, 'the store is followed again');
    this.#isFailing = false;
  }

  #onProgress(revision: number): void {
    this.#isWell();
    if (revision < (this.#revision ?? 0)) this.#startOver('etcd was put back to an older copy');
    else this.#revision = revision;
  }

  #onRevision(revision: number, events: readonly WatchEvent[]): void {
    this.#isWell();
    const meta = events.find(
      ({ type, kv }) => type === EVENT_TYPE.put && kv && this.#parts.layout.isMeta(kv.key),
    );
    try {
      const record = meta?.kv && readMeta(meta.kv.value);
      if (record?.staged !== undefined && record.index === this.#index + 1) {
        this.#watch?.cancel(); // nothing may be told before that is read
        void this.#onStaged({ record, modRevision: revision }, record.staged);
        return;
      }
      if (record) this.#onCommit(events, { record, modRevision: revision });
      this.#revision = revision;
    } catch (error) {
      this.#startOver(`revision ${revision} cannot be taken: ${textOf(error)}`);
    }
  }

  #onCommit(events: readonly WatchEvent[], meta: MetaState): void {
    const { first, index } = meta.record;
    // The same index again: somebody made sure that a commit of unknown outcome cannot happen any more.
    if (index <= this.#index) {
      this.#parts.onMeta(meta);
      return;
    }
    if (first > this.#index + 1) throw new Error(`writes ${this.#index + 1} to ${first - 1} are missing`);
    const writes = writesOf(this.#parts, events, meta.record);
    this.#parts.onMeta(meta);
    for (const write of writes) {
      if (write.index <= this.#index || this.#isStopped) continue;
      this.#follower.onWrite(write);
      this.#index = write.index;
    }
  }

  /** Tell of a write whose changes lie in pieces, read as they were when it was done; then go on from there. */
  async #onStaged(meta: MetaState, name: string): Promise<void> {
    const { modRevision: revision, record } = meta;
    try {
      const read = await readStaged(this.#parts, { name, revision });
      if (this.#isStopped) return;
      if (read.kind !== 'done') {
        if (read.reason === 'out-of-range') this.#startOver('a large write was compacted away');
        else this.#retry(read);
        return;
      }
      this.#parts.onMeta(meta);
      this.#follower.onWrite({ index: record.index, changes: read.changes });
      this.#index = record.index;
      this.#revision = revision;
      this.#open(revision);
    } catch (error) {
      this.#startOver(`revision ${revision} cannot be taken: ${textOf(error)}`);
    }
  }

  #onEnd(end: WatchEnd): void {
    if (end.kind === 'compacted') this.#startOver('changes that were not seen yet were compacted away');
    else this.#retry(end.fault);
  }

  #startOver(why: string): void {
    if (this.#isStopped) return;
    this.#parts.log.warn({ why }, 'the store is read anew');
    this.#watch?.cancel();
    this.#revision = undefined;
    this.#again();
  }

  #retry({ text }: EtcdFault): void {
    if (!this.#isFailing) this.#parts.log.warn({ why: text }, 'the store cannot be followed; trying again');
    this.#isFailing = true;
    this.#again();
  }

  #again(): void {
    if (this.#isStopped) return;
    this.#timer?.cancel();
    this.#timer = this.#parts.clock.after(this.#pauseMs, () => this.start());
    this.#pauseMs = Math.min(this.#pauseMs * 2, LONGEST_PAUSE_MS);
  }

  /** Read everything and have it taken. Never rejects: whatever goes wrong, it is tried again after a pause. */
  async #reset(): Promise<void> {
    try {
      const loaded = await loadAll(this.#parts, this.#parts.specs);
      if (this.#isStopped) return;
      if (loaded.kind === 'done') this.#takeAll(loaded);
      else this.#retry(loaded);
    } catch (error) {
      this.#startOver(`what is stored cannot be taken: ${textOf(error)}`);
    }
  }

  #takeAll({ stored, revision, meta }: Loaded<K>): void {
    if (stored.index < this.#index) {
      const [is, was] = [stored.index, this.#index];
      this.#parts.log.error({ is, was }, 'the store was put back to an older copy: restart this agent');
      this.#again();
      return;
    }
    this.#parts.onMeta(meta);
    if (stored.index > this.#index) this.#follower.onReset(stored);
    this.#index = stored.index;
    this.#revision = revision;
    this.#isWell();
    this.#open(revision);
  }
}

const textOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
