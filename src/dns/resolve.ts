/**
 * Lookup → Outcome: what the catalog says about a name. Synchronous, from memory, pure.
 *
 * Refuses nothing and knows no rcodes. The datacenter is checked first: a name of another one has its outcome elsewhere and
 * is never answered from here; peers do not exist. A new lookup kind is a case in `resolveHere`.
 */
import { type Instance, select, selectConnect } from '../catalog/select.ts';
import { nodeKey, serviceKey, type View } from '../catalog/tables.ts';
import { nodeTopic, serviceTopic } from '../catalog/topics.ts';
import { formatIp } from '../lib/ip.ts';
import type { NodeRow, QueryRow, ServiceRow } from '../model/types.ts';
import type { Lookup } from '../names/lookup.ts';
import { TYPE } from '../wire/constants.ts';
import { type DnsConfig, type EmptyAnswer, emptyAnswerOf, serviceTtlSeconds } from './dns-config.ts';
import type { Elsewhere, FoundFar } from './elsewhere.ts';
import type { ServiceIndexes } from './known-instances.ts';
import { isIdLike, type NodeIds } from './node-ids.ts';
import { type FoundInstances, type NotFound, notFound, type Outcome } from './outcome.ts';

/** What executing a prepared query gives; undefined when there is none of that name or id. */
export interface QueryResult {
  /** The query, rendered; absent where it is tried nowhere else. */
  readonly query?: QueryRow;
  readonly service: string;
  readonly known: readonly Instance[];
  /** In the order of the query: nearest first, or shuffled. */
  readonly chosen: readonly Instance[];
  /** The TTL the query sets; null when it sets none. */
  readonly ttlSeconds: number | null;
}
/** Every instance of a service, in Consul's order. */
export type InstancesOf = (service: string) => readonly Instance[];

/** `clientAddress` is who asks, for queries that sort by nearness, and `agentNode` the node whose agent was asked. */
export type ExecuteQuery = (
  nameOrId: string,
  clientAddress: string,
  instancesOf: InstancesOf,
  agentNode?: string,
) => QueryResult | 'unknown token' | undefined;

export interface ResolveContext {
  readonly view: View;
  readonly config: DnsConfig;
  readonly executeQuery: ExecuteQuery;
  readonly clientAddress: () => string;
  /** The node of the agent that passed the question on; absent for questions to this one. */
  readonly agentNode?: string | undefined;
  readonly nodeIds: Pick<NodeIds, 'find'>;
  readonly services: Pick<ServiceIndexes, 'of'>;
  /** Absent where all rows are here, and there are no other datacenters. */
  readonly elsewhere?: Pick<Elsewhere, 'placeOf' | 'failsOver'> | undefined;
}

/** The service that every server registers itself as. */
const SERVER_SERVICE = 'consul';

/** The topic of every change of a node. */
export const ALL_NODES = 'nodes';

const isIn = (instance: Instance): boolean => instance.verdict.isIn;
const hasTag = (instance: Instance): boolean => instance.verdict.isIn || instance.verdict.reason !== 'tag';
const isInMaintenance = (instance: Instance): boolean =>
  !instance.verdict.isIn && instance.verdict.reason === 'maintenance';

/**
 * Who answers instead when too few are healthy: everybody who is not in maintenance (that was somebody's wish), if that
 * leaves anybody.
 */
function failOpen(
  tagged: readonly Instance[],
  healthy: readonly Instance[],
  rule: EmptyAnswer,
): readonly Instance[] {
  const isTooFew = healthy.length === 0 || healthy.length / tagged.length < rule.protectThreshold;
  return rule.policy === 'fail_open' && isTooFew
    ? tagged.filter((instance) => !isInMaintenance(instance))
    : [];
}

/** Decide who answers among the instances known under a name; `topic` is what changes when they do. */
function choose(
  service: string,
  known: readonly Instance[],
  config: DnsConfig,
  topic: string | null,
): FoundInstances | NotFound {
  if (known.length === 0) return notFound('unknown_service', { topic });
  const tagged = known.filter(hasTag);
  if (tagged.length === 0) return notFound('no_such_tag', { known, topic });
  const rule = emptyAnswerOf(config, service);
  const healthy = tagged.filter(isIn);
  const opened = failOpen(tagged, healthy, rule);
  if (healthy.length === 0 && opened.length === 0) {
    return notFound('none_healthy', { exists: rule.policy === 'nodata', known, topic });
  }
  const isOpened = opened.length > healthy.length;
  return {
    kind: 'instances',
    reason: isOpened ? 'fail_open' : 'answered',
    service,
    known,
    chosen: isOpened ? opened : healthy,
    ttlSeconds: serviceTtlSeconds(config, service),
    isOrdered: false,
    topic,
  };
}

function resolveService(service: string, tag: string | null, { services, config }: ResolveContext): Outcome {
  const index = services.of(service, config.onlyPassing);
  const known = tag === null ? index.all : index.withTag(tag);
  return choose(service, known, config, serviceTopic(service));
}

/**
 * Instances that speak for a service in a mesh. A change of theirs is not a change of the service, so nothing tells when
 * the answer becomes stale.
 */
function resolveConnect(service: string, { view, config }: ResolveContext): Outcome {
  return choose(service, selectConnect(view, service, { onlyPassing: config.onlyPassing }), config, null);
}

