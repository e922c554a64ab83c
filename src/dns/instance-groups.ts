/**
 * Instances of a service → answer groups for the type that was asked.
 *
 * A, AAAA, ANY: one record for each address; instances behind the same address count together. If there is no address of
 * any family but a host name, the answer is that one alias and what it leads to (an alias must be alone, RFC 1034 §3.6.2).
 * SRV: one record for each node, address and port, with the addresses of its target and the node's metadata beside it.
 * SVCB, HTTPS: as SRV, of the instances that ask for it (service-binding.ts). Everything else has no records.
 */
import type { Instance } from '../catalog/select.ts';
import type { NodeRow } from '../model/types.ts';
import { TYPE } from '../wire/constants.ts';
import { type ResourceRecord, record } from '../wire/message.ts';
import type { WireName } from '../wire/name.ts';
import type { Rdata } from '../wire/rdata.ts';
import type { FoundInstances } from './outcome.ts';
import {
  type AnswerContext,
  addressRecord,
  type Endpoint,
  instanceEndpoint,
  metaRecords,
  type WeightedGroup,
  wantsAddress,
  weightOf,
} from './records.ts';
import { asksForBinding, bindingData, isServiceBinding } from './service-binding.ts';
import { nodeName } from './zone.ts';

export interface InstanceGroups {
  readonly groups: readonly WeightedGroup[];
  /** The first group is an alias and the rest what it leads to: the order matters. */
  readonly isChained: boolean;
  /** Nothing in the groups depends on other names. */
  readonly isSelfContained: boolean;
}

interface Reached {
  readonly instance: Instance;
  readonly endpoint: Endpoint;
  readonly weight: number;
}

/** SRV priority: all instances are alike (RFC 2782). */
const PRIORITY = 1;

function addressGroups(
  reached: readonly Reached[],
  ttlSeconds: number,
  qtype: number,
): readonly WeightedGroup[] {
  const byAddress = new Map<string, WeightedGroup>();
  for (const { endpoint, weight } of reached) {
    if (endpoint.kind !== 'ip' || !wantsAddress(qtype, endpoint.address)) continue;
    const key = endpoint.address.join('.');
    const before = byAddress.get(key);
    const answer = before?.answer ?? addressRecord(null, ttlSeconds, endpoint.address);
    byAddress.set(key, { answer, addresses: [], notes: [], weight: weight + (before?.weight ?? 0) });
  }
  return [...byAddress.values()];
}

/** The alias of one host name, drawn for each query, and its addresses where they are asked for. */
function aliasGroups(
  reached: readonly Reached[],
  ttlSeconds: number,
  context: AnswerContext,
): readonly WeightedGroup[] {
  const hosts = reached.map(({ endpoint }) => endpoint).filter((endpoint) => endpoint.kind === 'host');
  const host = hosts[Math.floor(context.pick * hosts.length)];
  if (host === undefined) return [];
  const alias = record(null, ttlSeconds, { type: TYPE.CNAME, name: host.target });
  const isWanted = context.qtype === TYPE.A || context.qtype === TYPE.AAAA || context.qtype === TYPE.ANY;
  const chain = isWanted ? context.hosts(host.host, context.qtype, ttlSeconds) : [];
  return [alias, ...chain].map((answer) => ({ answer, addresses: [], notes: [], weight: 1 }));
}

/** The metadata of nodes beside their instances, made once for each node. */
function notesMaker(
  ttlSeconds: number,
  { zone }: AnswerContext,
): (node: NodeRow) => readonly ResourceRecord[] {
  const made = new Map<NodeRow, readonly ResourceRecord[]>();
  return (node) => {
    const before = made.get(node);
    if (before) return before;
    const owner = nodeName(node, zone);
    const isWanted = zone.config.enableAdditionalNodeMetaTxt && owner !== undefined;
    const notes = isWanted ? metaRecords(node, owner, ttlSeconds) : [];
    made.set(node, notes);
    return notes;
  };
}

/** SRV, or the record that says more (service-binding.ts). */
function srvData({ instance, endpoint, weight }: Reached, target: WireName, qtype: number): Rdata {
  if (isServiceBinding(qtype)) return bindingData(qtype, instance, endpoint, target);
  return { type: TYPE.SRV, priority: PRIORITY, weight, port: instance.service.port, target };
}

function srvGroup(
  reached: Reached,
  ttlSeconds: number,
  context: AnswerContext,
  notes: readonly ResourceRecord[],
): WeightedGroup | undefined {
  const { endpoint, weight } = reached;
  if (endpoint.kind === 'unusable' || endpoint.target === undefined) return undefined;
  const { hosts } = context;
  const { target } = endpoint;
  const addresses: readonly ResourceRecord[] =
    endpoint.kind === 'ip'
      ? [addressRecord(target, ttlSeconds, endpoint.address)]
      : hosts(endpoint.host, TYPE.ANY, ttlSeconds);
  const data = srvData(reached, target, context.qtype);
  return { answer: record(null, ttlSeconds, data), addresses, notes, weight };
}

function srvGroups(
  reached: readonly Reached[],
  ttlSeconds: number,
  context: AnswerContext,
): readonly WeightedGroup[] {
  const seen = new Set<string>();
  const groups: WeightedGroup[] = [];
  const notesOf = notesMaker(ttlSeconds, context);
  for (const each of reached) {
    const { node, service } = each.instance;
    const key = `${node.name}\u0000${service.address || node.address}\u0000${service.port}`;
    if (seen.has(key)) continue;
    seen.add(key);
    const group = srvGroup(each, ttlSeconds, context, notesOf(node));
    if (group) groups.push(group);
  }
  return groups;
}

const NO_GROUPS: InstanceGroups = Object.freeze({ groups: [], isChained: false, isSelfContained: true });

/** Types that instances with addresses have records of. */
function isOfInstances(qtype: number): boolean {
  return qtype === TYPE.A || qtype === TYPE.AAAA || qtype === TYPE.SRV || qtype === TYPE.ANY;
}

/** The records of the chosen instances for the type of the question; no groups when there are none. O(instances). */
export function instanceGroups(found: FoundInstances, context: AnswerContext): InstanceGroups {
  const { qtype } = context;
  const endpointOf = (instance: Instance): Endpoint => instanceEndpoint(instance, context);
  const isBinding = isServiceBinding(qtype) && found.chosen.some(asksForBinding);
  // There are thousands of other types: asking for all of them must not make records for each.
  if (
    !isBinding &&
    !isOfInstances(qtype) &&
    found.chosen.some((instance) => endpointOf(instance).kind === 'ip')
  ) {
    return NO_GROUPS;
  }
  const chosen = isBinding ? found.chosen.filter(asksForBinding) : found.chosen;
  const reached = chosen.map((instance) => ({
    instance,
    endpoint: endpointOf(instance),
    weight: weightOf(instance, found.reason),
  }));
  if (qtype === TYPE.SRV || isBinding) {
    const isSelfContained = reached.every(({ endpoint }) => endpoint.kind !== 'host');
    return { groups: srvGroups(reached, found.ttlSeconds, context), isChained: false, isSelfContained };
  }
  if (reached.some(({ endpoint }) => endpoint.kind === 'ip')) {
    const groups = addressGroups(reached, found.ttlSeconds, qtype);
    return { groups, isChained: false, isSelfContained: true };
  }
  const groups = aliasGroups(reached, found.ttlSeconds, context);
  return { groups, isChained: true, isSelfContained: false };
}
