/**
 * Where the history enters the queue of writes: what is worth remembering of a batch is committed with it, by the last of
 * its writes.
 *
 * So the history costs one row a commit, not one a command, is on the disk exactly when what it tells of is, and reaches
 * everybody who follows the store in the same step. What is remembered is the journal's to say (journal.ts).
 */
import type { HistoryNote } from '../../model/history-types.ts';
import type { ModifyIndex } from '../../model/types.ts';
import type { Reduced } from '../reduce-context.ts';
import type { Change } from '../state.ts';
import type { Kinds, ViewOf } from '../table-set.ts';

/** A note of a write whose index is not known yet. */
export type PendingNote = Omit<HistoryNote, 'index'>;

export interface Journal<K extends Kinds, C> {
  /** What is worth remembering of changes that are made to `view`. */
  note(
    command: C,
    changes: readonly Change<K>[],
    made: { readonly view: ViewOf<K>; readonly nowMs: number },
  ): readonly PendingNote[];
  /** Octets that notes take at most in a batch. */
  sizeOf(notes: readonly PendingNote[]): number;
  /** Changes that `keep` needs at most. */
  readonly maxOperations: number;
  /** The changes that keep notes of a batch whose first write has index `first`, and drop the oldest ones. */
  keep(notes: readonly HistoryNote[], first: ModifyIndex): readonly Change<K>[];
}

interface Noted<K extends Kinds> {
  readonly reduced: Reduced<K>;
  readonly notes: readonly PendingNote[];
}

/** A batch that follows on index `after`, with what keeps its notes. */
export function keepNotes<K extends Kinds, W extends Noted<K>>(
  batch: readonly W[],
  after: ModifyIndex,
  journal: Pick<Journal<K, never>, 'keep'>,
): readonly W[] {
  const kept: HistoryNote[] = [];
  let [index, last] = [after, -1];
  for (const [at, { reduced, notes }] of batch.entries()) {
    if (reduced.changes.length === 0) continue;
    index += 1;
    last = at;
    for (const note of notes) kept.push({ index, ...note });
  }
  if (kept.length === 0) return batch;
  const keeping = journal.keep(kept, after + 1);
  return batch.map((each, at) => {
    if (at !== last) return each;
    return { ...each, reduced: { ...each.reduced, changes: [...each.reduced.changes, ...keeping] } };
  });
}
