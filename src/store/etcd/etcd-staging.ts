/**
 * Writes that are larger than one transaction of etcd, made whole all the same.
 *
 * 1. The changes are put below `staged/NAME/`, in pieces. Nobody looks there, so this may end anywhere.
 * 2. One commit as any other puts NAME into `meta/index`. With it the write is done: who follows reads the pieces, who
 *    loads lays them over the rows. So everybody sees all of it or nothing.
 * 3. The pieces become rows, one after the other, and then NAME goes from `meta/index`, the index being as it was. Nothing
 *    is committed before that is over. Whoever leads can do it, and do it again: each step holds only while `meta/index`
 *    is as step 2 left it, and leadership as it was.
 *
 * Pieces of a write that never got to step 2 lie there until the next one that is staged takes them away.
 */
import type { Change } from '../../catalog/state.ts';
import type { Kinds, TableSpecs } from '../../catalog/table-set.ts';
import type { EtcdClient } from './etcd-client.ts';
import { type EtcdFault, unknown } from './etcd-fault.ts';
import { endOfPrefix, type Layout, type MetaRecord } from './etcd-layout.ts';
import type { RangeResponse, TxnRequest, TxnResponse } from './etcd-messages.ts';
import { changesOfPiece, foldPiece, type RowTooLarge } from './etcd-pieces.ts';

interface Place<K extends Kinds> {
  readonly client: EtcdClient;
  readonly layout: Layout;
  readonly specs: TableSpecs<K>;
}

/** What has to hold for a step, and what is asked when it does not. */
export type Guarded = Pick<TxnRequest, 'compare' | 'failure'>;

/** A step that did not happen because what guards it did not hold. */
interface NotHeld {
  readonly kind: 'not-held';
  readonly reply: TxnResponse;
}

type StepEnd = { readonly kind: 'done'; readonly reply: TxnResponse } | NotHeld | EtcdFault;

/** Pieces that are read at once; each may be as large as a request. */
const PIECES_AT_ONCE = 4;

async function step(
  client: EtcdClient,
  guarded: Guarded,
  success: NonNullable<TxnRequest['success']>,
): Promise<StepEnd> {
  const answer = await client.txn({ ...guarded, success });
  if (answer.kind !== 'done' || answer.reply.isSucceeded) return answer;
  return { kind: 'not-held', reply: answer.reply };
}

const removeAll = (layout: Layout): NonNullable<TxnRequest['success']>[number] => ({
  deleteRange: { key: layout.stagedPrefix(), rangeEnd: endOfPrefix(layout.stagedPrefix()) },
});

/** Put the pieces of a write in place, after taking away what an earlier one left. */
export async function stagePieces(
  { client, layout }: Pick<Place<Kinds>, 'client' | 'layout'>,
  guarded: Guarded,
  name: string,
  pieces: Iterable<Buffer | RowTooLarge>,
): Promise<StepEnd | { readonly kind: 'row-too-large'; readonly row: RowTooLarge }> {
  let end = await step(client, guarded, [removeAll(layout)]);
  let number = 0;
  for (const piece of pieces) {
    if (end.kind !== 'done') return end;
    if (!Buffer.isBuffer(piece)) return { kind: 'row-too-large', row: piece };
    end = await step(client, guarded, [{ put: { key: layout.pieceKey(name, number), value: piece } }]);
    number += 1;
  }
  return end;
}

/** Go through the pieces of a write in order, as they were at a revision (0: the newest). */
async function eachPiece(
  { client, layout }: Pick<Place<Kinds>, 'client' | 'layout'>,
  at: { readonly name: string; readonly revision: number },
  use: (kv: RangeResponse['kvs'][number]) => Promise<{ readonly kind: string }> | { readonly kind: string },
): Promise<{ readonly kind: 'done' } | Exclude<StepEnd, { kind: 'done' }>> {
  const prefix = layout.stagedPrefix(at.name);
  let key = prefix;
  for (;;) {
    const request = { key, rangeEnd: endOfPrefix(prefix), limit: PIECES_AT_ONCE, revision: at.revision };
    const answer = await client.range(request);
    if (answer.kind !== 'done') return answer;
    for (const kv of answer.reply.kvs) {
      const used = (await use(kv)) as StepEnd;
      if (used.kind !== 'done') return used;
      key = Buffer.concat([kv.key, Buffer.from([0])]);
    }
    if (!answer.reply.hasMore) return { kind: 'done' };
  }
}

/** All changes of a write that is staged at a revision. */
export async function readStaged<K extends Kinds>(
  place: Place<K>,
  at: { readonly name: string; readonly revision: number },
): Promise<{ readonly kind: 'done'; readonly changes: readonly Change<K>[] } | EtcdFault> {
  const changes: Change<K>[] = [];
  const end = await eachPiece(place, at, ({ value }) => {
    for (const change of changesOfPiece(place.specs, value)) changes.push(change);
    return { kind: 'done' };
  });
  if (end.kind === 'not-held') return unknown('other', 'nothing was guarded');
  return end.kind === 'done' ? { kind: 'done', changes } : end;
}

/** Make rows of what `record` says is staged. Ends with the answer to the last step, which wrote `meta/index`. */
export async function foldStaged<K extends Kinds>(
  { client, layout, specs }: Place<K>,
  guarded: Guarded,
  { staged: name = '', ...record }: MetaRecord,
): Promise<
  (Extract<StepEnd, { kind: 'done' }> & { readonly record: MetaRecord }) | Exclude<StepEnd, { kind: 'done' }>
> {
  const folded = await eachPiece({ client, layout }, { name, revision: 0 }, ({ value }) =>
    step(client, guarded, foldPiece(layout, specs, value)),
  );
  if (folded.kind !== 'done') return folded;
  const value = Buffer.from(JSON.stringify(record));
  const end = await step(client, guarded, [removeAll(layout), { put: { key: layout.metaKey, value } }]);
  return end.kind === 'done' ? { ...end, record } : end;
}
