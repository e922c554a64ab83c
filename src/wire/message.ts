/**
 * Whole messages as they arrive: a query, and any message of somebody else.
 *
 *     header 12 | question | answer | authority | additional (OPT last)          RFC 1035 §4.1, RFC 6891
 *
 * `decodeQuery` reads only what an answer depends on, header first; what it does not accept becomes a `Refusal` with
 * the right rcode or is to be ignored. Decoders never throw. What leaves is in message-reply.ts.
 */
import { readClientSubnet } from './client-subnet.ts';
import { CLASS, EDNS_OPTION, FLAG, HEADER_BYTES, OPCODE, RCODE, TYPE } from './constants.ts';
import { skipPlainName, type WireName } from './name.ts';
import { Reader } from './octet-reader.ts';
import { type Rdata, readRdata } from './rdata.ts';

export interface ResourceRecord {
  /** null is the name of the question, with the case it was asked in. */
  readonly owner: WireName | null;
  readonly class: number;
  readonly ttlSeconds: number;
  readonly data: Rdata;
}

/** What a client told about itself with EDNS (RFC 6891 §6.1). */
export interface Edns {
  readonly payloadBytes: number;
  readonly version: number;
  /** The client subnet option (RFC 7871) as readClientSubnet gives it; null when there was none. */
  readonly clientSubnet: Uint8Array | null;
}

export interface Query {
  readonly kind: 'query';
  readonly id: number;
  /** The second header word as it came. */
  readonly flags: number;
  /** Name, type and class, octet by octet. */
  readonly question: Uint8Array;
  readonly qname: WireName;
  readonly qtype: number;
  readonly qclass: number;
  readonly edns: Edns | null;
}

/** A packet that gets an error instead of an answer. */
export interface Refusal {
  readonly kind: 'refusal';
  readonly id: number;
  readonly flags: number;
  readonly rcode: number;
  /** Empty when the question could not be read. */
  readonly question: Uint8Array;
}

/** No reply at all: too short, or a response (answering one could loop). */
export interface Ignored {
  readonly kind: 'ignored';
}

const IGNORED: Ignored = Object.freeze({ kind: 'ignored' });
const NO_OCTETS = new Uint8Array(0);

/** Opcode field of the second header word. */
export function opcodeOf(flags: number): number {
  return (flags >>> 11) & 0xf;
}

/** Options of an OPT record; undefined when they do not fill it exactly or the client subnet is malformed. */
function readOptions(reader: Reader, length: number): { clientSubnet: Uint8Array | null } | undefined {
  const end = reader.offset + length;
  let clientSubnet: Uint8Array | null = null;
  while (reader.offset < end && !reader.failed) {
    const code = reader.u16();
    const data = reader.bytes(reader.u16());
    if (code !== EDNS_OPTION.CLIENT_SUBNET || clientSubnet !== null) continue;
    const subnet = readClientSubnet(data);
    if (subnet === undefined) return undefined;
    clientSubnet = subnet;
  }
  return reader.failed || reader.offset !== end ? undefined : { clientSubnet };
}

/** The OPT record among the records after the question; undefined when they are malformed, null when there is none. */
function readEdns(reader: Reader, skipped: number, additional: number): Edns | null | undefined {
  let edns: Edns | null = null;
  for (let i = 0; i < skipped + additional; i += 1) {
    if (reader.remaining === 0) return edns; // counts that promise more than there is change nothing about the question
    const owner = reader.name();
    const type = reader.u16();
    const payloadBytes = reader.u16();
    const ttl = reader.u32();
    const length = reader.u16();
    if (type !== TYPE.OPT || i < skipped) {
      reader.bytes(length);
      continue;
    }
    const options = readOptions(reader, length);
    if (options === undefined || edns !== null || owner.length !== 1) return undefined;
    edns = { payloadBytes, version: (ttl >>> 16) & 0xff, clientSubnet: options.clientSubnet };
  }
  return reader.failed ? undefined : edns;
}

/** Type and class after a name; a message may end before either, which counts as 0. */
function readQuestion(
  packet: Uint8Array,
): { question: Uint8Array; nameEnd: number; end: number } | undefined {
  const nameEnd = skipPlainName(packet, HEADER_BYTES);
  const missing = nameEnd + 4 - packet.length;
  if (nameEnd < 0 || missing === 1 || missing === 3) return undefined;
  if (missing <= 0)
    return { question: packet.subarray(HEADER_BYTES, nameEnd + 4), nameEnd, end: nameEnd + 4 };
  const question = new Uint8Array(nameEnd + 4 - HEADER_BYTES);
  question.set(packet.subarray(HEADER_BYTES));
  return { question, nameEnd, end: packet.length };
}

/**
 * Read a packet that should be a query. Accepts opcodes QUERY and NOTIFY with exactly one question, at most one record
 * in answer and authority and two in additional (RFC 1996 §3.7 and RFC 1995 §3 need one each, TSIG one besides OPT).
 */
