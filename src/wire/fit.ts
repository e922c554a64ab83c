/**
 * How much of a reply goes into the space there is.
 *
 * Everything, if it fits. Else without notes and other additional records, which a client can ask for
 * (RFC 2181 §9: leaving those out is no truncation). Else the leading answers with their addresses, as many as fit, and
 * TC when the caller wants that said. The OPT record and the question always stay (RFC 6891 §7).
 */
import { FLAG } from './constants.ts';
import { type Reply, type Selection, writeReply } from './reply.ts';
import { Writer } from './writer.ts';

export interface Encoded {
  /** Octets of the message. */
  readonly length: number;
  /** Answer records that were kept. */
  readonly answers: number;
}

export interface FitOptions {
  /** Octets, header included. */
  readonly maxBytes: number;
  readonly compress: boolean;
  /** Set TC when an answer was left out (RFC 1035 §4.1.1). */
  readonly mayMarkTruncated: boolean;
}

function attempt(reply: Reply, out: Uint8Array, options: FitOptions, selection: Selection): number {
  const writer = new Writer(out, options.maxBytes, options.compress);
  writeReply(writer, reply, selection);
  return writer.isFull ? -1 : writer.offset;
}

/** The largest number of leading answers that fit without notes; -1 when not even none does. */
function countThatFits(reply: Reply, out: Uint8Array, options: FitOptions): number {
  let low = -1;
  let high = reply.answers.length;
  while (low + 1 < high) {
    const middle = (low + high) >>> 1;
    if (attempt(reply, out, options, { answers: middle, withNotes: false }) >= 0) low = middle;
    else high = middle;
  }
  return low;
}

/**
 * Keep the leading answers that fit in maxBytes (octets, header included) and write the message into `out`; sets TC when
 * one is dropped and that is wanted. RFC 1035 §4.1.1, RFC 2181 §9. Costs log2(answers) encodings when it does not fit at
 * once. Never throws; a reply without answers that does not fit loses its authority records, and says TC.
 */
export function encodeReply(reply: Reply, out: Uint8Array, options: FitOptions): Encoded {
  const all = reply.answers.length;
  const whole = attempt(reply, out, options, { answers: all, withNotes: true });
  if (whole >= 0) return { length: whole, answers: all };
  const bare = attempt(reply, out, options, { answers: all, withNotes: false });
  if (bare >= 0) return { length: bare, answers: all };
  const answers = countThatFits(reply, out, options);
  if (answers < 0 && reply.authority.length > 0) {
    return encodeReply({ ...reply, authority: [], flags: reply.flags | FLAG.TC }, out, options);
  }
  const flags = options.mayMarkTruncated && all > 0 ? reply.flags | FLAG.TC : reply.flags;
  const kept = Math.max(answers, 0);
  return {
    length: attempt({ ...reply, flags }, out, options, { answers: kept, withNotes: false }),
    answers: kept,
  };
}

/** A message that was written, and the space it stands in. */
export interface Written {
  readonly out: Uint8Array;
  readonly length: number;
  /** Octets of the options in the OPT record that ends the message. */
  readonly optionsBytes: number;
  readonly maxBytes: number;
}

/** Append an option to the OPT record that ends the message, if there is room; gives the new length. */
export function appendOption(written: Written, option: Uint8Array): number {
  const { out, length, optionsBytes, maxBytes } = written;
  if (length + option.length > Math.min(maxBytes, out.length)) return length;
  const total = optionsBytes + option.length;
  const at = length - optionsBytes - 2;
  out[at] = total >>> 8;
  out[at + 1] = total & 0xff;
  out.set(option, length);
  return length + option.length;
}
