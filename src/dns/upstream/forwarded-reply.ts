/**
 * What becomes of a question that was passed on: the reply of a recursor as it came, cut to its question where it is too
 * large for the client, or SERVFAIL with the reason.
 */
import { MAX_MESSAGE_BYTES, MIN_UDP_BYTES, RCODE } from '../../wire/constants.ts';
import type { Query } from '../../wire/message.ts';
import type { DnsConfig } from '../dns-config.ts';
import { errorOption, whyNotForwarded } from '../extended-error.ts';
import { writeFailure, writeTruncated } from '../failure.ts';
import type { Reason } from '../outcome.ts';
import { type Asker, maxBytesForAsker } from '../sender.ts';
import type { Zone } from '../zone.ts';
import type { Forwarded } from './recurse.ts';

/** Largest reply of a recursor that goes to this client: it may take what it offers, unless it is a stranger. */
export function roomForForwarded(query: Query, client: Asker, config: DnsConfig): number {
  // The client's size and not `maxUdpPayloadBytes` counts: the recursor has decided what it dares to send.
  const uncapped = { ...config, maxUdpPayloadBytes: MAX_MESSAGE_BYTES };
  return maxBytesForAsker(client, query.edns?.payloadBytes ?? -1, uncapped);
}

/** The reply to `query` in at most `room` octets, and what it counts as. */
export function replyOfForwarded(
  forwarded: Forwarded,
  query: Query,
  zone: Zone,
  room: number,
): { readonly reply: Uint8Array; readonly rcode: number; readonly reason: Reason } {
  if (forwarded.kind === 'failed') {
    const out = new Uint8Array(MIN_UDP_BYTES);
    const rcode = RCODE.SERVFAIL;
    const option = zone.config.extendedErrors ? { option: errorOption(whyNotForwarded(forwarded.why)) } : {};
    const failure = { rcode, isAuthoritative: false, withEdns: true, ...option };
    const length = writeFailure(query, failure, zone, out);
    return { reply: out.subarray(0, length), rcode, reason: 'recursors_failed' };
  }
  const { reply } = forwarded;
  const rcode = (reply[3] as number) & 0xf;
  return { reply: reply.length <= room ? reply : writeTruncated(reply, query), rcode, reason: 'forwarded' };
}
