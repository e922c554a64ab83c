/**
 * Outcome → answer: records, TTLs, sections and the rcode. The only place that knows which outcome is which rcode.
 *
 * Order and limits come later, for each query (order.ts); here is what can be said at all. Negative answers always
 * carry the SOA record (RFC 2308 §3); a client can then remember them. Aliases are followed with `hosts`, which was
 * filled before by whoever could wait. Pure; never throws.
 */

import type { Instance } from '../catalog/select.ts';
import type { NodeRow } from '../model/types.ts';
import { RCODE, TYPE } from '../wire/constants.ts';
import { type ResourceRecord, record } from '../wire/message.ts';
import { foldByte, type WireName } from '../wire/name.ts';
import { instanceGroups } from './instance-groups.ts';
import { type FoundHere, type FoundInstances, NOTHING_KNOWN, type Outcome, type Reason } from './outcome.ts';
import {
  type AnswerContext,
  addressRecord,
  metaRecords,
  nodeEndpoint,
  type WeightedGroup,
  wantsAddress,
} from './records.ts';
import { isServiceBinding } from './service-binding.ts';
import { nodeName, serviceName, type Zone, zoneOf } from './zone.ts';

export interface Answer {
  readonly rcode: number;
  readonly reason: Reason;
  readonly groups: readonly WeightedGroup[];
  /** Draw a new order for each query. */
  readonly isShuffled: boolean;
  /** Most answers over any transport. */
  readonly limit: number;
  /** Whether `udp_answer_limit` counts. */
  readonly isLimitedOverUdp: boolean;
  /** Answers that it leaves in any case: the aliases in front and what the last of them leads to. */
  readonly essential: number;
  /** Put the SOA record into the authority section, as negative answers have it. */
  readonly isNegative: boolean;
  readonly authority: readonly ResourceRecord[];
  readonly additional: readonly ResourceRecord[];
  /** What was known under the name, for explanations. */
  readonly known: readonly Instance[];
  /** The topic whose change makes this answer stale; null when there is none to watch. */
  readonly topic: string | null;
  /** The service it belongs to, '' for none. */
  readonly service: string;
  /** Chosen for this client: another one may get something else. */
  readonly dependsOnClient: boolean;
}

const EMPTY: Answer = Object.freeze({
  rcode: RCODE.NOERROR,
  reason: 'answered',
  groups: [],
  isShuffled: false,
  limit: Number.POSITIVE_INFINITY,
  isLimitedOverUdp: false,
  essential: 0,
  isNegative: false,
  authority: [],
  additional: [],
  known: NOTHING_KNOWN,
  topic: null,
  service: '',
  dependsOnClient: false,
});

/** A group of one record. */
function lone(answer: ResourceRecord): WeightedGroup {
  return { answer, addresses: [], notes: [], weight: 1 };
}

function nodata(partial: Partial<Answer>): Answer {
  return { ...EMPTY, reason: 'no_such_type', isNegative: true, ...partial };
}

function answerInstances(found: FoundInstances, given: AnswerContext): Answer {
  const { datacenter } = found;
  const context = datacenter === undefined ? given : { ...given, zone: zoneOf(given.zone, datacenter) };
  const { config } = context.zone;
  const { groups, isChained, isSelfContained } = instanceGroups(found, context);
  const about = {
    known: found.known,
    service: found.service,
    topic: isSelfContained ? found.topic : null,
    dependsOnClient: found.isOrdered,
  };
  if (groups.length === 0) return nodata(about);
  const isPort = context.qtype === TYPE.SRV || isServiceBinding(context.qtype);
  const isCounted = !isPort && !isChained && config.aRecordLimit > 0;
  return {
    ...EMPTY,
    ...about,
    reason: found.reason,
    groups,
    isShuffled: !found.isOrdered && !isChained,
    limit: isCounted ? config.aRecordLimit : Number.POSITIVE_INFINITY,
    isLimitedOverUdp: true,
    essential: isChained ? 1 + groups.filter(({ answer }) => answer.data.type === TYPE.CNAME).length : 0,
  };
}

/** Addresses, or an alias and what it leads to, of a node asked by its own name. */
function nodeAddressGroups(node: NodeRow, context: AnswerContext): WeightedGroup[] {
  const { zone, qtype, hosts } = context;
  const ttlSeconds = zone.config.nodeTtlSeconds;
  const endpoint = nodeEndpoint(node, context);
  if (endpoint.kind === 'ip') {
    return wantsAddress(qtype, endpoint.address)
      ? [lone(addressRecord(null, ttlSeconds, endpoint.address))]
      : [];
  }
  if (endpoint.kind === 'unusable' || (qtype !== TYPE.A && qtype !== TYPE.AAAA && qtype !== TYPE.ANY))
    return [];
  const alias = record(null, ttlSeconds, { type: TYPE.CNAME, name: endpoint.target });
  return [lone(alias), ...hosts(endpoint.host, qtype, null).map(lone)];
}

