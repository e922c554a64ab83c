/**
 * The tables of the catalog and how their rows are found.
 *
 * Keys are exact except for node and service names, which DNS and the API compare without case. Addresses are found by
 * their canonical text, whatever spelling they were registered with; host names are not addresses.
 * A new table is a row here and in `CatalogKinds`; stores, drafts and snapshots pick it up from this list.
 */
import { canonicalIp } from '../lib/ip.ts';
import type {
  AclAuthMethodRow,
  AclBindingRuleRow,
  AclPolicyRow,
  AclRoleRow,
  AclTokenRow,
} from '../model/acl-types.ts';
import type { HistoryRow } from '../model/history-types.ts';
import { KvValue } from '../model/kv-value.ts';
import type {
  CheckRow,
  CoordinateRow,
  KvRow,
  LockDelayRow,
  NodeRow,
  QueryRow,
  ServiceRow,
  SessionRow,
  SettingRow,
} from '../model/types.ts';
import { ROW_SHAPES } from './row-shapes.ts';
import {
  type Kind,
  type RowOf,
  type TableNameOf,
  type TableSpecs,
  tableNames,
  type ViewOf,
} from './table-set.ts';

export type CatalogKinds = {
  nodes: Kind<NodeRow, 'id' | 'address'>;
  services: Kind<ServiceRow, 'node' | 'name' | 'address' | 'connect'>;
  checks: Kind<CheckRow, 'node' | 'nodeItself' | 'service' | 'serviceName' | 'followedSession'>;
  kv: Kind<KvRow, 'session'>;
  sessions: Kind<SessionRow, 'node' | 'check'>;
  queries: Kind<QueryRow, 'name' | 'template' | 'session'>;
  lockDelays: Kind<LockDelayRow, never>;
  coordinates: Kind<CoordinateRow, 'node'>;
  settings: Kind<SettingRow, never>;
  history: Kind<HistoryRow, never>;
  aclTokens: Kind<AclTokenRow, 'secret' | 'policy' | 'role' | 'authMethod'>;
  aclPolicies: Kind<AclPolicyRow, 'name'>;
  aclRoles: Kind<AclRoleRow, 'name' | 'policy'>;
  aclAuthMethods: Kind<AclAuthMethodRow, never>;
  aclBindingRules: Kind<AclBindingRuleRow, 'authMethod'>;
};

export type TableName = TableNameOf<CatalogKinds>;
export type AnyRow = RowOf<CatalogKinds>;
export type View = ViewOf<CatalogKinds>;

/** Separates the parts of a composed key; it cannot occur in a name that came as JSON or DNS text unescaped. */
const SEPARATOR = '\u0000';

export const nodeKey = (node: string): string => node.toLowerCase();
export const serviceNameKey = (name: string): string => name.toLowerCase();
export const serviceKey = (node: string, id: string): string => nodeKey(node) + SEPARATOR + id;
export const coordinateKey = (node: string, segment: string): string => nodeKey(node) + SEPARATOR + segment;
export const checkKey = (node: string, id: string): string => nodeKey(node) + SEPARATOR + id;

/** The service, in lower case, that an instance speaks for in a mesh: a sidecar for another one, a native one for itself. */
function meshDestination(row: ServiceRow): string | undefined {
  if (row.kind === 'connect-proxy') {
    const destination = row.proxy?.['DestinationServiceName'];
    return typeof destination === 'string' ? serviceNameKey(destination) : undefined;
  }
  return row.connect?.['Native'] === true ? serviceNameKey(row.name) : undefined;
}

/** Names of policies, roles and auth methods are unique without regard to case. */
export const aclNameKey = (name: string): string => name.toLowerCase();

export const queryNameKey = (name: string): string => name.toLowerCase();

/** Name of the sessions that a check of the type `session` follows on its node. */
export function followedSession({
  type,
  definition,
}: Pick<CheckRow, 'type' | 'definition'>): string | undefined {
  const name = type === 'session' ? definition['SessionName'] : undefined;
  return typeof name === 'string' && name !== '' ? name : undefined;
}