export function decodeQuery(packet: Uint8Array): Query | Refusal | Ignored {
  if (packet.length < HEADER_BYTES) return IGNORED;
  const reader = new Reader(packet);
  const id = reader.u16();
  const flags = reader.u16();
  if (flags & FLAG.QR) return IGNORED;
  const refuse = (rcode: number, question: Uint8Array = NO_OCTETS): Refusal => ({
    kind: 'refusal',
    id,
    flags,
    rcode,
    question,
  });
  const opcode = opcodeOf(flags);
  if (opcode !== OPCODE.QUERY && opcode !== OPCODE.NOTIFY) return refuse(RCODE.NOTIMP);
  const questions = reader.u16();
  const answers = reader.u16();
  const authorities = reader.u16();
  const additionals = reader.u16();
  if (questions !== 1 || answers > 1 || authorities > 1 || additionals > 2) return refuse(RCODE.FORMERR);
  const read = readQuestion(packet);
  if (read === undefined) return refuse(RCODE.FORMERR);
  const { question, nameEnd, end } = read;
  const edns = readEdns(new Reader(packet, end), answers + authorities, additionals);
  if (edns === undefined) return refuse(RCODE.FORMERR, question);
  const at = question.length - 4;
  return {
    kind: 'query',
    id,
    flags,
    question,
    qname: packet.subarray(HEADER_BYTES, nameEnd),
    qtype: ((question[at] as number) << 8) | (question[at + 1] as number),
    qclass: ((question[at + 2] as number) << 8) | (question[at + 3] as number),
    edns,
  };
}

export interface Message {
  readonly id: number;
  readonly flags: number;
  /** 12 bits when the message has an OPT record. */
  readonly rcode: number;
  readonly questions: readonly {
    readonly qname: WireName;
    readonly qtype: number;
    readonly qclass: number;
  }[];
  readonly answers: readonly ResourceRecord[];
  readonly authority: readonly ResourceRecord[];
  readonly additional: readonly ResourceRecord[];
  /** Of the OPT record, which is not in `additional`. */
  readonly edns: {
    readonly payloadBytes: number;
    readonly version: number;
    readonly options: Uint8Array;
  } | null;
}

function readRecord(bytes: Uint8Array, reader: Reader): ResourceRecord | undefined {
  const owner = reader.name();
  const type = reader.u16();
  const recordClass = reader.u16();
  const ttlSeconds = reader.u32();
  const length = reader.u16();
  const at = reader.offset;
  reader.bytes(length);
  const data = reader.failed ? undefined : readRdata(bytes, at, length, type);
  return data && { owner, class: recordClass, ttlSeconds, data };
}

function readRecords(bytes: Uint8Array, reader: Reader, count: number): ResourceRecord[] | undefined {
  const records: ResourceRecord[] = [];
  for (let i = 0; i < count; i += 1) {
    const record = readRecord(bytes, reader);
    if (record === undefined) return undefined;
    records.push(record);
  }
  return records;
}

function readQuestions(reader: Reader, count: number): { qname: WireName; qtype: number; qclass: number }[] {
  const questions = [];
  for (let i = 0; i < count && !reader.failed; i += 1)
    questions.push({ qname: reader.name(), qtype: reader.u16(), qclass: reader.u16() });
  return questions;
}

/** Read a message completely; undefined when any part of it is malformed. Octets after the last record are ignored. */
export function decodeMessage(bytes: Uint8Array): Message | undefined {
  const reader = new Reader(bytes);
  const id = reader.u16();
  const flags = reader.u16();
  const counts = [reader.u16(), reader.u16(), reader.u16(), reader.u16()] as const;
  const questions = readQuestions(reader, counts[0]);
  if (reader.failed) return undefined;
  const answers = readRecords(bytes, reader, counts[1]);
  const authority = answers && readRecords(bytes, reader, counts[2]);
  const additional = authority && readRecords(bytes, reader, counts[3]);
  if (additional === undefined) return undefined;
  const opt = additional.find((record) => record.data.type === 'opaque' && record.data.number === TYPE.OPT);
  const options = opt?.data.type === 'opaque' ? opt.data.octets : NO_OCTETS;
  const ttl = opt?.ttlSeconds ?? 0;
  return {
    id,
    flags,
    rcode: (flags & 0xf) | ((ttl >>> 24) << 4),
    questions,
    answers: answers ?? [],
    authority: authority ?? [],
    additional: additional.filter((record) => record !== opt),
    edns: opt ? { payloadBytes: opt.class, version: (ttl >>> 16) & 0xff, options } : null,
  };
}

/** A record of class IN. */
export function record(owner: WireName | null, ttlSeconds: number, data: Rdata): ResourceRecord {
  return { owner, class: CLASS.IN, ttlSeconds, data };
}
