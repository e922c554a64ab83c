/**
 * Rows as the API shows them: PascalCase, Consul's order of fields, `null` and `{}` exactly as there.
 *
 * The same empty thing differs by place: metadata that was not given is `{}` in answers of the agent and of
 * /catalog/service and `null` in those of /health and /catalog/node. A new field of a service is added here.
 */
import type { Instance } from '../../catalog/select.ts';
import type {
  CheckRow,
  JsonObject,
  NodeRow,
  ServiceDefinition,
  ServiceRow,
  StringMap,
  Weights,
} from '../../model/types.ts';
import { SortedMap, sorted } from './go-json.ts';

export type Document = Readonly<Record<string, unknown>>;

/** A field that is left out when it is empty. */
function unlessEmpty<Value>(value: Value | null): Value | undefined {
  if (value === null || value === '') return undefined;
  return typeof value === 'object' && Object.keys(value as object).length === 0 ? undefined : value;
}

function mapOf(map: StringMap | null): SortedMap<string> {
  return sorted(map) ?? new SortedMap();
}

function weightsDocument({ passing, warning }: Weights): Document {
  return { Passing: passing, Warning: warning };
}

function addressesDocument({ taggedAddresses }: ServiceDefinition): SortedMap<Document> | undefined {
  if (taggedAddresses === null || Object.keys(taggedAddresses).length === 0) return undefined;
  const entries = Object.entries(taggedAddresses);
  return new SortedMap(entries.map(([tag, { address, port }]) => [tag, { Address: address, Port: port }]));
}

/** Mesh settings always show these two. */
function proxyDocument(proxy: JsonObject | null): Document {
  return { ...proxy, MeshGateway: proxy?.['MeshGateway'] ?? {}, Expose: proxy?.['Expose'] ?? {} };
}

export function nodeDocument(node: NodeRow, datacenter: string): Document {
  return {
    ID: node.id,
    Node: node.name,
    Address: node.address,
    Datacenter: datacenter,
    TaggedAddresses: sorted(node.taggedAddresses),
    Meta: sorted(node.meta),
    CreateIndex: node.createIndex,
    ModifyIndex: node.modifyIndex,
  };
}

/** An instance in /health/service and under its node. */
export function serviceDocument(service: ServiceRow): Document {
  return {
    Kind: unlessEmpty(service.kind),
    ID: service.id,
    Service: service.name,
    Tags: service.tags,
    Address: service.address,
    TaggedAddresses: addressesDocument(service),
    Meta: sorted(service.meta),
    Port: service.port,
    SocketPath: unlessEmpty(service.socketPath),
    Weights: weightsDocument(service.weights),
    EnableTagOverride: service.enableTagOverride,
    Proxy: proxyDocument(service.proxy),
    Connect: service.connect ?? {},
    Locality: unlessEmpty(service.locality),
    CreateIndex: service.createIndex,
    ModifyIndex: service.modifyIndex,
  };
}

/** An instance with its node, flat, as /catalog/service shows it. */
export function catalogServiceDocument(
  { node, service }: Pick<Instance, 'node' | 'service'>,
  datacenter: string,
): Document {
  return {
    ID: node.id,
    Node: node.name,
    Address: node.address,
    Datacenter: datacenter,
    TaggedAddresses: sorted(node.taggedAddresses),
    NodeMeta: sorted(node.meta),
    ServiceKind: service.kind,
    ServiceID: service.id,
    ServiceName: service.name,
    ServiceTags: service.tags,
    ServiceAddress: service.address,
    ServiceTaggedAddresses: addressesDocument(service),
    ServiceWeights: weightsDocument(service.weights),
    ServiceMeta: mapOf(service.meta),
    ServicePort: service.port,
    ServiceSocketPath: service.socketPath,
    ServiceEnableTagOverride: service.enableTagOverride,
    ServiceProxy: proxyDocument(service.proxy),
    ServiceConnect: service.connect ?? {},
    ServiceLocality: unlessEmpty(service.locality),
    CreateIndex: service.createIndex,
    ModifyIndex: service.modifyIndex,
  };
}

export function checkDocument(check: CheckRow): Document {
  return {
    Node: check.node,
    CheckID: check.id,
    Name: check.name,
    Status: check.status,
    Notes: check.notes,
    Output: check.output,
    ServiceID: check.serviceId,
    ServiceName: check.serviceName,
    ServiceTags: check.serviceTags,
    Type: check.type,
    Interval: check.interval,
    Timeout: check.timeout,
    ExposedPort: check.exposedPort,
    Definition: check.definition,
    CreateIndex: check.createIndex,
    ModifyIndex: check.modifyIndex,
  };
}

/** An instance in /health/service: node, service, checks. */
export function entryDocument({ node, service, checks }: Instance, datacenter: string): Document {
  return {
    Node: nodeDocument(node, datacenter),
    Service: serviceDocument(service),
    Checks: checks.map(checkDocument),
  };
}

/** A service as the agent shows what was registered with it. */
export function agentServiceDocument(definition: ServiceDefinition, datacenter: string): Document {
  return {
    Kind: unlessEmpty(definition.kind),
    ID: definition.id,
    Service: definition.name,
    Tags: definition.tags,
    Meta: mapOf(definition.meta),
    Port: definition.port,
    Address: definition.address,
    SocketPath: unlessEmpty(definition.socketPath),
    TaggedAddresses: addressesDocument(definition),
    Weights: weightsDocument(definition.weights),
    EnableTagOverride: definition.enableTagOverride,
    Proxy: unlessEmpty(definition.proxy),
    Connect: unlessEmpty(definition.connect),
    Datacenter: datacenter,
    Locality: unlessEmpty(definition.locality),
  };
}

/** Prepared queries and transactions show tags that are not there as null, where other answers show an empty list. */
export function withNullTags(document: Document): Document {
  const isEmpty = (value: unknown): boolean => Array.isArray(value) && value.length === 0;
  const fields = Object.entries(document).map(([name, value]) => {
    return [name, (name === 'Tags' || name === 'ServiceTags') && isEmpty(value) ? null : value];
  });
  return Object.fromEntries(fields) as Document;
}
