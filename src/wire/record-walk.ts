/**
 * Walks the records of a message that was made already, ours or an upstream's, without decoding them.
 */
import { HEADER_BYTES, TYPE } from './constants.ts';

export interface WalkedRecord {
  readonly section: 'answer' | 'authority' | 'additional';
  /** Where it begins, and where the next one does. */
  readonly at: number;
  readonly end: number;
  readonly type: number;
  readonly ttlSeconds: number;
}

const SECTIONS = ['answer', 'authority', 'additional'] as const;
const TTL_BYTES = 4;

function word(message: Uint8Array, at: number): number {
  return ((message[at] ?? 0) << 8) | (message[at + 1] ?? 0);
}

function longWord(message: Uint8Array, at: number): number {
  return word(message, at) * 0x1_0000 + word(message, at + 2);
}

/** The offset behind a name, labels or a pointer (RFC 1035 §4.1.4). */
function skipName(message: Uint8Array, start: number): number {
  let at = start;
  for (;;) {
    const size = message[at] ?? 0;
    if (size === 0) return at + 1;
    if (size >= 0xc0) return at + 2;
    at += size + 1;
  }
}

/** The records in order, as far as the octets go. Never throws. */
export function* recordsOf(message: Uint8Array): Generator<WalkedRecord> {
  let at = HEADER_BYTES;
  for (let i = word(message, 4); i > 0 && at < message.length; i -= 1) at = skipName(message, at) + 4;
  for (const [i, section] of SECTIONS.entries()) {
    for (let left = word(message, 6 + 2 * i); left > 0; left -= 1) {
      const fixed = skipName(message, at);
      const end = fixed + 10 + word(message, fixed + 8);
      if (end > message.length) return;
      yield { section, at, end, type: word(message, fixed), ttlSeconds: longWord(message, fixed + 4) };
      at = end;
    }
  }
}

/**
 * How long a reply is true, as a cache of HTTP may count it (RFC 8484 §5.1): the smallest TTL of its answers, or for an empty
 * one the negative TTL of its SOA record (RFC 2308 §5); else 0.
 */
export function freshSeconds(message: Uint8Array): number {
  let fresh = Number.POSITIVE_INFINITY;
  for (const { section, type, ttlSeconds, end } of recordsOf(message)) {
    if (section === 'answer') fresh = Math.min(fresh, ttlSeconds);
    else if (section === 'authority' && type === TYPE.SOA && fresh === Number.POSITIVE_INFINITY)
      return Math.min(ttlSeconds, longWord(message, end - TTL_BYTES));
    else break;
  }
  return fresh === Number.POSITIVE_INFINITY ? 0 : fresh;
}
