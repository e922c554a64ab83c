/**
 * One try to commit, and what became of it when nobody says.
 *
 * etcd loses requests without a word while its leader changes, and a client would wait for its whole time. So whoever has
 * no answer soon asks: a small transaction that writes `meta/index` as it was makes the commit impossible, or finds that it
 * has happened. Asked too early, it comes after the commit and costs no more than itself. What is impossible for certain
 * can be tried again, and nobody has to hear of it.
 */
import { type Clock, early, sleep } from '../../lib/clock.ts';
import type { ModifyIndex } from '../../model/types.ts';
import type { EtcdClient } from './etcd-client.ts';
import { type Answer, type EtcdFault, unknown } from './etcd-fault.ts';
import type { Guards } from './etcd-guards.ts';
import { type Layout, readMeta } from './etcd-layout.ts';
import type { MetaState } from './etcd-load.ts';
import type { TxnRequest, TxnResponse } from './etcd-messages.ts';

/** A commit and what etcd has to hold for it to happen. */
export interface Attempt {
  readonly after: ModifyIndex;
  readonly count: number;
  /** What is written beside it, to know it again. */
  readonly id: string;
  /** What it follows on. */
  readonly meta: MetaState;
  readonly guards: Guards;
}

/** What is certain of an attempt that was not answered, and the newest index by then. */
export interface Fate {
  readonly kind: 'happened' | 'impossible';
  readonly meta: MetaState;
}

/** How an attempt is sent, and by whom. */
export interface Sender {
  readonly client: EtcdClient;
  readonly layout: Layout;
  readonly writer: string;
  readonly clock: Clock;
}

/**
 * Time in ms after which an answer is asked for. Turning it up makes writers wait for longer when etcd's leader is lost,
 * turning it down costs an etcd that is slower than that one more transaction for each commit.
 */
const PATIENCE_MS = 500;
/** Time in ms between two questions that were not answered. */
const ASK_AGAIN_MS = 50;

/** Make an attempt impossible, or find that it has happened. */
export async function fateOf(
  { client, layout, writer }: Sender,
  attempt: Attempt,
): Promise<Fate | EtcdFault> {
  const { guards, id, meta } = attempt;
  const key = layout.metaKey;
  const answer = await client.txn({
    compare: guards,
    success: [{ put: { key, value: Buffer.from(JSON.stringify(meta.record)) } }],
    failure: [{ range: { key: layout.writerKey(writer) } }, { range: { key } }],
  });
  if (answer.kind !== 'done') return answer;
  const { isSucceeded, responses, header } = answer.reply;
  if (isSucceeded)
    return { kind: 'impossible', meta: { record: meta.record, modRevision: header?.revision ?? 0 } };
  const [note, now] = responses.map(({ range }) => range?.kvs[0]);
  const kind = note?.value.toString('utf8') === id ? 'happened' : 'impossible';
  return { kind, meta: now ? { record: readMeta(now.value), modRevision: now.modRevision } : meta };
}

/** etcd without space answers, and means it: nothing is on its way any more. */
const isCertain = (answer: Answer<TxnResponse>): boolean =>
  answer.kind !== 'unknown' || answer.reason === 'exhausted';

/** Send an attempt until it is certain what became of it, or until `untilMs`; then the answer is unknown. */
export async function sendAttempt(
  sender: Sender,
  attempt: Attempt,
  request: TxnRequest,
  untilMs: number,
): Promise<Answer<TxnResponse> | Fate> {
  const { client, clock } = sender;
  const sent = client.txn(request);
  let answer = await early(clock, sent, PATIENCE_MS);
  for (;;) {
    if (answer !== undefined && isCertain(answer)) return answer;
    const fate = await early(clock, fateOf(sender, attempt), PATIENCE_MS);
    if (fate?.kind === 'happened' || fate?.kind === 'impossible') return fate;
    if (clock.monotonic() >= untilMs) return answer ?? unknown('timeout', 'etcd did not answer in time');
    if (answer === undefined) answer = await early(clock, sent, ASK_AGAIN_MS);
    else await sleep(clock, ASK_AGAIN_MS);
  }
}