/** Keys of the checks that a session lives and dies with. */
function checkKeysOfSession(row: SessionRow): readonly string[] {
  const services = row.serviceChecks?.map(({ id }) => id) ?? [];
  return [...row.nodeChecks, ...row.checks, ...services].map((id) => checkKey(row.node, id));
}

export const TABLES: TableSpecs<CatalogKinds> = {
  nodes: {
    shape: ROW_SHAPES.nodes,
    key: (row) => nodeKey(row.name),
    indexes: { id: (row) => row.id.toLowerCase() || undefined, address: (row) => canonicalIp(row.address) },
  },
  services: {
    shape: ROW_SHAPES.services,
    key: (row) => serviceKey(row.node, row.id),
    indexes: {
      node: (row) => nodeKey(row.node),
      name: (row) => serviceNameKey(row.name),
      address: (row) => canonicalIp(row.address),
      connect: meshDestination,
    },
  },
  checks: {
    shape: ROW_SHAPES.checks,
    key: (row) => checkKey(row.node, row.id),
    indexes: {
      node: (row) => nodeKey(row.node),
      // The few checks that count for every service of a node, apart from the many that belong to one.
      nodeItself: (row) => (row.serviceId ? undefined : nodeKey(row.node)),
      service: (row) => (row.serviceId ? serviceKey(row.node, row.serviceId) : undefined),
      serviceName: (row) => (row.serviceId ? serviceNameKey(row.serviceName) : undefined),
      followedSession: (row) => {
        const name = followedSession(row);
        return name === undefined ? undefined : checkKey(row.node, name);
      },
    },
  },
  kv: {
    shape: ROW_SHAPES.kv,
    key: (row) => row.key,
    indexes: { session: (row) => row.session || undefined },
    revive: (row) => {
      const value = KvValue.from(row.value);
      return value === row.value ? row : { ...row, value };
    },
  },
  sessions: {
    shape: ROW_SHAPES.sessions,
    key: (row) => row.id,
    indexes: { node: (row) => nodeKey(row.node), check: checkKeysOfSession },
  },
  queries: {
    shape: ROW_SHAPES.queries,
    key: (row) => row.id,
    indexes: {
      name: (row) => queryNameKey(row.name) || undefined,
      template: (row) => (row.isTemplate ? queryNameKey(row.name) : undefined),
      session: (row) => row.session || undefined,
    },
  },
  lockDelays: { shape: ROW_SHAPES.lockDelays, key: (row) => row.key, indexes: {} },
  coordinates: {
    shape: ROW_SHAPES.coordinates,
    key: (row) => coordinateKey(row.node, row.segment),
    indexes: { node: (row) => nodeKey(row.node) },
  },
  settings: { shape: ROW_SHAPES.settings, key: (row) => row.name, indexes: {} },
  history: { shape: ROW_SHAPES.history, key: (row) => row.key, indexes: {} },
  aclTokens: {
    shape: ROW_SHAPES.aclTokens,
    key: (row) => row.accessorId,
    indexes: {
      secret: (row) => row.secretId,
      policy: (row) => row.policies,
      role: (row) => row.roles,
      authMethod: (row) => row.authMethod || undefined,
    },
  },
  aclPolicies: {
    shape: ROW_SHAPES.aclPolicies,
    key: (row) => row.id,
    indexes: { name: (row) => aclNameKey(row.name) },
  },
  aclRoles: {
    shape: ROW_SHAPES.aclRoles,
    key: (row) => row.id,
    indexes: { name: (row) => aclNameKey(row.name), policy: (row) => row.policies },
  },
  aclAuthMethods: { shape: ROW_SHAPES.aclAuthMethods, key: (row) => aclNameKey(row.name), indexes: {} },
  aclBindingRules: {
    shape: ROW_SHAPES.aclBindingRules,
    key: (row) => row.id,
    indexes: { authMethod: (row) => aclNameKey(row.authMethod) },
  },
};

export const TABLE_NAMES = tableNames(TABLES);
