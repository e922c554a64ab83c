/**
 * The store that several servers share: the catalog's port on etcd.
 *
 * Every commit is one transaction that holds only if nothing was written since (`meta/index` has the revision that it had)
 * and, where leadership is fenced, if this server still leads. So neither a leader that slept nor a request that was late
 * can write on top of what it did not see. A commit whose reply is lost is found out (etcd-attempt.ts): `meta/index`
 * is written once more, unchanged, if it still is as it was; then the commit can never happen. If it is not, the note of
 * this server's last commit says whether that was the one. A write that is larger than a transaction is staged
 * (etcd-staging.ts) and then done by such a commit.
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
import { type Attempt, type Fate, fateOf, sendAttempt } from './etcd-attempt.ts';
import { type BatchParts, type EncodedBatch, encodeBatch, sizeOfWrite } from './etcd-batch.ts';
import type { EtcdClient } from './etcd-client.ts';
import type { Answer, EtcdFault } from './etcd-fault.ts';

import { EtcdFollow } from './etcd-follow.ts';
import {
  type Fence,
  type Guards,
  guardsOf,
  isIndexKept,
  lookAt,
  notLeading,
  storeFailed,
  whyNotHeld,
  writtenMeanwhile,
} from './etcd-guards.ts';
import { Layout, type MetaRecord } from './etcd-layout.ts';
import { loadAll, type MetaState, readCreateIndexes, readMetaState } from './etcd-load.ts';
import { COMPARE_TARGET, type TxnRequest, type TxnResponse } from './etcd-messages.ts';
import { cutIntoPieces, type PieceLimits, rowTooLarge, unstampedKeys } from './etcd-pieces.ts';
import { foldStaged, type Guarded, stagePieces } from './etcd-staging.ts';

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
  /** Time after which nobody knows what became of a commit; default 5000. */
  readonly commitTimeoutMs?: number;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
}

/** Operations of a transaction beside the rows: the index, the writer's note, and as many guards. */
const OWN_OPERATIONS = 4;
const COMMIT_TIMEOUT_MS = 5_000;

/** Octets of a transaction beside rows and what is hidden. */
const OWN_BYTES = 4_096;

type Refused = Extract<CommitOutcome, { outcome: 'refused' }>;

const refusedBy = (reason: AppError): Refused => ({ outcome: 'refused', reason });

