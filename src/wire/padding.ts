/**
 * Padding of replies over encrypted connections (RFC 7830), so that their length tells less: to a multiple of 468 octets, as
 * RFC 8467 §4.1 recommends for responses.
 *
 * Only who speaks EDNS is padded for, and only where the OPT record ends the message, as in every reply of ours.
 */
import { EDNS_OPTION, MAX_MESSAGE_BYTES, OPT_BYTES, TYPE } from './constants.ts';
import { recordsOf } from './record-walk.ts';

const BLOCK_BYTES = 468;
const OPTION_BYTES = 4;

/** Where the OPT record begins that ends the message; -1 where none does. O(records). */
function optAt(message: Uint8Array): number {
  let at = -1;
  let end = 0;
  for (const record of recordsOf(message)) {
    at = record.type === TYPE.OPT ? record.at : -1;
    end = record.end;
  }
  return end === message.length ? at : -1;
}

/** The reply, padded where that is possible: the same octets or a longer copy. Never throws. */
export function padReply(reply: Uint8Array): Uint8Array {
  const at = optAt(reply);
  if (at < 0) return reply;
  const bare = reply.length + OPTION_BYTES;
  const length = Math.min(Math.ceil(bare / BLOCK_BYTES) * BLOCK_BYTES, MAX_MESSAGE_BYTES);
  if (length < bare) return reply;
  const padded = new Uint8Array(length);
  padded.set(reply);
  const dataBytes = length - at - OPT_BYTES;
  padded[at + OPT_BYTES - 2] = dataBytes >>> 8;
  padded[at + OPT_BYTES - 1] = dataBytes;
  padded[reply.length + 1] = EDNS_OPTION.PADDING;
  padded[reply.length + 2] = (length - bare) >>> 8;
  padded[reply.length + 3] = length - bare;
  return padded;
}
