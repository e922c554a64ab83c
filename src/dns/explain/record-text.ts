/**
 * Records as text, in the form of zone files (RFC 1035 §5.1; RFC 3597 §5 for types without a form of their own).
 */
import { formatIp } from '../../lib/ip.ts';
import { className, TYPE, typeName } from '../../wire/constants.ts';
import type { ResourceRecord } from '../../wire/message.ts';
import { nameToText, type WireName } from '../../wire/name.ts';
import { type Rdata, typeOf } from '../../wire/rdata.ts';

function quoted(octets: Uint8Array): string {
  let text = '';
  for (const octet of octets) {
    if (octet === 0x22 || octet === 0x5c) text += `\\${String.fromCharCode(octet)}`;
    else if (octet < 0x20 || octet > 0x7e) text += `\\${String(octet).padStart(3, '0')}`;
    else text += String.fromCharCode(octet);
  }
  return `"${text}"`;
}

/** Names of the parameters that are known (RFC 9460 §14.3.2), with how their values are written. */
const PARAMETERS: Readonly<Record<number, readonly [name: string, text: (value: Uint8Array) => string]>> = {
  1: ['alpn', (value) => stringsIn(value).join(',')],
  2: ['no-default-alpn', () => ''],
  3: ['port', (value) => String(wordAt(value, 0))],
  4: ['ipv4hint', formatIp],
  6: ['ipv6hint', formatIp],
};

function wordAt(octets: Uint8Array, at: number): number {
  return ((octets[at] ?? 0) << 8) | (octets[at + 1] ?? 0);
}

function stringsIn(octets: Uint8Array): string[] {
  const strings: string[] = [];
  for (let at = 0; at < octets.length; at += 1 + (octets[at] as number))
    strings.push(Buffer.from(octets.subarray(at + 1, at + 1 + (octets[at] as number))).toString('latin1'));
  return strings;
}

function parametersText(octets: Uint8Array): string {
  let text = '';
  for (let at = 0; at + 4 <= octets.length; at += 4 + wordAt(octets, at + 2)) {
    const value = octets.subarray(at + 4, at + 4 + wordAt(octets, at + 2));
    const [name, write] = PARAMETERS[wordAt(octets, at)] ?? [`key${wordAt(octets, at)}`, undefined];
    const written = write === undefined ? quoted(value) : quoted(Buffer.from(write(value), 'latin1'));
    text += written === '""' ? ` ${name}` : ` ${name}=${written}`;
  }
  return text;
}

/** The data of a record, without owner, TTL and type. */
function rdataText(data: Rdata): string {
  switch (data.type) {
    case TYPE.A:
    case TYPE.AAAA:
      return formatIp(data.address);
    case TYPE.NS:
    case TYPE.CNAME:
    case TYPE.PTR:
      return nameToText(data.name);
    case TYPE.TXT:
      return data.strings.map(quoted).join(' ');
    case TYPE.MX:
      return `${data.preference} ${nameToText(data.exchange)}`;
    case TYPE.SRV:
      return `${data.priority} ${data.weight} ${data.port} ${nameToText(data.target)}`;
    case TYPE.SVCB:
    case TYPE.HTTPS:
      return `${data.priority} ${nameToText(data.target)}${parametersText(data.parameters)}`;
    case TYPE.SOA: {
      const { serial, refreshSeconds, retrySeconds, expireSeconds, minimumSeconds } = data;
      const numbers = [serial, refreshSeconds, retrySeconds, expireSeconds, minimumSeconds].join(' ');
      return `${nameToText(data.mname)} ${nameToText(data.rname)} ${numbers}`;
    }
    case 'opaque':
      return `\\# ${data.octets.length} ${Buffer.from(data.octets).toString('hex')}`.trim();
  }
}

/** `web.service.consul. 0 IN A 10.0.0.1`; `qname` is what an owner of null stands for. */
export function recordText(record: ResourceRecord, qname: WireName): string {
  const owner = nameToText(record.owner ?? qname);
  return `${owner} ${record.ttlSeconds} ${className(record.class)} ${typeName(typeOf(record.data))} ${rdataText(record.data)}`;
}
