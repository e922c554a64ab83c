/**
 * The client subnet option (RFC 7871 §6) of a query, checked and in the one form that goes back.
 *
 *     | family 2 | source prefix 1 | scope prefix 1 | address, as many octets as the prefix needs |
 *
 * Address octets that the sender left away or sent in excess, bits behind the prefix and a scope, which queries must not
 * have, change nothing about what was meant and are put right. What nobody can make sense of is refused.
 */

const HEAD_BYTES = 4;
/** Octets of an address by family number (IANA address family numbers); family 0 is "do not tell". */
const ADDRESS_BYTES: Readonly<Record<number, number>> = { 0: 0, 1: 4, 2: 16 };

/** The option with the address cut to its prefix and the scope 0; undefined when it is malformed. Never throws. */
export function readClientSubnet(data: Uint8Array): Uint8Array | undefined {
  if (data.length < HEAD_BYTES) return undefined;
  const [high = 0, low = 0, prefix = 0, scope = 0] = data;
  const size = ADDRESS_BYTES[(high << 8) | low];
  if (size === undefined || Math.max(prefix, scope) > size * 8) return undefined;
  const octets = Math.ceil(prefix / 8);
  const option = new Uint8Array(HEAD_BYTES + octets);
  option.set(data.subarray(0, option.length));
  option[3] = 0;
  const spare = octets * 8 - prefix;
  const last = option.length - 1;
  if (spare > 0) option[last] = ((option[last] as number) >>> spare) << spare;
  return option;
}
