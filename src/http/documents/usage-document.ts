/**
 * /v1/operator/usage: how much is registered in this datacenter, counted anew for each answer.
 */
import type { ServiceRow } from '../../model/types.ts';
import type { HttpParts } from '../http-parts.ts';
import type { Document } from './row-documents.ts';

/** Kinds of services that belong to a mesh, in Consul's order. */
const MESH_KINDS = [
  'api-gateway',
  'connect-native',
  'connect-proxy',
  'ingress-gateway',
  'mesh-gateway',
  'terminating-gateway',
];

const isNative = ({ connect }: ServiceRow): boolean => connect?.['Native'] === true;

/** What belongs to the servers themselves or only carries traffic of others is not billed by Consul. */
const isBillable = ({ name, kind }: ServiceRow): boolean => name !== 'consul' && kind === '';

/** The document. */
export function usageDocument({ state, datacenter, cluster }: HttpParts): Document {
  const { nodes, services } = state.view;
  const names = new Set<string>();
  const mesh = new Map(MESH_KINDS.map((kind) => [kind, 0]));
  let billable = 0;
  for (const service of services.values()) {
    names.add(service.name);
    if (isBillable(service)) billable += 1;
    const kind = isNative(service) ? 'connect-native' : service.kind;
    const count = mesh.get(kind);
    if (count !== undefined) mesh.set(kind, count + 1);
  }
  const own = {
    Nodes: nodes.size,
    Services: names.size,
    ServiceInstances: services.size,
    ConnectServiceInstances: Object.fromEntries(mesh),
    BillableServiceInstances: billable,
  };
  const { kind, lastContactMs } = cluster.standing();
  return {
    Usage: { [datacenter]: own },
    Index: state.index,
    LastContact: Math.round(lastContactMs * 1e6),
    KnownLeader: kind !== 'leaderless',
  };
}
