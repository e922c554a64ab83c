/**
 * The first look at a packet: is it an ordinary query, and which one?
 *
 * Reads header, name, type and OPT in one pass over the octets and hashes the name without case, so that a known
 * question is found without making any object. Everything unusual (other opcodes and flags, records besides one OPT,
 * client subnet, EDNS versions, odd lengths) gives false and is left to wire/message.ts. The result stands in a Scan
 * that is used again for the next packet. The hash is drawn anew for each process: who asks cannot choose names that
 * collide.
 */
import type { Random } from '../lib/random.ts';
import {
  EDNS_OPTION,
  HEADER_BYTES,
  MAX_LABEL_BYTES,
  MAX_NAME_BYTES,
  OPT_BYTES,
  TYPE,
} from '../wire/constants.ts';
import type { Query } from '../wire/message.ts';
import { foldByte } from '../wire/name.ts';

export interface Scan {
  /** Offset after the root label of the name. */
  nameEnd: number;
  qtype: number;
  /** Of the name without case, and the type. */
  hash: number;
  /** What the client advertises; -1 without EDNS. */
  payloadBytes: number;
  /** What each octet adds to the hash: a random number, the same for both cases of a letter. */
  readonly secrets: Int32Array;
}

function drawSecrets(random: Random): Int32Array {
  const drawn = random.bytes(256 * Int32Array.BYTES_PER_ELEMENT);
  const numbers = new DataView(drawn.buffer, drawn.byteOffset, drawn.byteLength);
  return Int32Array.from({ length: 256 }, (_, octet) => numbers.getInt32(foldByte(octet) * 4));
}

export function newScan(random: Random): Scan {
  return { nameEnd: 0, qtype: 0, hash: 0, payloadBytes: -1, secrets: drawSecrets(random) };
}

/** As FNV-1a, 32 bits, but with secrets in place of the octets. */
const HASH_START = 0x811c9dc5 | 0;
const HASH_PRIME = 0x01000193;

/** Walk the name; fills nameEnd and hash. False when it is malformed or has a pointer. */
function scanName(packet: Uint8Array, scan: Scan): boolean {
  let hash = HASH_START;
  let at = HEADER_BYTES;
  const { length } = packet;
  const { secrets } = scan;
  for (;;) {
    if (at >= length) return false;
    const size = packet[at] as number;
    if (size > MAX_LABEL_BYTES) return false;
    if (size === 0) break;
    hash = Math.imul(hash ^ size, HASH_PRIME);
    const end = at + size;
    if (end >= length) return false;
    while (at < end) {
      at += 1;
      hash = Math.imul(hash ^ (secrets[packet[at] as number] as number), HASH_PRIME);
    }
    at += 1;
  }
  scan.nameEnd = at + 1;
  scan.hash = hash;
  return at + 1 - HEADER_BYTES <= MAX_NAME_BYTES;
}

/** Whether options from `at` to `end` are well-formed and none of them is to be echoed. */
function hasPlainOptions(packet: Uint8Array, start: number, end: number): boolean {
  let at = start;
  while (at + 4 <= end) {
    const code = ((packet[at] as number) << 8) | (packet[at + 1] as number);
    if (code === EDNS_OPTION.CLIENT_SUBNET) return false;
    at += 4 + (((packet[at + 2] as number) << 8) | (packet[at + 3] as number));
  }
  return at === end;
}

/** Read an OPT record of version 0 that ends the packet. */
function scanOpt(packet: Uint8Array, at: number, scan: Scan): boolean {
  const options = at + OPT_BYTES;
  if (packet.length < options || packet[at] !== 0 || packet[at + 1] !== 0 || packet[at + 2] !== TYPE.OPT)
    return false;
  if (packet[at + 6] !== 0) return false;
  scan.payloadBytes = ((packet[at + 3] as number) << 8) | (packet[at + 4] as number);
  const end = options + (((packet[at + 9] as number) << 8) | (packet[at + 10] as number));
  return end === packet.length && (end === options || hasPlainOptions(packet, options, end));
}

/** Whether the header says: a standard query, one question, nothing else but perhaps one additional record. */
function hasPlainHeader(packet: Uint8Array): boolean {
  // Octet 2: QR, opcode, AA, TC must be 0, RD may be set. Octets 4-5 QDCOUNT 1, 6-9 zero, 10-11 ARCOUNT 0 or 1.
  return (
    ((packet[2] as number) & 0xfe) === 0 &&
    packet[4] === 0 &&
    packet[5] === 1 &&
    ((packet[6] as number) | (packet[7] as number) | (packet[8] as number) | (packet[9] as number)) === 0 &&
    packet[10] === 0 &&
    (packet[11] as number) <= 1
  );
}

/** Fill `scan` from an ordinary query; false for every other packet. Never throws. */
export function scanQuery(packet: Uint8Array, scan: Scan): boolean {
  if (packet.length < HEADER_BYTES + 5 || !hasPlainHeader(packet) || !scanName(packet, scan)) return false;
  const at = scan.nameEnd;
  const end = at + 4;
  if (end > packet.length) return false;
  scan.qtype = ((packet[at] as number) << 8) | (packet[at + 1] as number);
  scan.hash = (Math.imul(scan.hash ^ scan.qtype, HASH_PRIME) >>> 2) | 0;
  scan.payloadBytes = -1;
  if (packet[11] === 0) return end === packet.length;
  return scanOpt(packet, end, scan);
}

/** The query that was scanned, in the form that everything else takes. */
export function queryOf(packet: Uint8Array, scan: Scan): Query {
  const { nameEnd, qtype, payloadBytes } = scan;
  return {
    kind: 'query',
    id: ((packet[0] as number) << 8) | (packet[1] as number),
    flags: ((packet[2] as number) << 8) | (packet[3] as number),
    question: packet.subarray(HEADER_BYTES, nameEnd + 4),
    qname: packet.subarray(HEADER_BYTES, nameEnd),
    qtype,
    qclass: ((packet[nameEnd + 2] as number) << 8) | (packet[nameEnd + 3] as number),
    edns: payloadBytes < 0 ? null : { payloadBytes, version: 0, clientSubnet: null },
  };
}
