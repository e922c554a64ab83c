/**
 * What the agent itself is in the catalog, as a real server shows it: its node, the service `consul`, the check serfHealth.
 */
import type { OwnRows } from '../local/registration.ts';
import { SERF_HEALTH, type ServiceId, type ServiceName } from '../model/types.ts';
import type { AgentRole } from './agent-role.ts';
import type { Config } from './config/options.ts';
import { type Identity, nodeMetaOf } from './identity.ts';

/**
 * The version of Consul whose behaviour clients may count on. Tools compare it with what they need, so the API
 * shows it where Consul shows its own.
 */
export const CONSUL_VERSION = '1.21.4';

/** Protocol numbers that tools read from the metadata of the service `consul`; those of Consul. */
const PROTOCOL_META = {
  non_voter: 'false',
  read_replica: 'false',
  raft_version: '3',
  serf_protocol_current: '2',
  serf_protocol_max: '5',
  serf_protocol_min: '1',
} as const;

/** The rows that this agent keeps in the catalog for itself; whether a client agent lives the servers say. */
export function ownRows(identity: Identity, config: Config, role: AgentRole): OwnRows {
  const { nodeName: node, nodeId: id, advertiseAddress: address, taggedAddresses } = identity;
  const row = { name: node, id, address, taggedAddresses, meta: nodeMetaOf(config) };
  if (role === 'client') return { node: row, services: [], checks: [] };
  return {
    node: row,
    services: [
      {
        id: 'consul' as ServiceId,
        name: 'consul' as ServiceName,
        kind: '',
        tags: [],
        address: '',
        taggedAddresses: null,
        meta: { ...PROTOCOL_META, version: CONSUL_VERSION },
        port: config['ports.server'],
        socketPath: '',
        weights: { passing: 1, warning: 1 },
        enableTagOverride: false,
        proxy: null,
        connect: null,
        locality: null,
      },
    ],
    checks: [
      {
        node,
        id: SERF_HEALTH,
        name: 'Serf Health Status',
        status: 'passing',
        notes: '',
        output: 'Agent alive and reachable',
        serviceId: '' as ServiceId,
        type: '',
        interval: '',
        timeout: '',
        exposedPort: 0,
        definition: {},
      },
    ],
  };
}