/** A commit on its way: what it follows on, and what is known of rows that it puts as new ones. */
interface Sending {
  readonly after: ModifyIndex;
  readonly meta: MetaState;
  readonly fence: Fence | undefined;
  readonly found: ReadonlyMap<string, ModifyIndex>;
  /** When it is given up, by the clock. */
  readonly untilMs: number;
}

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
  /** What fits into one transaction beside the store's own. */
  readonly limits: PieceLimits;
  /** Under way: the rows of a staged write are put in place. */
  #folding: Promise<MetaState | Refused> | undefined;

  constructor(parts: EtcdStoreParts<K>) {
    this.#parts = parts;
    this.#layout = new Layout(parts.prefix);
    this.limits = {
      maxOperations: parts.maxTxnOps - OWN_OPERATIONS,
      maxBytes: parts.maxRequestBytes - OWN_BYTES,
    };
  }

  get #page() {
    const { client, specs } = this.#parts;
    return { client, layout: this.#layout, specs };
  }

  get #sender() {
    const { client, writer, clock } = this.#parts;
    return { client, writer, clock, layout: this.#layout };
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
    return sizeOfWrite(this.#page, write, this.limits.maxBytes);
  }

  async commit(batch: readonly Write<K>[], after: ModifyIndex): Promise<CommitOutcome> {
    await this.#folding;
    const fence = this.#parts.fence?.();
    if (this.#parts.fence && fence === undefined) return refusedBy(notLeading());
    let meta = await this.#metaAt(after);
    if (!('outcome' in meta) && meta.record.staged !== undefined) meta = await this.#fold(meta, fence);
    if ('outcome' in meta) return meta;
    const untilMs = this.#parts.clock.monotonic() + (this.#parts.commitTimeoutMs ?? COMMIT_TIMEOUT_MS);
    return this.#tryCommit(batch, { after, meta, fence, found: new Map(), untilMs });
  }

  async outcomeOf(batch: readonly Write<K>[], after: ModifyIndex): Promise<CommitOutcome> {
    const last = this.#last;
    const isLast = last !== undefined && last.after === after && last.count === batch.length;
    // A batch that was never sent from here cannot have happened.
    if (!isLast) return refusedBy(new AppError('store_failed', 'the change was not stored'));
    if (last.isDone) return doneAfter(after, batch.length);
    const fate = await fateOf(this.#sender, last);
    if ('reason' in fate) return { outcome: 'unknown', reason: storeFailed(fate) };
    this.#learn(fate.meta);
    this.#last = fate.kind === 'happened' ? { ...last, isDone: true } : undefined;
    if (fate.kind === 'happened') return doneAfter(after, batch.length);
    return refusedBy(new AppError('store_failed', 'the change was not stored: etcd never got it'));
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
    await this.#folding;
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

  async #tryCommit(batch: readonly Write<K>[], sending: Sending): Promise<CommitOutcome> {
    const { after, meta, found } = sending;
    const { maxOperations, maxBytes } = this.limits;
    const [first] = batch;
    if (batch.length === 1 && first && first.length > maxOperations) return this.#stage(first, sending);
    const encoded = encodeBatch(this.#batchParts(found), batch, after);
    if (batch.length === 1 && first && encoded.bytes > maxBytes) return this.#stage(first, sending);
    const record = { index: after + batch.length, first: after + 1, hidden: encoded.hidden };
    const attempt = this.#begin(batch.length, sending);
    const request = this.#request(attempt, record, encoded);
    const answer = await sendAttempt(this.#sender, attempt, request, sending.untilMs);
    if (answer.kind === 'impossible') return this.#tryAgain(batch, sending, answer.meta);
    const outcome = await this.#conclude(attempt, record, answer);
    if (outcome !== undefined) return outcome;
    const why = answer.kind === 'done' ? this.#whyNot(answer.reply, meta, sending.fence) : undefined;
    if (why !== undefined || encoded.unstamped.length === 0 || found.size > 0)
      return refusedBy(
        why ?? new AppError('store_failed', 'rows that were put as new ones are there already'),
      );
    const there = await readCreateIndexes(this.#page, this.limits, encoded.unstamped);
    return there.kind === 'done'
      ? this.#tryCommit(batch, { ...sending, found: there.found })
      : refusedBy(storeFailed(there));
  }

  /** Commit what was made impossible on its first way, if that is still what comes next. */
  #tryAgain(batch: readonly Write<K>[], sending: Sending, meta: MetaState): Promise<CommitOutcome> | Refused {
    this.#last = undefined;
    this.#learn(meta);
    const fence = this.#parts.fence?.();
    if (fence?.createRevision !== sending.fence?.createRevision) return refusedBy(notLeading());
    if (meta.record.index !== sending.after) return refusedBy(writtenMeanwhile());
    if (this.#parts.clock.monotonic() >= sending.untilMs)
      return refusedBy(
        new AppError('store_failed', 'the change could not be stored: etcd did not take it in time'),
      );
    return this.#tryCommit(batch, { ...sending, meta });
  }

  #batchParts(found: Sending['found']): BatchParts<K> {
    return { layout: this.#layout, specs: this.#parts.specs, found };
  }

  #begin(count: number, { after, meta, fence }: Sending): Attempt {
    const attempt = { after, count, id: this.#parts.random.uuid(), meta, guards: this.#guards(meta, fence) };
    this.#last = { ...attempt, isDone: false };
    return attempt;
  }

  /** What the answer to an attempt means; undefined when what guards it did not hold. */
  async #conclude(
    attempt: Attempt,
    record: MetaRecord,
    answer: Answer<TxnResponse> | Fate,
  ): Promise<CommitOutcome | undefined> {
    if (answer.kind === 'happened') {
      this.#last = { ...attempt, isDone: true };
      this.#learn(answer.meta);
      return doneAfter(attempt.after, attempt.count);
    }
    if (answer.kind === 'unknown')
      return answer.reason === 'exhausted'
        ? this.#afterExhaustion(attempt, answer)
        : { outcome: 'unknown', reason: storeFailed(answer) };
    if (answer.kind === 'done' && answer.reply.isSucceeded) {
      this.#last = { ...attempt, isDone: true };
      this.#learn({ record, modRevision: answer.reply.header?.revision ?? 0 });
      return doneAfter(attempt.after, attempt.count);
    }
    this.#last = undefined;
    return 'reason' in answer ? refusedBy(storeFailed(answer)) : undefined;
  }

  /**
   * etcd says that it has no space, of the very transaction that took the last of it, too. Since it did answer, nothing
   * is on its way any more, and what is there tells which it was; making it impossible would take space.
   */
  async #afterExhaustion(attempt: Attempt, fault: EtcdFault): Promise<CommitOutcome> {
    const key = this.#layout.writerKey(this.#parts.writer);
    const answer = await this.#parts.client.range({ key });
    if (answer.kind !== 'done') return { outcome: 'unknown', reason: storeFailed(fault) };
    this.#meta = undefined;
    if (answer.reply.kvs[0]?.value.toString('utf8') !== attempt.id) {
      this.#last = undefined;
      return refusedBy(storeFailed(fault));
    }
    this.#last = { ...attempt, isDone: true };
    return doneAfter(attempt.after, attempt.count);
  }

  /** Commit a write that is larger than one transaction. */
  async #stage(write: Write<K>, sending: Sending): Promise<CommitOutcome> {
    const { after, meta, fence } = sending;
    const unstamped = unstampedKeys(this.#batchParts(new Map()), write);
    const there = await readCreateIndexes(this.#page, this.limits, unstamped);
    if (there.kind !== 'done') return refusedBy(storeFailed(there));
    const guarded = this.#guarded(meta, fence);
    const staged = this.#parts.random.uuid();
    const pieces = cutIntoPieces(this.#batchParts(there.found), write, after + 1, this.limits);
    const end = await stagePieces(this.#page, guarded, staged, pieces);
    // Whatever kept it from being staged, it was not done: nobody looks at pieces without a name.
    if (end.kind === 'row-too-large') return refusedBy(rowTooLarge(end.row, this.limits));
    if (end.kind === 'not-held') return refusedBy(this.#whyNot(end.reply, meta, fence) ?? notLeading());
    if (end.kind !== 'done') return refusedBy(storeFailed(end));
    const record: MetaRecord = { index: after + 1, first: after + 1, hidden: [], staged };
    const attempt = this.#begin(1, sending);
    const request = this.#request(attempt, record);
    const answer = await sendAttempt(this.#sender, attempt, request, sending.untilMs);
    if (answer.kind === 'impossible') return this.#tryAgain([write], sending, answer.meta);
    const outcome = await this.#conclude(attempt, record, answer);
    if (outcome?.outcome === 'done' && this.#meta?.record.staged !== undefined)
      void this.#fold(this.#meta, fence);
    if (outcome !== undefined) return outcome;
    const why = answer.kind === 'done' ? this.#whyNot(answer.reply, meta, fence) : undefined;
    return refusedBy(why ?? notLeading());
  }

  /** Put the rows of a staged write in place, so that others can be written; gives the newest index after that. */
  #fold(meta: MetaState, fence: Fence | undefined): Promise<MetaState | Refused> {
    this.#folding ??= this.#foldNow(meta, fence).finally(() => {
      this.#folding = undefined;
    });
    return this.#folding;
  }

  async #foldNow(meta: MetaState, fence: Fence | undefined): Promise<MetaState | Refused> {
    try {
      const end = await foldStaged(this.#page, this.#guarded(meta, fence), meta.record);
      if (end.kind === 'done') {
        const folded = { record: end.record, modRevision: end.reply.header?.revision ?? 0 };
        this.#learn(folded);
        return folded;
      }
      this.#meta = undefined; // how far it came is read anew
      if (end.kind === 'not-held') return refusedBy(this.#whyNot(end.reply, meta, fence) ?? notLeading());
      return refusedBy(storeFailed(end));
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      return refusedBy(new AppError('store_failed', `a large write cannot be put in place: ${why}`));
    }
  }

  #guarded(meta: MetaState, fence: Fence | undefined): Guarded {
    const guards = this.#guards(meta, fence);
    return { compare: guards, failure: lookAt(guards) };
  }

  #guards(meta: MetaState, fence: Fence | undefined): Guards {
    return guardsOf(this.#layout, meta, fence);
  }

  #request(
    { id, guards }: Attempt,
    record: MetaRecord,
    { rows, unstamped }: Pick<EncodedBatch, 'rows' | 'unstamped'> = { rows: [], unstamped: [] },
  ): TxnRequest {
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
      failure: lookAt(guards),
    };
  }

  /** Why the guards did not hold; undefined when it was none of them. */
  #whyNot(reply: TxnResponse, meta: MetaState, fence: Fence | undefined): AppError | undefined {
    if (!isIndexKept(reply, meta)) this.#meta = undefined;
    return whyNotHeld(reply, meta, fence);
  }
}

/** The store below a prefix of etcd. The client is its owner's to close. */
export function etcdStore<K extends Kinds>(parts: EtcdStoreParts<K>): Persistence<K> {
  const store = new EtcdStore(parts);
  return {
    limits: { ...store.limits, isLargeWriteTaken: true },
    load: () => store.load(),
    sizeOf: (write) => store.sizeOf(write),
    commit: (batch, after) => store.commit(batch, after),
    outcomeOf: (batch, after) => store.outcomeOf(batch, after),
    follow: (from, follower) => store.follow(from, follower),
    close: () => store.close(),
  };
}
