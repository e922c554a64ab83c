/**
 * Catalog rows → DNS records, without owner tricks or limits: what an instance or node looks like in each type.
 *
 *     address of the instance      A / AAAA question              SRV target
 *     none (node 10.0.0.1)         A 10.0.0.1                     <node>.node.<dc>.<domain>
 *     10.0.0.2                     A 10.0.0.2                     0a000002.addr.<dc>.<domain>
 *     db.example.org               CNAME db.example.org           db.example.org
 *
 * Tagged addresses `lan_ipv4` and `lan_ipv6` stand in for the address: the one of the family that was asked for, and the
 * IPv6 one before the IPv4 one in questions that take either. `lan` and `wan` are for other datacenters.
 *
 * Metadata of nodes becomes TXT records "key=value" (RFC 1464); keys that begin with `rfc1035-` give the bare value.
 * Instances whose names cannot be written as DNS names are left out. Nothing here throws.
 */
import type { Instance } from '../catalog/select.ts';
import { parseIp, unmapped } from '../lib/ip.ts';
import type { NodeRow } from '../model/types.ts';
import { TYPE } from '../wire/constants.ts';
import { type ResourceRecord, record } from '../wire/message.ts';
import type { AnswerGroup } from '../wire/message-reply.ts';
import { isSameName, nameFromText, type WireName } from '../wire/name.ts';
import { textStrings } from '../wire/rdata.ts';
import type { Reason } from './outcome.ts';
import { addrName, nodeName, type Zone } from './zone.ts';

/** An answer and how much it counts when answers are drawn. */
export interface WeightedGroup extends AnswerGroup {
  readonly weight: number;
}

/**
 * Addresses (and the aliases on the way) of a host name; empty when it has none or nobody could ask. `ttlSeconds`
 * replaces the TTLs that come from elsewhere; null leaves them.
 */
export type Hosts = (host: string, qtype: number, ttlSeconds: number | null) => readonly ResourceRecord[];

/** What making records needs besides the rows. */
export interface AnswerContext {
  readonly zone: Zone;
  readonly qname: WireName;
  readonly qtype: number;
  readonly hosts: Hosts;
  /** A number in [0, 1) drawn for this query: which of several host names is its alias. */
  readonly pick: number;
}

/** Where an instance or node is reached. */
export type Endpoint =
  | { readonly kind: 'ip'; readonly address: Uint8Array; readonly target: WireName | undefined }
  | { readonly kind: 'host'; readonly host: string; readonly target: WireName }
  | { readonly kind: 'unusable' };

const UNUSABLE: Endpoint = Object.freeze({ kind: 'unusable' });
const encoder = new TextEncoder();

function endpoint(text: string, ipTarget: (address: Uint8Array) => WireName | undefined): Endpoint {
  const octets = parseIp(text);
  if (octets) {
    const address = unmapped(octets); // sockets that speak both families name IPv4 peers so, and programs register that
    return { kind: 'ip', address, target: ipTarget(address) };
  }
  const target = nameFromText(text);
  return target && target.length > 1 ? { kind: 'host', host: text, target } : UNUSABLE;
}

/** What decides where an instance or node is reached: the question. */
export type Asking = Pick<AnswerContext, 'zone' | 'qname' | 'qtype'>;

/** The address for questions of `qtype` when there is one for each family; '' for the one that is for all. */
function familyAddress(qtype: number, ipv4 = '', ipv6 = ''): string {
  if (qtype === TYPE.A) return ipv4;
  return qtype === TYPE.AAAA ? ipv6 : ipv6 || ipv4;
}

/** Where a node is reached. */
export function nodeEndpoint(node: NodeRow, { zone, qtype }: Pick<Asking, 'zone' | 'qtype'>): Endpoint {
  const tagged = node.taggedAddresses;
  const text = familyAddress(qtype, tagged?.['lan_ipv4'], tagged?.['lan_ipv6']) || node.address;
  // The name of the node has the addresses of the node; another one only has a name that spells it.
  return endpoint(text, (address) =>
    text === node.address ? nodeName(node, zone) : addrName(address, zone),
  );
}

/**
 * Where an instance is reached: its own address, else that of its node. An instance whose address is the very name that
 * was asked would be an alias of itself; its node's address is used instead.
 */
export function instanceEndpoint({ service, node }: Instance, asking: Asking): Endpoint {
  const tagged = service.taggedAddresses;
  const family = familyAddress(asking.qtype, tagged?.['lan_ipv4']?.address, tagged?.['lan_ipv6']?.address);
  const text = family || service.address;
  if (text === '') return nodeEndpoint(node, asking);
  const own = endpoint(text, (address) => addrName(address, asking.zone));
  return own.kind === 'host' && isSameName(own.target, asking.qname) ? nodeEndpoint(node, asking) : own;
}

/**
 * The number that SRV carries: by state. A critical instance answers because nothing healthy is left, which counts as warned,
 * or because a prepared query ignores its check, which counts nothing.
 */
export function weightOf({ service, status }: Instance, reason: Reason): number {
  const { passing, warning } = service.weights;
  if (status === 'passing') return passing;
  return status === 'warning' || reason === 'fail_open' ? warning : 0;
}

/** Whether a question of `qtype` wants this address. */
export function wantsAddress(qtype: number, address: Uint8Array): boolean {
  return qtype === TYPE.ANY || qtype === (address.length === 4 ? TYPE.A : TYPE.AAAA);
}

export function addressRecord(
  owner: WireName | null,
  ttlSeconds: number,
  address: Uint8Array,
): ResourceRecord {
  return record(owner, ttlSeconds, { type: address.length === 4 ? TYPE.A : TYPE.AAAA, address });
}

/** RFC 1464 §2: a grave accent quotes "=", itself, and blanks at the ends of the attribute name. */
function attribute(key: string, value: string): string {
  const quoted = key
    .replace(/[`=]/g, '`$&')
    .replace(/^[ \t]+|[ \t]+$/g, (blanks) => blanks.replace(/./gs, '`$&'));
  return `${quoted}=${value.replaceAll('`', '``')}`;
}

/** One TXT record for each metadata pair of a node, in the order of the keys. */
export function metaRecords(node: NodeRow, owner: WireName | null, ttlSeconds: number): ResourceRecord[] {
  const pairs = Object.entries(node.meta ?? {}).sort(([a], [b]) => (a < b ? -1 : 1));
  return pairs.map(([key, value]) => {
    const text = key.toLowerCase().startsWith('rfc1035-') ? value : attribute(key, value);
    return record(owner, ttlSeconds, { type: TYPE.TXT, strings: textStrings(encoder.encode(text)) });
  });
}
