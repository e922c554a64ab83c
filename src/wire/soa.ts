/**
 * The SOA record of negative answers (RFC 2308 §3), rendered once.
 *
 * Two renderings: one whose names point at the zone's name inside the question, and one in full for questions that spell
 * the zone in another case or ask in the alternative zone. Only the serial is put in for each answer.
 */

import { HEADER_BYTES } from './constants.ts';
import type { Assembly } from './emit.ts';
import { type ResourceRecord, record } from './message.ts';
import type { WireName } from './name.ts';
import { Writer } from './octet-writer.ts';
import { type SoaData, writeRdata } from './rdata.ts';

export interface SoaTemplate {
  readonly domain: WireName;
  readonly full: Uint8Array;
  readonly short: Uint8Array;
  /** Places in `short` of pointers to the zone's name. */
  readonly pointers: readonly number[];
}

/** The serial is the first of five numbers that end the record. RFC 1035 §3.3.13. */
const SERIAL_FROM_END = 20;

function render(soa: ResourceRecord, domain: WireName, isShort: boolean): Uint8Array {
  // For the short form the zone's name stands at offset 0 of the scratch space, so pointers to it are 0xc000.
  const scratch = new Uint8Array(1_024);
  const writer = new Writer(scratch, scratch.length, isShort);
  if (isShort) writer.plainName(domain);
  const start = writer.offset;
  const data = soa.data as SoaData;
  writer.name(soa.owner ?? domain);
  writer.u16(data.type);
  writer.u16(soa.class);
  writer.u32(soa.ttlSeconds);
  const lengthAt = writer.offset;
  writer.u16(0);
  writeRdata(writer, data);
  writer.patchU16(lengthAt, writer.offset - lengthAt - 2);
  return scratch.slice(start, writer.offset);
}

/** Render the SOA record of `domain`; its serial does not matter. */
export function soaTemplate(domain: WireName, ttlSeconds: number, data: SoaData): SoaTemplate {
  const soa = record(domain, ttlSeconds, data);
  const short = render(soa, domain, true);
  const pointers: number[] = [];
  for (let i = 0; i + 1 < short.length - SERIAL_FROM_END; i += 1)
    if (short[i] === 0xc0 && short[i + 1] === 0) pointers.push(i);
  return { domain, full: render(soa, domain, false), short, pointers };
}

/** Whether the octets of `domain` stand at `at` in the packet, in the same case. */
function standsAt(packet: Uint8Array, at: number, domain: WireName): boolean {
  for (let i = 0; i < domain.length; i += 1) if (packet[at + i] !== domain[i]) return false;
  return true;
}

/**
 * Write the SOA record at `assembly.offset`. The question must be there already, its name ending (root label included)
 * at `assembly.nameEnd`.
 */
export function emitSoa(template: SoaTemplate, assembly: Assembly, serial: number): void {
  const { out, offset } = assembly;
  const anchor = assembly.nameEnd - template.domain.length;
  const isShort = anchor >= HEADER_BYTES && standsAt(out, anchor, template.domain);
  const bytes = isShort ? template.short : template.full;
  for (let i = 0; i < bytes.length; i += 1) out[offset + i] = bytes[i] as number;
  if (isShort) {
    for (const place of template.pointers) {
      out[offset + place] = 0xc0 | (anchor >>> 8);
      out[offset + place + 1] = anchor;
    }
  }
  const end = offset + bytes.length;
  out[end - SERIAL_FROM_END] = serial >>> 24;
  out[end - SERIAL_FROM_END + 1] = serial >>> 16;
  out[end - SERIAL_FROM_END + 2] = serial >>> 8;
  out[end - SERIAL_FROM_END + 3] = serial;
  assembly.offset = end;
}
