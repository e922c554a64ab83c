/**
 * Numbers of the DNS protocol that rollcall speaks, each with the place that assigns it.
 *
 * Registry: IANA "Domain Name System (DNS) Parameters". Extend by adding a row; a record type also needs a codec in
 * rdata.ts. Nothing here decides anything.
 */

/** Record and question types. RFC 1035 §3.2.2, RFC 3596 (AAAA), RFC 2782 (SRV), RFC 6891 (OPT), RFC 9460 (SVCB, HTTPS). */
export const TYPE = {
  A: 1,
  NS: 2,
  CNAME: 5,
  SOA: 6,
  PTR: 12,
  MX: 15,
  TXT: 16,
  AAAA: 28,
  SRV: 33,
  NAPTR: 35,
  OPT: 41,
  DS: 43,
  SVCB: 64,
  HTTPS: 65,
  CAA: 257,
  IXFR: 251,
  AXFR: 252,
  ANY: 255,
} as const;

/** Classes. RFC 1035 §3.2.4. */
export const CLASS = { IN: 1, CH: 3, HS: 4, ANY: 255 } as const;

/** Response codes. RFC 1035 §4.1.1; 16 needs the upper bits of an OPT record (RFC 6891 §6.1.3). */
export const RCODE = {
  NOERROR: 0,
  FORMERR: 1,
  SERVFAIL: 2,
  NXDOMAIN: 3,
  NOTIMP: 4,
  REFUSED: 5,
  BADVERS: 16,
} as const;

/** Operation codes. RFC 1035 §4.1.1, RFC 1996 (NOTIFY). */
export const OPCODE = { QUERY: 0, NOTIFY: 4 } as const;

/** Bits of the second header word. RFC 1035 §4.1.1, RFC 4035 §3.2 (AD, CD). */
export const FLAG = {
  QR: 0x8000,
  AA: 0x0400,
  TC: 0x0200,
  RD: 0x0100,
  RA: 0x0080,
  AD: 0x0020,
  CD: 0x0010,
} as const;

/** EDNS options. RFC 7871 (client subnet), RFC 7873 (cookie), RFC 7830 (padding), RFC 8914 (extended error). */
export const EDNS_OPTION = { CLIENT_SUBNET: 8, COOKIE: 10, PADDING: 12, EXTENDED_ERROR: 15 } as const;

/** Info codes of Extended DNS Errors. RFC 8914 §4. */
export const EXTENDED_ERROR = {
  OTHER: 0,
  NOT_READY: 14,
  FILTERED: 17,
  NO_REACHABLE_AUTHORITY: 22,
  NETWORK_ERROR: 23,
} as const;

/** Octets of a message header. RFC 1035 §4.1.1. */
export const HEADER_BYTES = 12;
/** Largest UDP message without EDNS, and the least that EDNS may advertise. RFC 1035 §2.3.4, RFC 6891 §6.2.3. */
export const MIN_UDP_BYTES = 512;
/** Largest message over TCP, where two octets give the length. RFC 1035 §4.2.2. */
export const MAX_MESSAGE_BYTES = 65_535;
/** Largest name on the wire, length octets and the root label included. RFC 1035 §3.1. */
export const MAX_NAME_BYTES = 255;
/** Largest label. RFC 1035 §2.3.4. */
export const MAX_LABEL_BYTES = 63;
/** Largest offset that a compression pointer can name: 14 bits. RFC 1035 §4.1.4. */
export const MAX_POINTER = 0x3fff;
/** An OPT record without options: root name, type, size, extended rcode, version, flags, length. RFC 6891 §6.1.2. */
export const OPT_BYTES = 11;

function nameOf(table: Readonly<Record<string, number>>, value: number): string | undefined {
  for (const [name, number] of Object.entries(table)) if (number === value) return name;
  return undefined;
}

function numberOf(table: Readonly<Record<string, number>>, text: string, prefix: string): number | undefined {
  const upper = text.toUpperCase();
  if (Object.hasOwn(table, upper)) return table[upper];
  if (!upper.startsWith(prefix) || !/^\d{1,5}$/.test(upper.slice(prefix.length))) return undefined;
  const value = Number(upper.slice(prefix.length));
  return value <= 0xffff ? value : undefined;
}

/** Mnemonic of a type, or `TYPE65` style for others (RFC 3597 §5). */
export function typeName(type: number): string {
  return nameOf(TYPE, type) ?? `TYPE${type}`;
}

/** Number of a type given as mnemonic in any case or as `TYPE65`; undefined when it is neither. */
export function typeNumber(text: string): number | undefined {
  return numberOf(TYPE, text, 'TYPE');
}

/** Mnemonic of a class, or `CLASS7` style for others (RFC 3597 §5). */
export function className(value: number): string {
  return nameOf(CLASS, value) ?? `CLASS${value}`;
}

/** Mnemonic of a response code, or `RCODE11` style for others. */
export function rcodeName(rcode: number): string {
  return nameOf(RCODE, rcode) ?? `RCODE${rcode}`;
}
