/**
 * A reply as it leaves.
 *
 * The question section is copied octet by octet, so the case of a 0x20 resolver survives. How much of a reply fits is
 * decided in fit.ts.
 */
import { TYPE } from './constants.ts';
import type { ResourceRecord } from './message.ts';
import { ROOT_NAME, type WireName } from './name.ts';
import type { Writer } from './octet-writer.ts';
import { typeOf, writeRdata } from './rdata.ts';

export interface EdnsReply {
  readonly payloadBytes: number;
  /** Encoded options that must be there. */
  readonly options: Uint8Array;
}

/** One answer record and the records that are worth sending only together with it. */
export interface AnswerGroup {
  readonly answer: ResourceRecord;
  /** Addresses of a target: a client saves a question by them. */
  readonly addresses: readonly ResourceRecord[];
  /** Records that nobody waits for (metadata of nodes): the first to go when space is short. */
  readonly notes: readonly ResourceRecord[];
}

export interface Reply {
  readonly id: number;
  /** The second header word without rcode. */
  readonly flags: number;
  readonly rcode: number;
  readonly question: Uint8Array;
  readonly answers: readonly AnswerGroup[];
  readonly authority: readonly ResourceRecord[];
  readonly additional: readonly ResourceRecord[];
  readonly edns: EdnsReply | null;
}

/** One option in the form of an OPT record (RFC 6891 §6.1.2). */
export function encodeOption(code: number, data: Uint8Array): Uint8Array {
  const option = new Uint8Array(4 + data.length);
  option.set([code >>> 8, code & 0xff, data.length >>> 8, data.length & 0xff]);
  option.set(data, 4);
  return option;
}

function writeRecord(writer: Writer, record: ResourceRecord, qname: WireName): void {
  writer.name(record.owner ?? qname);
  writer.u16(typeOf(record.data));
  writer.u16(record.class);
  writer.u32(record.ttlSeconds);
  const lengthAt = writer.offset;
  writer.u16(0);
  writeRdata(writer, record.data);
  if (!writer.isFull) writer.patchU16(lengthAt, writer.offset - lengthAt - 2);
}

function writeOpt(writer: Writer, edns: EdnsReply, rcode: number): void {
  writer.name(ROOT_NAME);
  writer.u16(TYPE.OPT);
  writer.u16(edns.payloadBytes);
  writer.u32((rcode >>> 4) << 24);
  writer.u16(edns.options.length);
  writer.bytes(edns.options);
}

/** The records of a reply that are to be sent. */
interface Selection {
  readonly answers: number;
  readonly withNotes: boolean;
}

/** Write a reply with the selected records; `writer.isFull` afterwards tells that it did not fit. */
export function writeReply(writer: Writer, reply: Reply, selection: Selection): void {
  const groups =
    selection.answers === reply.answers.length ? reply.answers : reply.answers.slice(0, selection.answers);
  const extras = groups.flatMap((group) =>
    selection.withNotes ? [...group.addresses, ...group.notes] : group.addresses,
  );
  const additional = selection.withNotes ? [...extras, ...reply.additional] : extras;
  writer.u16(reply.id);
  writer.u16(reply.flags | (reply.rcode & 0xf));
  writer.u16(reply.question.length > 0 ? 1 : 0);
  writer.u16(groups.length);
  writer.u16(reply.authority.length);
  writer.u16(additional.length + (reply.edns ? 1 : 0));
  const qname = reply.question.subarray(0, Math.max(0, reply.question.length - 4));
  if (reply.question.length > 0) {
    writer.plainName(qname);
    writer.bytes(reply.question.subarray(qname.length));
  }
  const records = [...groups.map(({ answer }) => answer), ...reply.authority, ...additional];
  for (const record of records) {
    if (writer.isFull) return;
    writeRecord(writer, record, qname);
  }
  if (reply.edns) writeOpt(writer, reply.edns, reply.rcode);
}
