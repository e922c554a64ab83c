/**
 * The client subnet option (RFC 7871): who is behind the resolver that asks.
 *
 *     | family 2 | source prefix 1 | scope prefix 1 | address, as many octets as the prefix needs |
 *
 * It is given back as wire/client-subnet.ts reads it; only answers that were chosen by nearness (prepared queries) say
 * that they hold for that prefix.
 */
import { formatIp } from '../lib/ip.ts';

const HEAD_BYTES = 4;
/** Octets of an address by family number. RFC 7871 §6, IANA address family numbers. */
const ADDRESS_BYTES: Readonly<Record<number, number>> = { 1: 4, 2: 16 };

/** The address in the option, missing octets as 0; undefined when there is none. */
export function subnetAddress(option: Uint8Array): string | undefined {
  const size =
    option.length > HEAD_BYTES ? ADDRESS_BYTES[((option[0] ?? 0) << 8) | (option[1] ?? 0)] : undefined;
  if (size === undefined || option.length > HEAD_BYTES + size) return undefined;
  const address = new Uint8Array(size);
  address.set(option.subarray(HEAD_BYTES));
  return formatIp(address);
}

/** The option as it goes back: with the scope of the whole source prefix for answers that depend on the client. */
export function subnetReply(option: Uint8Array, dependsOnClient: boolean): Uint8Array {
  if (!dependsOnClient || option.length < HEAD_BYTES) return option;
  const reply = Uint8Array.from(option);
  reply[3] = option[2] ?? 0;
  return reply;
}
