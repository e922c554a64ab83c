/**
 * IP addresses between text and octets, without a socket library.
 *
 * Text comes out in the one canonical form (RFC 5952), so that two spellings of an address are one key. Zone indexes
 * ("fe80::1%eth0"), ports and prefixes are not addresses. Never throws.
 */

const GROUP = /^[0-9a-fA-F]{1,4}$/;
const [ZERO, NINE, DOT] = [0x30, 0x39, 0x2e];

/** Four numbers up to 255 without leading zeros. Character by character: catalogs are full of addresses. */
function parseIpv4(text: string): Uint8Array | undefined {
  const octets = new Uint8Array(4);
  let at = 0;
  for (let i = 0; i < 4; i += 1) {
    let value = 0;
    const start = at;
    for (let code = text.charCodeAt(at); code >= ZERO && code <= NINE; code = text.charCodeAt(at)) {
      value = value * 10 + code - ZERO;
      at += 1;
    }
    const digits = at - start;
    const hasLeadingZero = digits > 1 && text.charCodeAt(start) === ZERO;
    if (digits === 0 || digits > 3 || value > 255 || hasLeadingZero) return undefined;
    octets[i] = value;
    if (i < 3 && text.charCodeAt(at++) !== DOT) return undefined;
  }
  return at === text.length ? octets : undefined;
}

/** 16-bit groups of one side of "::"; the last may be an IPv4 address where `mayEndInIpv4`. */
function parseGroups(text: string, mayEndInIpv4: boolean): number[] | undefined {
  if (text === '') return [];
  const parts = text.split(':');
  const groups: number[] = [];
  for (const [i, part] of parts.entries()) {
    const ipv4 = mayEndInIpv4 && i === parts.length - 1 && part.includes('.') ? parseIpv4(part) : undefined;
    if (ipv4) groups.push(((ipv4[0] ?? 0) << 8) | (ipv4[1] ?? 0), ((ipv4[2] ?? 0) << 8) | (ipv4[3] ?? 0));
    else if (GROUP.test(part)) groups.push(Number.parseInt(part, 16));
    else return undefined;
  }
  return groups;
}

function parseIpv6(text: string): Uint8Array | undefined {
  const sides = text.split('::');
  if (sides.length > 2) return undefined;
  const left = parseGroups(sides[0] ?? '', sides.length === 1);
  const right = sides.length === 2 ? parseGroups(sides[1] ?? '', true) : [];
  if (left === undefined || right === undefined) return undefined;
  const missing = 8 - left.length - right.length;
  if (sides.length === 2 ? missing < 1 : missing !== 0) return undefined;
  const groups = [...left, ...new Array<number>(missing).fill(0), ...right];
  return Uint8Array.from(groups.flatMap((group) => [group >> 8, group & 0xff]));
}

/** 4 or 16 octets of an address in text; undefined when the text is none. */
export function parseIp(text: string): Uint8Array | undefined {
  return text.includes(':') ? parseIpv6(text) : parseIpv4(text);
}

/** An IPv4 address that is written as an IPv6 one (`::ffff:10.0.0.5`, RFC 4291 §2.5.5.2) as its 4 octets; others as they are. */
export function unmapped(octets: Uint8Array): Uint8Array {
  if (octets.length === 4) return octets;
  const isMapped =
    octets[10] === 0xff && octets[11] === 0xff && octets.subarray(0, 10).every((octet) => octet === 0);
  return isMapped ? octets.subarray(12) : octets;
}

/** Start and length of the longest run of two or more zero groups; the first one wins (RFC 5952 §4.2.3). */
function longestZeroRun(groups: readonly number[]): { start: number; length: number } {
  let best = { start: -1, length: 1 };
  for (let i = 0; i < groups.length; i += 1) {
    let end = i;
    while (groups[end] === 0) end += 1;
    if (end - i > best.length) best = { start: i, length: end - i };
    i = Math.max(i, end - 1);
  }
  return best;
}

/** The canonical text of 4 or 16 octets. IPv4 in IPv6 stays hexadecimal. */
export function formatIp(octets: Uint8Array): string {
  if (octets.length === 4) return octets.join('.');
  const groups = Array.from({ length: 8 }, (_, i) => ((octets[i * 2] ?? 0) << 8) | (octets[i * 2 + 1] ?? 0));
  const hex = (part: readonly number[]): string => part.map((group) => group.toString(16)).join(':');
  const run = longestZeroRun(groups);
  if (run.start < 0) return hex(groups);
  return `${hex(groups.slice(0, run.start))}::${hex(groups.slice(run.start + run.length))}`;
}

/** The one text of an address in any spelling, IPv4 for mapped addresses; undefined when the text is no address. */
export function canonicalIp(text: string): string | undefined {
  const octets = parseIp(text);
  const canonical = octets && formatIp(unmapped(octets));
  return canonical === text ? text : canonical; // the text that is there already, not a copy: indexes hold many of them
}
