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