/** A node: its address, and its metadata as TXT, as the answer where that was asked and beside it otherwise. */
function answerNode({ node, topic }: Outcome & { kind: 'node' }, context: AnswerContext): Answer {
  const { zone, qtype } = context;
  const meta = metaRecords(node, null, zone.config.nodeTtlSeconds);
  const addresses = nodeAddressGroups(node, context);
  if (qtype === TYPE.TXT || qtype === TYPE.ANY) {
    const groups = [...addresses, ...meta.map(lone)];
    return groups.length > 0 ? { ...EMPTY, groups, topic } : nodata({ topic });
  }
  const isAddressQuestion = qtype === TYPE.A || qtype === TYPE.AAAA;
  const notes = isAddressQuestion && zone.config.enableAdditionalNodeMetaTxt ? meta : [];
  const [only] = addresses;
  if (only === undefined) return nodata({ topic, additional: notes });
  if (addresses.length > 1) return { ...EMPTY, groups: addresses, additional: notes };
  return { ...EMPTY, groups: [{ ...only, notes }], topic };
}

/** `<hex>.addr`: the owner is given back in lower case, unlike everywhere else. */
function answerAddress(address: Uint8Array, context: AnswerContext): Answer {
  const { zone, qname, qtype } = context;
  if (!wantsAddress(qtype, address)) return nodata({});
  return {
    ...EMPTY,
    groups: [lone(addressRecord(qname.map(foldByte), zone.config.nodeTtlSeconds, address))],
  };
}

/** PTR for questions of every type; those for SOA have the zone in authority too. */
function answerPointer({ to }: Outcome & { kind: 'pointer' }, { zone, qtype }: AnswerContext): Answer {
  const name = 'tags' in to ? serviceName(to.name, zone) : nodeName(to, zone);
  if (name === undefined) return nodata({});
  // TTL 0, whatever node_ttl says: addresses move between nodes.
  const pointer = record(null, 0, { type: TYPE.PTR, name });
  return { ...EMPTY, groups: [lone(pointer)], isNegative: qtype === TYPE.SOA };
}

/** Host names (RFC 952, RFC 1123 §2.1) only: others cannot stand in NS. */
const HOST_LABEL = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/i;
/** Name servers listed; more would not make anybody safer and cost space. */
const MAX_SERVERS = 3;

function serverAddresses(
  servers: readonly NodeRow[],
  zone: Zone,
  name: (node: NodeRow) => WireName,
): ResourceRecord[] {
  return servers.flatMap((node) => {
    const endpoint = nodeEndpoint(node, { zone, qtype: TYPE.ANY });
    return endpoint.kind === 'ip'
      ? [addressRecord(name(node), zone.config.nodeTtlSeconds, endpoint.address)]
      : [];
  });
}

/** SOA with the name servers in authority, or the name servers, in lower case; glue in additional. */
function answerAuthority(all: readonly NodeRow[], context: AnswerContext): Answer {
  const { zone, qtype } = context;
  const ttlSeconds = zone.config.nodeTtlSeconds;
  const fit = all.filter((node) => HOST_LABEL.test(node.name)).slice(0, MAX_SERVERS);
  // Servers whose names are no host names are still reached through ns.<domain>.
  const servers = fit.length > 0 ? fit : all.slice(0, MAX_SERVERS);
  const nameOf = (node: NodeRow): WireName =>
    (fit.length > 0 ? nodeName(node, zone)?.map(foldByte) : undefined) ?? zone.nameserver;
  // Where servers are hidden from DNS, so is that there are any.
  const none = all.length === 0 && zone.config.rights !== null ? [] : [zone.nameserver];
  const names = fit.length > 0 ? servers.map(nameOf) : none;
  const ns = names.map((name) => record(zone.domain, ttlSeconds, { type: TYPE.NS, name }));
  const additional = serverAddresses(servers, zone, nameOf);
  if (qtype === TYPE.NS) return { ...EMPTY, groups: ns.map(lone), additional };
  const soa = record(zone.domain, zone.config.soa.minTtlSeconds, zone.soaData);
  return { ...EMPTY, groups: [lone(soa)], authority: ns, additional };
}

/** `ns.<domain>`, which SOA names: the addresses of the servers. */
function answerNameserver(servers: readonly NodeRow[], context: AnswerContext): Answer {
  const { zone, qtype } = context;
  const groups = servers.slice(0, MAX_SERVERS).flatMap((node) => {
    const endpoint = nodeEndpoint(node, context);
    if (endpoint.kind !== 'ip' || !wantsAddress(qtype, endpoint.address)) return [];
    return [lone(addressRecord(null, zone.config.nodeTtlSeconds, endpoint.address))];
  });
  return groups.length > 0 ? { ...EMPTY, groups, isShuffled: true } : nodata({});
}

/** Turn an outcome into an answer. O(instances). */
export function makeAnswer(outcome: FoundHere, context: AnswerContext): Answer {
  switch (outcome.kind) {
    case 'instances':
      return answerInstances(outcome, context);
    case 'node':
      return answerNode(outcome, context);
    case 'address':
      return answerAddress(outcome.address, context);
    case 'pointer':
      return answerPointer(outcome, context);
    case 'authority':
      return answerAuthority(outcome.servers, context);
    case 'nameserver':
      return answerNameserver(outcome.servers, context);
    case 'none':
      return nodata({
        rcode: outcome.exists ? RCODE.NOERROR : RCODE.NXDOMAIN,
        reason: outcome.reason,
        known: outcome.known,
        topic: outcome.topic,
        service: outcome.known[0]?.service.name.toLowerCase() ?? '',
      });
  }
}