function resolveQuery(query: string, context: ResolveContext): Outcome {
  const instancesOf: InstancesOf = (service) =>
    context.services.of(service, context.config.onlyPassing).inOrder;
  const result = context.executeQuery(query, context.clientAddress(), instancesOf, context.agentNode);
  if (result === undefined) return notFound('unknown_query');
  if (result === 'unknown token') return notFound('unknown_token');
  const service = result.service.toLowerCase();
  if (result.chosen.length === 0)
    return notFound(result.known.length > 0 ? 'none_healthy' : 'unknown_service', {
      known: result.known,
      ...(result.query && { query: result.query }),
    });
  return {
    kind: 'instances',
    reason: 'answered',
    service,
    known: result.known,
    chosen: result.chosen,
    ttlSeconds: result.ttlSeconds ?? serviceTtlSeconds(context.config, service),
    isOrdered: true,
    topic: null,
  };
}

/** What a prepared query has found in another datacenter, as an outcome. */
export function foundElsewhere(found: FoundFar, config: DnsConfig): FoundInstances {
  const service = found.service.toLowerCase();
  return {
    kind: 'instances',
    reason: 'answered',
    service,
    known: found.instances,
    chosen: found.instances,
    ttlSeconds: found.ttlSeconds ?? serviceTtlSeconds(config, service),
    isOrdered: true,
    topic: null,
    datacenter: found.datacenter,
  };
}

/** A node by its name, or by its id (whole, or a beginning that fits one node only). */
function resolveNode(nameOrId: string, { view, nodeIds }: ResolveContext): Outcome {
  const named = view.nodes.get(nodeKey(nameOrId));
  if (named) return { kind: 'node', node: named, topic: nodeTopic(named.name) };
  const node = isIdLike(nameOrId) ? nodeIds.find(nameOrId) : undefined;
  return node
    ? { kind: 'node', node, topic: ALL_NODES }
    : notFound('unknown_node', { topic: topicOfMissing(nameOrId) });
}

/** What changes when a node of this name appears; one that may be an id can be that of a node of any name. */
function topicOfMissing(node: string): string {
  return isIdLike(node) ? ALL_NODES : nodeTopic(node);
}

/** The row whose key comes first, as in Consul: by name, without regard to case, whoever was registered before. */
function firstByKey<Row>(rows: Iterable<Row>, keyOf: (row: Row) => string): Row | undefined {
  let [first, firstKey]: [Row | undefined, string] = [undefined, ''];
  for (const row of rows) {
    const key = keyOf(row);
    if (first === undefined || key < firstKey) [first, firstKey] = [row, key];
  }
  return first;
}

/** Who has an address. O(rows that share it). */
function resolveReverse(address: Uint8Array | null, view: View): Outcome {
  if (address === null) return notFound('unknown_address');
  const text = formatIp(address);
  const node = firstByKey(view.nodes.by('address', text), ({ name }) => nodeKey(name));
  const to: NodeRow | ServiceRow | undefined =
    node ??
    firstByKey(view.services.by('address', text), (row) => serviceKey(row.node, row.id.toLowerCase()));
  return to ? { kind: 'pointer', to } : notFound('unknown_address');
}

/** Nodes of the servers; those that are healthy, or all when none is: a zone without nameservers helps nobody. */
function servers(view: View): readonly NodeRow[] {
  const instances = select(view, SERVER_SERVICE, { onlyPassing: false });
  const healthy = instances.filter(isIn);
  return (healthy.length > 0 ? healthy : instances).map((instance) => instance.node);
}

/** The outcome of a lookup whose locality is this datacenter. */
function resolveHere(lookup: Lookup, context: ResolveContext): Outcome {
  switch (lookup.kind) {
    case 'service':
      return resolveService(lookup.service, lookup.tag, context);
    case 'query':
      return resolveQuery(lookup.query, context);
    case 'node':
      return resolveNode(lookup.node, context);
    // Gateways and virtual addresses belong to a mesh; without one, no name of theirs has anything behind it.
    case 'connect':
      return resolveConnect(lookup.service, context);
    case 'ingress':
      return notFound('unknown_service');
    case 'virtual':
      return notFound('no_such_type', { exists: true });
    case 'addr':
      return { kind: 'address', address: lookup.address };
    case 'reverse':
      return resolveReverse(lookup.address, context.view);
    case 'nameserver':
      return { kind: 'nameserver', servers: servers(context.view) };
    case 'outside':
      return { kind: 'outside' };
    default:
      return notFound('invalid_name');
  }
}

/** What the catalog says about a lookup. O(instances) for services; a node id prefix costs O(nodes). Never throws. */
export function resolve(lookup: Lookup, qtype: number, context: ResolveContext): Outcome {
  if (lookup.kind === 'outside') return { kind: 'outside' };
  // SOA and NS of any name in the zone are those of its apex, also where the name does not exist.
  if (lookup.kind !== 'reverse' && (qtype === TYPE.SOA || qtype === TYPE.NS)) {
    return { kind: 'authority', servers: servers(context.view) };
  }
  if ('at' in lookup) {
    const { peer, datacenter } = lookup.at;
    if (peer !== null) return notFound('unknown_peer');
    if (datacenter !== null && datacenter !== context.config.datacenter.toLowerCase())
      return { kind: 'elsewhere', datacenter };
  }
  return resolveHere(lookup, context);
}
