/**
 * What pages show of the whole catalog: a line for each service, and nodes with all that is on them.
 *
 * Consul makes these documents for its own page and does not document them. Lines count instances by state beyond that,
 * so that nobody has to ask for every service.
 */
import type { Found } from '../../catalog/find-by-text.ts';
import { checksOfNode, servicesOfNode } from '../../catalog/read.ts';
import type { ServiceSummary } from '../../catalog/service-summary.ts';
import type { View } from '../../catalog/tables.ts';
import type { NodeRow } from '../../model/types.ts';
import {
  checkDocument,
  type Document,
  nodeDocument,
  serviceDocument,
  withNullTags,
} from './row-documents.ts';

const listOrNull = (items: readonly string[]): readonly string[] | null =>
  items.length === 0 ? null : items;

function summaryDocument(summary: ServiceSummary, datacenter: string, hasProxy: boolean): Document {
  const { checks, instances, kind, proxyFor } = summary;
  return {
    Kind: kind === '' ? undefined : kind,
    Name: summary.name,
    Datacenter: datacenter,
    Tags: listOrNull(summary.tags),
    Nodes: summary.nodes,
    ExternalSources: listOrNull(summary.externalSources),
    InstanceCount: summary.instanceCount,
    ProxyFor: proxyFor.length === 0 ? undefined : proxyFor,
    ChecksPassing: checks.passing,
    ChecksWarning: checks.warning,
    ChecksCritical: checks.critical,
    InstancesPassing: instances.passing,
    InstancesWarning: instances.warning,
    InstancesCritical: instances.critical,
    InstancesMaintenance: instances.maintenance,
    GatewayConfig: {},
    TransparentProxy: summary.isTransparentProxy,
    ConnectNative: summary.isConnectNative,
    ConnectedWithProxy: hasProxy,
    ConnectedWithGateway: false,
  };
}

/** A line for each service; whether it has a proxy is told by the others. */
export function summaryDocuments(
  summaries: readonly ServiceSummary[],
  datacenter: string,
): readonly Document[] {
  const proxied = new Set(summaries.flatMap(({ proxyFor }) => proxyFor));
  return summaries.map((summary) => summaryDocument(summary, datacenter, proxied.has(summary.name)));
}

/** Where a service runs, by the worst state of its instances on each node. */
export function healthMapDocument({ name, nodesIn }: ServiceSummary): Document {
  const { passing, warning, critical, maintenance } = nodesIn;
  return {
    Name: name,
    Critical: critical,
    Warning: warning,
    Maintenance: maintenance,
    Passing: passing,
  };
}

/** What a search found, with the fields that its kind has. */
export function foundDocument({ kind, name, id, node, service }: Found): Document {
  return {
    Kind: kind,
    Name: name,
    ID: id || undefined,
    Node: node || undefined,
    ServiceName: kind === 'check' || service !== '' ? service : undefined,
  };
}

/** A node with its services and checks. */
export function nodeDumpDocument(view: View, node: NodeRow): Document {
  const { ID, Node, Address, TaggedAddresses, Meta } = nodeDocument(node, '');
  return {
    ID,
    Node,
    Address,
    TaggedAddresses,
    Meta,
    Services: servicesOfNode(view, node.name).map((service) => withNullTags(serviceDocument(service))),
    Checks: checksOfNode(view, node.name).map((check) => withNullTags(checkDocument(check))),
  };
}
