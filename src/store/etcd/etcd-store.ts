/**
 * The store that several servers share: the catalog's port on etcd.
 *
 * Every commit is one transaction that holds only if nothing was written since (`meta/index` has the revision that it had)
 * and, where leadership is fenced, if this server still leads. So neither a leader that slept nor a request that was late
 * can write on top of what it did not see. A commit whose reply is lost is found out by making it impossible: `meta/index`
 * is written once more, unchanged, if it still is as it was; then the commit can never happen. If it is not, the note of
 * this server's last commit says whether that was the one.
 */
import {
  type CommitOutcome,
  doneAfter,
  type Follower,
  type Persistence,
  type Write,
} from '../../catalog/persistence.ts';
import type { Kinds, TableSpecs } from '../../catalog/table-set.ts';
import type { Clock } from '../../lib/clock.ts';
import type { Logger } from '../../lib/logger.ts';
import type { Random } from '../../lib/random.ts';
import { AppError } from '../../model/errors.ts';
import type { ModifyIndex } from '../../model/types.ts';
import { type EncodedBatch, encodeBatch, sizeOfWrite } from './etcd-batch.ts';
import type { EtcdClient } from './etcd-client.ts';
import type { EtcdFault } from './etcd-fault.ts';
import { EtcdFollow } from './etcd-follow.ts';
import { Layout, type MetaRecord } from './etcd-layout.ts';
import { loadAll, type MetaState, readMetaState } from './etcd-load.ts';
import { COMPARE_TARGET, type TxnRequest, type TxnResponse } from './etcd-messages.ts';

/** What proves that this server leads: a key that exists since a certain revision. */
export interface Fence {
  readonly key: Buffer;
  readonly createRevision: number;
}

export interface EtcdStoreParts<K extends Kinds> {
  readonly client: EtcdClient;
  /** `/rollcall/DATACENTER/`; two stores never share one. */
  readonly prefix: string;
  readonly specs: TableSpecs<K>;
  /** Name of this server, the same after a restart. */
  readonly writer: string;
  /** The fence of the present term; undefined while this server does not lead, which refuses commits. Absent: no fence. */
  readonly fence?: () => Fence | undefined;
  /** What etcd takes in one transaction: `--max-txn-ops`, `--max-request-bytes`. */
  readonly maxTxnOps: number;
  readonly maxRequestBytes: number;
  /** A watch that is silent for so long is asked whether it lives. */
  readonly watchIdleMs: number;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
}

/** A commit and what etcd has to hold for it to happen. */
interface Attempt {
  readonly after: ModifyIndex;
  readonly count: number;
  /** What is written beside it, to know it again. */
  readonly id: string;
  /** What it follows on. */
  readonly meta: MetaState;
  readonly guards: NonNullable<TxnRequest['compare']>;
}

/** Operations of a transaction beside the rows: the index, the writer's note, and as many guards. */
const OWN_OPERATIONS = 4;
/** Octets of a transaction beside rows and what is hidden. */
const OWN_BYTES = 4_096;

const notLeading = (): AppError => new AppError('no_leader', 'No cluster leader');

const storeFailed = (fault: EtcdFault): AppError =>
  new AppError('store_failed', `the change could not be stored: ${fault.text}`);

const refusedBy = (reason: AppError): CommitOutcome => ({ outcome: 'refused', reason });

class EtcdStore<K extends Kinds> {
  readonly #parts: EtcdStoreParts<K>;
  readonly #layout: Layout;
  /** The newest `meta/index` that is known; undefined before anything was read. */
  #meta: MetaState | undefined;
  /** What `load` gave: following can begin there. */
  #loaded: { readonly index: ModifyIndex; readonly revision: number } | undefined;
  /** The newest commit that was sent, and whether it is known to be done. */
  #last: (Attempt & { readonly isDone: boolean }) | undefined;
  readonly #follows = new Set<EtcdFollow<K>>();

  constructor(parts: EtcdStoreParts<K>) {
    this.#parts = parts;
    this.#layout = new Layout(parts.prefix);
  }

  get #page() {
    return { client: this.#parts.client, layout: this.#layout };
  }

