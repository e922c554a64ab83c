/**
 * Replies that carry an rcode and the question, and nothing else.
 */
import { FLAG, HEADER_BYTES, RCODE } from '../wire/constants.ts';
import { appendOption, encodeReply } from '../wire/fit.ts';
import type { Query, Refusal } from '../wire/message.ts';
import { opcodeOf } from '../wire/message.ts';
import type { Reply } from '../wire/message-reply.ts';
import { replyEdns, replyFlags } from './encode-answer.ts';
import type { Zone } from './zone.ts';

const SPACE = { maxBytes: 512, compress: true, mayMarkTruncated: false } as const;
const EMPTY = { answers: [], authority: [], additional: [] } as const;

/**
 * The reply to a packet that was not accepted. FORMERR is sent as a standard query whatever the packet said; NOTIMP keeps
 * the opcode that is not implemented.
 */
export function writeRefusal(refusal: Refusal, out: Uint8Array): number {
  const opcode = refusal.rcode === RCODE.NOTIMP ? opcodeOf(refusal.flags) : 0;
  const flags = FLAG.QR | (opcode << 11) | (refusal.flags & (FLAG.RD | FLAG.CD));
  const { id, rcode, question } = refusal;
  return encodeReply({ ...EMPTY, id, flags, rcode, question, edns: null }, out, SPACE).length;
}

export interface Failure {
  readonly rcode: number;
  /** AA: we are the ones to know, and this is what we say. */
  readonly isAuthoritative: boolean;
  /** REFUSED for names outside the zone has no OPT record; everything else gives it back. */
  readonly withEdns: boolean;
  readonly option?: Uint8Array;
}

/** An rcode as the whole answer to a well-formed query. */
export function writeFailure(query: Query, failure: Failure, zone: Zone, out: Uint8Array): number {
  const edns = failure.withEdns ? replyEdns(query) : null;
  const reply: Reply = {
    ...EMPTY,
    id: query.id,
    flags: replyFlags(query, zone) | (failure.isAuthoritative ? FLAG.AA : 0),
    rcode: failure.rcode,
    question: query.question,
    edns,
  };
  const { length } = encodeReply(reply, out, SPACE);
  if (edns === null || failure.option === undefined) return length;
  return appendOption(
    { out, length, optionsBytes: edns.options.length, maxBytes: SPACE.maxBytes },
    failure.option,
  );
}

/** A reply of somebody else that is too large for the client: its header with TC, and the question (RFC 2181 §9). */
export function writeTruncated(reply: Uint8Array, query: Query): Uint8Array {
  const short = new Uint8Array(HEADER_BYTES + query.question.length);
  short.set(reply.subarray(0, HEADER_BYTES));
  short[2] = (short[2] as number) | (FLAG.TC >>> 8);
  short.set([0, 1, 0, 0, 0, 0, 0, 0], 4);
  short.set(query.question, HEADER_BYTES);
  return short;
}
