/**
 * Record data, one shape per type, and how each is read and written.
 *
 * Names inside NS, CNAME, PTR, MX and SOA may be compressed; the target of SRV must not be (RFC 2782), nor names in
 * types that RFC 3597 came after. A type that is not listed travels as plain octets. To add a type: a member of
 * `Rdata`, a case in each of the two functions below, and its number in constants.ts.
 */
import { TYPE } from './constants.ts';
import type { WireName } from './name.ts';
import { Reader } from './octet-reader.ts';
import type { Writer } from './octet-writer.ts';

/** Data of a record whose only field is a name. */
type NameType = typeof TYPE.NS | typeof TYPE.CNAME | typeof TYPE.PTR;

export interface SrvData {
  readonly type: typeof TYPE.SRV;
  readonly priority: number;
  readonly weight: number;
  readonly port: number;
  readonly target: WireName;
}

/** SVCB and HTTPS, RFC 9460 §2.2. */
export interface SvcbData {
  readonly type: typeof TYPE.SVCB | typeof TYPE.HTTPS;
  readonly priority: number;
  readonly target: WireName;
  /** As on the wire: keys rise, each with the length of its value. */
  readonly parameters: Uint8Array;
}

export interface SoaData {
  readonly type: typeof TYPE.SOA;
  readonly mname: WireName;
  readonly rname: WireName;
  readonly serial: number;
  readonly refreshSeconds: number;
  readonly retrySeconds: number;
  readonly expireSeconds: number;
  readonly minimumSeconds: number;
}

export type Rdata =
  | { readonly type: typeof TYPE.A | typeof TYPE.AAAA; readonly address: Uint8Array }
  | { readonly type: NameType; readonly name: WireName }
  | { readonly type: typeof TYPE.TXT; readonly strings: readonly Uint8Array[] }
  | { readonly type: typeof TYPE.MX; readonly preference: number; readonly exchange: WireName }
  | SrvData
  | SvcbData
  | SoaData
  | { readonly type: 'opaque'; readonly number: number; readonly octets: Uint8Array };

/** The number that stands in the type field of a record with this data. */
export function typeOf(data: Rdata): number {
  return data.type === 'opaque' ? data.number : data.type;
}

/** Cut text into the character strings of a TXT record, 255 octets each at most (RFC 1035 §3.3). */
export function textStrings(octets: Uint8Array): Uint8Array[] {
  const strings: Uint8Array[] = [];
  for (let at = 0; at < octets.length; at += 255) strings.push(octets.subarray(at, at + 255));
  return strings.length > 0 ? strings : [octets];
}

function readStrings(reader: Reader): Uint8Array[] {
  const strings: Uint8Array[] = [];
  while (reader.remaining > 0 && !reader.failed) strings.push(reader.bytes(reader.u8()));
  return strings;
}

function readSoa(reader: Reader): SoaData {
  return {
    type: TYPE.SOA,
    mname: reader.name(),
    rname: reader.name(),
    serial: reader.u32(),
    refreshSeconds: reader.u32(),
    retrySeconds: reader.u32(),
    expireSeconds: reader.u32(),
    minimumSeconds: reader.u32(),
  };
}

function readFields(type: number, reader: Reader): Rdata {
  switch (type) {
    case TYPE.A:
      return { type, address: reader.bytes(4) };
    case TYPE.AAAA:
      return { type, address: reader.bytes(16) };
    case TYPE.NS:
    case TYPE.CNAME:
    case TYPE.PTR:
      return { type, name: reader.name() };
    case TYPE.TXT:
      return { type, strings: readStrings(reader) };
    case TYPE.MX:
      return { type, preference: reader.u16(), exchange: reader.name() };
    case TYPE.SRV:
      return {
        type,
        priority: reader.u16(),
        weight: reader.u16(),
        port: reader.u16(),
        target: reader.name(),
      };
    case TYPE.SVCB:
    case TYPE.HTTPS:
      return {
        type,
        priority: reader.u16(),
        target: reader.name(),
        parameters: reader.bytes(reader.remaining),
      };
    case TYPE.SOA:
      return readSoa(reader);
    default:
      return { type: 'opaque', number: type, octets: reader.bytes(reader.remaining) };
  }
}

/** Data of `length` octets at `offset`; undefined when it is malformed or does not fill its length. Never throws. */
export function readRdata(
  bytes: Uint8Array,
  offset: number,
  length: number,
  type: number,
): Rdata | undefined {
  const reader = new Reader(bytes, offset, offset + length);
  const data = readFields(type, reader);
  return reader.failed || reader.remaining !== 0 ? undefined : data;
}

function writeSoa(writer: Writer, data: SoaData): void {
  writer.name(data.mname);
  writer.name(data.rname);
  for (const value of [
    data.serial,
    data.refreshSeconds,
    data.retrySeconds,
    data.expireSeconds,
    data.minimumSeconds,
  ])
    writer.u32(value);
}

function writeStrings(writer: Writer, strings: readonly Uint8Array[]): void {
  for (const string of strings) {
    writer.u8(string.length);
    writer.bytes(string);
  }
}

function writeSrv(writer: Writer, data: SrvData): void {
  writer.u16(data.priority);
  writer.u16(data.weight);
  writer.u16(data.port);
  writer.plainName(data.target);
}

/** Write the data of a record, without its length. */
export function writeRdata(writer: Writer, data: Rdata): void {
  switch (data.type) {
    case TYPE.A:
    case TYPE.AAAA:
      writer.bytes(data.address);
      break;
    case TYPE.NS:
    case TYPE.CNAME:
    case TYPE.PTR:
      writer.name(data.name);
      break;
    case TYPE.TXT:
      writeStrings(writer, data.strings);
      break;
    case TYPE.MX:
      writer.u16(data.preference);
      writer.name(data.exchange);
      break;
    case TYPE.SRV:
      writeSrv(writer, data);
      break;
    case TYPE.SVCB:
    case TYPE.HTTPS:
      writer.u16(data.priority);
      writer.plainName(data.target);
      writer.bytes(data.parameters);
      break;
    case TYPE.SOA:
      writeSoa(writer, data);
      break;
    case 'opaque':
      writer.bytes(data.octets);
  }
}