  async load() {
    const loaded = await loadAll(this.#page, this.#parts.specs);
    if (loaded.kind !== 'done')
      throw new AppError('store_failed', `the store cannot be read: ${loaded.text}`);
    this.#learn(loaded.meta);
    this.#loaded = { index: loaded.stored.index, revision: loaded.revision };
    return loaded.stored;
  }

  sizeOf(write: Write<K>): number {
    return sizeOfWrite(this.#layout, this.#parts.specs, write);
  }

  async commit(batch: readonly Write<K>[], after: ModifyIndex): Promise<CommitOutcome> {
    const fence = this.#parts.fence?.();
    if (this.#parts.fence && fence === undefined) return refusedBy(notLeading());
    const meta = await this.#metaAt(after);
    if ('outcome' in meta) return meta;
    return this.#tryCommit(batch, { after, meta, fence, found: new Map() });
  }

  async outcomeOf(batch: readonly Write<K>[], after: ModifyIndex): Promise<CommitOutcome> {
    const last = this.#last;
    const isLast = last !== undefined && last.after === after && last.count === batch.length;
    // A batch that was never sent from here cannot have happened.
    if (!isLast) return refusedBy(new AppError('store_failed', 'the change was not stored'));
    if (last.isDone) return doneAfter(after, batch.length);
    const answer = await this.#makeImpossible(last);
    if (answer.kind !== 'done') return { outcome: 'unknown', reason: storeFailed(answer) };
    const { isSucceeded, responses, header } = answer.reply;
    if (isSucceeded) {
      this.#learn({ ...last.meta, modRevision: header?.revision ?? 0 });
      this.#last = undefined;
      return refusedBy(new AppError('store_failed', 'the change was not stored: etcd never got it'));
    }
    this.#meta = undefined; // written by this commit or by others; the next one reads it
    const note = responses[0]?.range?.kvs[0]?.value.toString('utf8');
    if (note !== last.id) return refusedBy(new AppError('store_failed', 'the change was not stored'));
    this.#last = { ...last, isDone: true };
    return doneAfter(after, batch.length);
  }

  follow(from: ModifyIndex, follower: Follower<K>): () => void {
    const { client, specs, clock, log, watchIdleMs: idleMs } = this.#parts;
    // Whoever holds what was loaded, or more, needs only what came after; anybody else begins with everything.
    const canContinue = this.#loaded !== undefined && from >= this.#loaded.index;
    const follow = new EtcdFollow<K>(
      { client, layout: this.#layout, specs, clock, log, idleMs, onMeta: (meta) => this.#learn(meta) },
      follower,
      { index: from, revision: canContinue ? this.#loaded?.revision : undefined },
    );
    this.#follows.add(follow);
    follow.start();
    return () => {
      follow.stop();
      this.#follows.delete(follow);
    };
  }

  async close(): Promise<void> {
    for (const follow of this.#follows) follow.stop();
    this.#follows.clear();
  }

  #learn(meta: MetaState): void {
    if (this.#meta === undefined || meta.modRevision > this.#meta.modRevision) this.#meta = meta;
  }

  /** The newest index with its revision, if it is `after`; otherwise why a commit that follows on `after` is refused. */
  async #metaAt(after: ModifyIndex): Promise<MetaState | Extract<CommitOutcome, { outcome: 'refused' }>> {
    if (this.#meta?.record.index === after) return this.#meta;
    const answer = await readMetaState(this.#page);
    // Nothing was written yet, so nothing is unknown.
    if (answer.kind !== 'done') return { outcome: 'refused', reason: storeFailed(answer) };
    this.#meta = answer.meta;
    const { index } = answer.meta.record;
    if (index === after) return answer.meta;
    const text = `the newest index is ${index}, not ${after}`;
    return { outcome: 'refused', reason: new AppError('store_failed', text) };
  }

  async #tryCommit(
    batch: readonly Write<K>[],
    sent: {
      readonly after: ModifyIndex;
      readonly meta: MetaState;
      readonly fence: Fence | undefined;
      readonly found: ReadonlyMap<string, ModifyIndex>;
    },
  ): Promise<CommitOutcome> {
    const { after, meta, fence, found } = sent;
    const { specs, random, client } = this.#parts;
    const encoded = encodeBatch({ layout: this.#layout, specs, found }, batch, after);
    const record = { index: after + batch.length, first: after + 1, hidden: encoded.hidden };
    const guards = this.#guards(meta, fence);
    const attempt: Attempt = { after, count: batch.length, id: random.uuid(), meta, guards };
    this.#last = { ...attempt, isDone: false };
    const answer = await client.txn(this.#request(attempt, record, encoded));
    if (answer.kind !== 'done') {
      if (answer.kind === 'unknown') return { outcome: 'unknown', reason: storeFailed(answer) };
      this.#last = undefined;
      return refusedBy(storeFailed(answer));
    }
    const { header, isSucceeded } = answer.reply;
    if (isSucceeded) {
      this.#last = { ...attempt, isDone: true };
      this.#learn({ record, modRevision: header?.revision ?? 0 });
      return doneAfter(after, batch.length);
    }
    this.#last = undefined;
    const why = this.#whyNot(answer.reply, meta, fence);
    if (why !== undefined || encoded.unstamped.length === 0 || found.size > 0)
      return refusedBy(
        why ?? new AppError('store_failed', 'rows that were put as new ones are there already'),
      );
    const there = await this.#createIndexes(encoded.unstamped);
    return there.kind === 'done'
      ? this.#tryCommit(batch, { ...sent, found: there.found })
      : refusedBy(storeFailed(there));
  }

  #guards({ modRevision }: MetaState, fence: Fence | undefined): Attempt['guards'] {
    const isUnchanged = { key: this.#layout.metaKey, target: COMPARE_TARGET.modRevision, modRevision };
    if (fence === undefined) return [isUnchanged];
    const { key, createRevision } = fence;
    return [isUnchanged, { key, target: COMPARE_TARGET.createRevision, createRevision }];
  }

  #request({ id, guards }: Attempt, record: MetaRecord, { rows, unstamped }: EncodedBatch): TxnRequest {
    const isNew = (key: Buffer) => ({ key, target: COMPARE_TARGET.createRevision, createRevision: 0 });
    return {
      compare: [...guards, ...unstamped.map(isNew)],
      success: [
        ...rows.map(({ key, value }) =>
          value === undefined ? { deleteRange: { key } } : { put: { key, value: Buffer.from(value) } },
        ),
        { put: { key: this.#layout.metaKey, value: Buffer.from(JSON.stringify(record)) } },
        { put: { key: this.#layout.writerKey(this.#parts.writer), value: Buffer.from(id) } },
      ],
      failure: guards.map(({ key }) => ({ range: key ? { key } : {} })),
    };
  }

  /** Why the guards did not hold; undefined when it was none of them. */
  #whyNot(
    { responses }: TxnResponse,
    { modRevision }: MetaState,
    fence: Fence | undefined,
  ): AppError | undefined {
    const [metaNow, fenceNow] = responses.map(({ range }) => range?.kvs[0]);
    if (fence && fenceNow?.createRevision !== fence.createRevision) return notLeading();
    if ((metaNow?.modRevision ?? 0) === modRevision) return undefined;
    this.#meta = undefined;
    return new AppError('store_failed', 'another server has written meanwhile; nothing was changed');
  }

  /** createIndex of those of the rows that are there. */
  async #createIndexes(
    keys: readonly Buffer[],
  ): Promise<{ kind: 'done'; found: ReadonlyMap<string, ModifyIndex> } | EtcdFault> {
    const answer = await this.#parts.client.txn({ success: keys.map((key) => ({ range: { key } })) });
    if (answer.kind !== 'done') return answer;
    const found = new Map<string, ModifyIndex>();
    for (const kv of answer.reply.responses.flatMap(({ range }) => range?.kvs ?? []))
      found.set(String(kv.key), (JSON.parse(String(kv.value)) as { createIndex: ModifyIndex }).createIndex);
    return { kind: 'done', found };
  }

  /** Write the index once more as it was, so that a commit with these guards can no longer happen; or read who wrote last. */
  #makeImpossible({ guards, meta: { record } }: Attempt) {
    const key = this.#layout.metaKey;
    return this.#parts.client.txn({
      compare: guards,
      success: [{ put: { key, value: Buffer.from(JSON.stringify(record)) } }],
      failure: [{ range: { key: this.#layout.writerKey(this.#parts.writer) } }],
    });
  }
}

/** The store below a prefix of etcd. The client is its owner's to close. */
export function etcdStore<K extends Kinds>(parts: EtcdStoreParts<K>): Persistence<K> {
  const store = new EtcdStore(parts);
  return {
    limits: {
      maxOperations: parts.maxTxnOps - OWN_OPERATIONS,
      maxBytes: parts.maxRequestBytes - OWN_BYTES,
    },
    load: () => store.load(),
    sizeOf: (write) => store.sizeOf(write),
    commit: (batch, after) => store.commit(batch, after),
    outcomeOf: (batch, after) => store.outcomeOf(batch, after),
    follow: (from, follower) => store.follow(from, follower),
    close: () => store.close(),
  };
}
