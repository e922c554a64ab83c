/**
 * What the address of a client says about it: whether it can be somebody else's, and which network it belongs to.
 *
 * Over UDP anybody can write any address into a packet, and the reply goes there. Addresses that nobody outside can be
 * reached under are no use to such a sender: loopback, private and shared ranges (RFC 1918, RFC 6598, RFC 4193) and those
 * of one link.
 */
import { parseIp, unmapped } from '../lib/ip.ts';

function isNearbyIpv4([a = 0, b = 0]: Uint8Array): boolean {
  if (a === 10 || a === 127) return true;
  if (a === 172) return b >= 16 && b < 32;
  if (a === 100) return b >= 64 && b < 128;
  return (a === 192 && b === 168) || (a === 169 && b === 254);
}

function isNearbyIpv6(octets: Uint8Array): boolean {
  const [a = 0, b = 0] = octets;
  const isLoopback = octets.every((octet, i) => octet === (i === 15 ? 1 : 0));
  return isLoopback || (a & 0xfe) === 0xfc || (a === 0xfe && (b & 0xc0) === 0x80);
}

function octetsOf(address: string): Uint8Array | undefined {
  const zone = address.indexOf('%');
  const octets = parseIp(zone < 0 ? address : address.slice(0, zone));
  return octets && unmapped(octets);
}

/** Whether the address is in a loopback, private or link range; false for what is no address. */
export function isNearby(address: string): boolean {
  const octets = octetsOf(address);
  if (octets === undefined) return false;
  return octets.length === 4 ? isNearbyIpv4(octets) : isNearbyIpv6(octets);
}

/** Octets of a network: 24 bits of an IPv4 address, 56 of an IPv6 address, as in the rate limiting of BIND. */
const NETWORK_BYTES: Readonly<Record<number, number>> = { 4: 3, 16: 7 };

/** The network of an address as a key; '' for what is no address. */
export function networkOf(address: string): string {
  const octets = octetsOf(address);
  return octets === undefined ? '' : octets.subarray(0, NETWORK_BYTES[octets.length]).join('.');
}
