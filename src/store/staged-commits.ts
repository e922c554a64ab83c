/**
 * The pieces of large commits that have arrived, on the database thread, until the commit itself comes.
 *
 * One commit of each store at most is under way, so a first piece and a commit without pieces throw away what an earlier
 * one left. Nothing here is durable or visible.
 */
import { invariant } from '../model/errors.ts';
import type { CommitRequest, EncodedChange, StageRequest, StoreName } from './sqlite-protocol.ts';

interface Staged {
  pieces: number;
  /** Changes by the write that they belong to. */
  readonly writes: Map<number, EncodedChange[]>;
}

export class StagedCommits {
  readonly #staged = new Map<StoreName, Staged>();

  /** Keep a piece. */
  add({ store, piece, write, changes }: StageRequest): void {
    if (piece === 0) this.#staged.set(store, { pieces: 0, writes: new Map() });
    const staged = this.#staged.get(store);
    invariant(staged?.pieces === piece, `piece ${piece} of a commit is out of order`);
    staged.pieces += 1;
    const known = staged.writes.get(write) ?? [];
    for (const change of changes) known.push(change);
    staged.writes.set(write, known);
  }

  /** The whole batch of a commit; its pieces are no longer kept. */
  take({ store, batch, pieces = 0 }: CommitRequest): CommitRequest['batch'] {
    const staged = this.#staged.get(store);
    this.#staged.delete(store);
    if (pieces === 0) return batch;
    invariant(staged?.pieces === pieces, 'pieces of a commit are missing');
    return batch.map((changes, write) => [...(staged.writes.get(write) ?? []), ...changes]);
  }
}
