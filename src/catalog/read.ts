/**
 * Questions that the HTTP API asks of the catalog, beyond "which instances answer" (select.ts).
 *
 * Results are in Consul's order: by node, then by id. Lookups by name are Map lookups; lists are O(rows) plus
 * the sort. Never throws; what is unknown is an empty list or undefined.
 */
import type { CheckRow, NodeRow, ServiceRow } from '../model/types.ts';
import { type Instance, select } from './select.ts';
import { nodeKey, serviceNameKey, type View } from './tables.ts';

/** Case does not count, as it does not in names. */
function byText(a: string, b: string): number {
  const [left, right] = [a.toLowerCase(), b.toLowerCase()];
  return left < right ? -1 : left > right ? 1 : 0;
}

interface Placed {
  readonly node: string;
  readonly id: string;
}

/** Items by node and id of their row. The keys are made once, not at every comparison: lists may be long. */
function inOrder<Item>(items: Iterable<Item>, rowOf: (item: Item) => Placed): readonly Item[] {
  const keyed = Array.from(items, (item) => {
    const { node, id } = rowOf(item);
    return { key: `${nodeKey(node)}\u0000${id.toLowerCase()}`, item };
  });
  return keyed.sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0)).map(({ item }) => item);
}

const itself = <Row>(row: Row): Row => row;

/** All nodes by name. */
export function allNodes(view: View): readonly NodeRow[] {
  return [...view.nodes.values()].sort((a, b) => byText(a.name, b.name));
}

/** Shortest part of a node id that names a node. */
const MIN_ID_PREFIX = 4;

/** The node with this name, else the one whose id is or begins with it if only one does. O(nodes) without a match by name. */
export function findNode(view: View, nameOrId: string): NodeRow | undefined {
  const named = view.nodes.get(nodeKey(nameOrId));
  if (named !== undefined || nameOrId.length < MIN_ID_PREFIX) return named;
  const prefix = nameOrId.toLowerCase();
  const [only, ...others] = [...view.nodes.values()].filter(({ id }) => id.toLowerCase().startsWith(prefix));
  return others.length === 0 ? only : undefined;
}

/** Services of a node by id. */
export function servicesOfNode(view: View, node: string): readonly ServiceRow[] {
  return inOrder(view.services.by('node', nodeKey(node)), itself);
}

/** Names of services, gathered a few instances at a time. */
export interface ServiceNames {
  /** Instances to look at. */
  readonly instanceCount: number;
  /** Look at so many more instances; false when there are none left. */
  gather(count: number): boolean;
  /** What was gathered: names, and for each the tags of its wanted instances, each tag once. */
  readonly tagsOf: ReadonlyMap<string, ReadonlySet<string>>;
}

/** Begin to gather the names of services with wanted instances, of those that are there now. */
export function serviceNames(
  view: View,
  isWanted: (node: NodeRow, service: ServiceRow) => boolean,
): ServiceNames {
  const services = [...view.services.values()];
  const tagsOf = new Map<string, Set<string>>();
  let next = 0;
  const look = (service: ServiceRow): void => {
    const node = view.nodes.get(nodeKey(service.node));
    if (node === undefined || !isWanted(node, service)) return;
    const tags = tagsOf.get(service.name) ?? new Set();
    for (const tag of service.tags) tags.add(tag);
    tagsOf.set(service.name, tags);
  };
  const gather = (count: number): boolean => {
    const end = Math.min(next + count, services.length);
    for (; next < end; next += 1) look(services[next] as ServiceRow);
    return next < services.length;
  };
  return { instanceCount: services.length, gather, tagsOf };
}

function sortedInstances(instances: readonly Instance[]): readonly Instance[] {
  return inOrder(instances, ({ service }) => service).map((instance) => ({
    ...instance,
    checks: sortedChecks(instance.checks),
  }));
}

/** Checks of the node first, then those of the service, each by id. */
function sortedChecks(checks: readonly CheckRow[]): readonly CheckRow[] {
  return [...checks].sort(
    (a, b) => Number(a.serviceId !== '') - Number(b.serviceId !== '') || byText(a.id, b.id),
  );
}

/** Every instance of a service with its checks. */
export function instancesOf(view: View, name: string): readonly Instance[] {
  return sortedInstances(select(view, name, { onlyPassing: false }));
}

const DESTINATION = 'DestinationServiceName';

function isMeshInstance(service: ServiceRow, name: string): boolean {
  if (service.kind === 'connect-proxy')
    return serviceNameKey(String(service.proxy?.[DESTINATION] ?? '')) === serviceNameKey(name);
  return service.connect?.['Native'] === true && serviceNameKey(service.name) === serviceNameKey(name);
}

/** Instances that speak for a service in a mesh: its proxies, and those of its own that need none. O(services). */
export function meshInstancesOf(view: View, name: string): readonly Instance[] {
  const names = new Set<string>();
  for (const service of view.services.values()) if (isMeshInstance(service, name)) names.add(service.name);
  const instances = [...names].flatMap((own) => select(view, own, { onlyPassing: false }));
  return sortedInstances(instances.filter(({ service }) => isMeshInstance(service, name)));
}

/** All checks of a node, its services' included. */
export function checksOfNode(view: View, node: string): readonly CheckRow[] {
  return inOrder(view.checks.by('node', nodeKey(node)), itself);
}

/** The checks of all instances of a service, without those of their nodes. */
export function checksOfService(view: View, name: string): readonly CheckRow[] {
  return inOrder(view.checks.by('serviceName', serviceNameKey(name)), itself);
}

/** All checks with this status; `any` takes all. O(checks). */
export function checksInState(view: View, status: string): readonly CheckRow[] {
  const checks = [...view.checks.values()];
  return inOrder(status === 'any' ? checks : checks.filter((check) => check.status === status), itself);
}
