/**
 * The tables of the catalog and how their rows are found.
 *
 * Keys are exact except for node and service names, which DNS and the API compare without case.
 * A new table is a row here and in `TableRows`; stores, drafts and snapshots pick it up from this list.
 */
import type {
  CheckRow,
  FactRow,
  KvRow,
  LocalCheckRow,
  LocalServiceRow,
  NodeRow,
  QueryRow,
  ServiceRow,
  SessionRow,
} from '../model/types.ts';
import type { TableSpec, TableView } from './table.ts';

export interface TableRows {
  nodes: NodeRow;
  services: ServiceRow;
  checks: CheckRow;
  kv: KvRow;
  sessions: SessionRow;
  queries: QueryRow;
  localServices: LocalServiceRow;
  localChecks: LocalCheckRow;
  facts: FactRow;
}

interface TableIndexes {
  nodes: 'id' | 'address';
  services: 'node' | 'name' | 'address';
  checks: 'node' | 'service' | 'serviceName';
  kv: 'session';
  sessions: 'node';
  queries: 'name' | 'session';
  localServices: never;
  localChecks: 'service';
  facts: never;
}

export type TableName = keyof TableRows;
export type AnyRow = TableRows[TableName];
export type View = { readonly [T in TableName]: TableView<TableRows[T], TableIndexes[T]> };

/** Separates the parts of a composed key; it cannot occur in a name that came as JSON or DNS text unescaped. */
const SEPARATOR = '\u0000';

export const nodeKey = (node: string): string => node.toLowerCase();
export const serviceNameKey = (name: string): string => name.toLowerCase();
export const serviceKey = (node: string, id: string): string => nodeKey(node) + SEPARATOR + id;
export const checkKey = (node: string, id: string): string => nodeKey(node) + SEPARATOR + id;

export const TABLES: { readonly [T in TableName]: TableSpec<TableRows[T], TableIndexes[T]> } = {
  nodes: {
    key: (row) => nodeKey(row.name),
    indexes: { id: (row) => row.id.toLowerCase() || undefined, address: (row) => row.address },
  },
  services: {
    key: (row) => serviceKey(row.node, row.id),
    indexes: {
      node: (row) => nodeKey(row.node),
      name: (row) => serviceNameKey(row.name),
      address: (row) => row.address || undefined,
    },
  },
  checks: {
    key: (row) => checkKey(row.node, row.id),
    indexes: {
      node: (row) => nodeKey(row.node),
      service: (row) => (row.serviceId ? serviceKey(row.node, row.serviceId) : undefined),
      serviceName: (row) => (row.serviceId ? serviceNameKey(row.serviceName) : undefined),
    },
  },
  kv: { key: (row) => row.key, indexes: { session: (row) => row.session || undefined } },
  sessions: {
    key: (row) => row.id,
    indexes: { node: (row) => nodeKey(row.node) },
  },
  queries: {
    key: (row) => row.id,
    indexes: { name: (row) => row.name || undefined, session: (row) => row.session || undefined },
  },
  localServices: { key: (row) => row.definition.id, indexes: {} },
  localChecks: {
    key: (row) => row.definition.id,
    indexes: { service: (row) => row.definition.serviceId || undefined },
  },
  facts: { key: (row) => row.name, indexes: {} },
};

export const TABLE_NAMES = Object.keys(TABLES) as readonly TableName[];
