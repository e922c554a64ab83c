/**
 * Names that stand for addresses: in-addr.arpa (RFC 1035 §3.5), ip6.arpa (RFC 3596 §2.5) and `<hex>.addr`.
 *
 * Only whole addresses count; a name for a network or with odd digits gives null. Labels come in lower case.
 */

const DECIMAL_OCTET = /^(?:0|[1-9]\d{0,2})$/;
const NIBBLE = /^[0-9a-f]$/;
const HEX = /^(?:[0-9a-f]{8}|[0-9a-f]{32})$/;

function fromHex(hex: string): Uint8Array {
  const octets = new Uint8Array(hex.length / 2);
  for (let i = 0; i < octets.length; i += 1) octets[i] = Number.parseInt(hex.slice(i * 2, i * 2 + 2), 16);
  return octets;
}

/** 4 or 16 octets of the label before `addr`; null when it is not 8 or 32 hexadecimal digits. */
export function parseHexAddress(label: string): Uint8Array | null {
  return HEX.test(label) ? fromHex(label) : null;
}

function parseIpv4(labels: readonly string[]): Uint8Array | null {
  if (labels.length !== 4) return null;
  const octets = labels.map((label) => (DECIMAL_OCTET.test(label) ? Number(label) : 256)).reverse();
  return octets.some((octet) => octet > 255) ? null : Uint8Array.from(octets);
}

function parseIpv6(labels: readonly string[]): Uint8Array | null {
  if (labels.length !== 32 || labels.some((label) => !NIBBLE.test(label))) return null;
  return fromHex([...labels].reverse().join(''));
}

/** The address of a name below `arpa`; null when it is not exactly one address. `labels` are in lower case. */
export function parseReverse(labels: readonly string[]): Uint8Array | null {
  const zone = labels.at(-2);
  const front = labels.slice(0, -2);
  if (zone === 'in-addr') return parseIpv4(front);
  return zone === 'ip6' ? parseIpv6(front) : null;
}
