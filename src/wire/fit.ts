/**
 * How much of a reply goes into the space there is.
 *
 * Everything, if it fits. Else without notes and other additional records, which a client can ask for
 * (RFC 2181 §9: leaving those out is no truncation). Else the leading answers with their addresses, as many as fit, and
 * TC when the caller wants that said. The OPT record and the question always stay (RFC 6891 §7).
 */
import { FLAG } from './constants.ts';
import { type Reply, writeReply } from './message-reply.ts';
import { Suffixes, Writer } from './octet-writer.ts';

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

/** Writes a selection of a reply; gives its octets, -1 when it does not fit. */
type Attempt = (answers: number, withNotes: boolean) => number;

function attempts(reply: Reply, out: Uint8Array, options: FitOptions): Attempt {
  const suffixes = new Suffixes();
  return (answers, withNotes) => {
    const writer = new Writer(out, options.maxBytes, options.compress, suffixes);
    writeReply(writer, reply, { answers, withNotes });
    return writer.isFull ? -1 : writer.offset;
  };
}

/** The largest number of leading answers below `all` that fit without notes; -1 when not even none does. */
function countThatFits(all: number, attempt: Attempt): number {
  let low = -1;
  let high = all;
  while (low + 1 < high) {
    const middle = (low + high) >>> 1;
    if (attempt(middle, false) >= 0) low = middle;
    else high = middle;
  }
  return low;
}

/**
 * Keep the leading answers that fit in maxBytes (octets, header included) and write the message into `out`; sets TC when
 * one is dropped and that is wanted. RFC 1035 §4.1.1, RFC 2181 §9. Costs log2(answers) encodings when it does not fit at
 * once; each ends where it is full. Never throws; a reply without answers that does not fit loses its authority records,
 * and says TC.
 */
export function encodeReply(reply: Reply, out: Uint8Array, options: FitOptions): Encoded {
  const attempt = attempts(reply, out, options);
  const all = reply.answers.length;
  const whole = attempt(all, true);
  if (whole >= 0) return { length: whole, answers: all };
  const bare = attempt(all, false);
  if (bare >= 0) return { length: bare, answers: all };
  const most = countThatFits(all, attempt);
  if (most < 0 && reply.authority.length > 0) {
    return encodeReply({ ...reply, authority: [], flags: reply.flags | FLAG.TC }, out, options);
  }
  const answers = Math.max(most, 0);
  const length = attempt(answers, false);
  if (options.mayMarkTruncated && all > 0) out[2] = (out[2] as number) | (FLAG.TC >>> 8);
  return { length, answers };
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
