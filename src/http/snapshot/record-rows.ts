/**
 * Rows of the catalog from the records of a snapshot: of Consul's, and of ours, where a row that Consul's record cannot
 * say in full stands as JSON beside it (`Rollcall`).
 *
 * To take another kind of record: a reader in READERS, a writer in row-records.ts.
 */
import { isUtf8 } from 'node:buffer';
import { parseBehavior } from '../../catalog/session.ts';
import { SNAPSHOT_TABLES } from '../../catalog/snapshot.ts';
import type { PutChange } from '../../catalog/state.ts';
import { isObject } from '../../decode/json-fields.ts';
import { textsOf } from '../../lib/message-pack.ts';
import {
  CHECK_FIELDS,
  KVS,
  PREPARED_QUERY,
  REGISTER,
  SERVICE_FIELDS,
  SESSION,
} from '../../model/consul-records.ts';
import { KvValue } from '../../model/kv-value.ts';
import {
  type CheckRow,
  type JsonObject,
  type KvRow,
  type NodeRow,
  type QueryRow,
  type ServiceName,
  type ServiceRow,
  type SessionRow,
  UNSTAMPED,
} from '../../model/types.ts';
import { catalogCheckInput, checkInput } from '../documents/catalog-check-document.ts';
import { serviceDefinition, serviceInput } from '../documents/catalog-service-document.ts';
import { queryInput } from '../documents/query-document.ts';
import { ACL_OCTETS, ACL_READERS } from './acl-records.ts';

const PLACE = { style: 'api', path: '' } as const;
const NANOSECONDS_PER_MS = 1e6;

/** Fields of a record with texts as texts, but for those of OCTETS. */
export type RecordFields = JsonObject;

/** Fields that are no texts, or no numbers that a double holds, by the kind of record. */
const OCTETS: Readonly<Record<number, readonly string[]>> = {
  ...ACL_OCTETS,
  [KVS]: ['Key', 'Value', 'Flags'],
};

/** Fields as they were unpacked (lib/message-pack.ts), made readable. Undefined when they are no map. */
export function recordFields(type: number, unpacked: unknown): RecordFields | undefined {
  if (!isObject(unpacked)) return undefined;
  const octets = picked(unpacked, OCTETS[type] ?? []);
  const others = Object.entries(unpacked).filter(([name]) => !(name in octets));
  return { ...(textsOf(Object.fromEntries(others)) as RecordFields), ...octets };
}

/** A document with the names that somebody reads; Consul's records have others, and more with every version. */
function picked(document: unknown, names: readonly string[]): JsonObject {
  const given = isObject(document) ? document : {};
  return Object.fromEntries(names.filter((name) => name in given).map((name) => [name, given[name]]));
}

const isNothing = (value: unknown): boolean =>
  !value || (typeof value === 'object' && Object.keys(value).length === 0);

/** A document without what is empty, which Consul's records hold all of. What stands in `Config` is somebody else's. */
function withoutEmpty(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutEmpty);
  if (!isObject(value)) return value;
  const kept = Object.entries(value).map(([name, item]) => [
    name,
    name === 'Config' ? item : withoutEmpty(item),
  ]);
  return Object.fromEntries(kept.filter(([, item]) => !isNothing(item)));
}

function documentOrNull(value: unknown): JsonObject | null {
  const document = withoutEmpty(value);
  return isNothing(document) ? null : (document as JsonObject);
}

const textMapOf = (value: unknown): NodeRow['meta'] => (isObject(value) ? (value as NodeRow['meta']) : null);
const textsIn = (value: unknown): readonly string[] => (Array.isArray(value) ? (value as string[]) : []);
const textIn = (value: unknown): string => (typeof value === 'string' ? value : '');

/** The node that a record of a node, a service or a check names. */
export function nodeOfRecord(fields: RecordFields): NodeRow {
  return {
    ...UNSTAMPED,
    name: textIn(fields['Node']) as NodeRow['name'],
    id: textIn(fields['ID']),
    address: textIn(fields['Address']),
    taggedAddresses: textMapOf(fields['TaggedAddresses']),
    meta: textMapOf(fields['NodeMeta']),
  };
}

function serviceRow(node: NodeRow['name'], document: JsonObject): ServiceRow {
  return {
    ...UNSTAMPED,
    ...serviceDefinition(serviceInput(picked(document, SERVICE_FIELDS), PLACE)),
    proxy: documentOrNull(document['Proxy']),
    connect: documentOrNull(document['Connect']),
    locality: documentOrNull(document['Locality']),
    node,
  };
}

const CHECK_NAMES = [...CHECK_FIELDS, 'ExposedPort'] as const;

function checkRow(node: NodeRow['name'], document: JsonObject): CheckRow {
  return {
    ...UNSTAMPED,
    ...catalogCheckInput(checkInput(picked(document, CHECK_NAMES), PLACE), node),
    node,
    serviceName: textIn(document['ServiceName']) as ServiceName,
    serviceTags: textsIn(document['ServiceTags']),
  };
}

function registered(fields: RecordFields): PutChange {
  const node = nodeOfRecord(fields);
  const { Service: service, Check: check } = fields;
  if (isObject(service)) return { op: 'put', table: 'services', row: serviceRow(node.name, service) };
  if (isObject(check)) return { op: 'put', table: 'checks', row: checkRow(node.name, check) };
  return { op: 'put', table: 'nodes', row: node };
}

function sessionRow(fields: RecordFields): SessionRow {
  const services = fields['ServiceChecks'];
  return {
    ...UNSTAMPED,
    id: textIn(fields['ID']) as SessionRow['id'],
    name: textIn(fields['Name']),
    node: textIn(fields['Node']) as SessionRow['node'],
    lockDelayMs: Number(fields['LockDelay'] ?? 0) / NANOSECONDS_PER_MS,
    behavior: parseBehavior(textIn(fields['Behavior'])),
    ttl: textIn(fields['TTL']),
    nodeChecks: textsIn(fields['NodeChecks']) as SessionRow['nodeChecks'],
    checks: textsIn(fields['Checks']) as SessionRow['checks'],
    serviceChecks: Array.isArray(services)
      ? services.map((check: unknown) => {
          const { ID, Namespace } = picked(check, ['ID', 'Namespace']);
          return { id: textIn(ID), namespace: textIn(Namespace) };
        })
      : null,
  };
}

/** Undefined for a key that is no text: it could be neither asked for nor shown. */
function kvRow(fields: RecordFields): KvRow | undefined {
  const { Key: key, Value: value } = fields;
  if (key instanceof Uint8Array && !isUtf8(key)) return undefined;
  return {
    ...UNSTAMPED,
    key: textIn(textsOf(key)),
    value: value instanceof Uint8Array ? KvValue.of(value) : null,
    flags: String(fields['Flags'] ?? 0),
    lockIndex: Number(fields['LockIndex'] ?? 0),
    session: textIn(fields['Session']) as KvRow['session'],
  };
}

const QUERY_NAMES = ['ID', 'Name', 'Session', 'Token', 'Template', 'Service', 'DNS'] as const;

function queryRow(fields: RecordFields): QueryRow {
  return { ...UNSTAMPED, ...queryInput(picked(fields, QUERY_NAMES)) };
}

type Reader = (fields: RecordFields) => PutChange | undefined;

const READERS: Readonly<Record<number, Reader>> = {
  ...ACL_READERS,
  [REGISTER]: registered,
  [SESSION]: (fields) => ({ op: 'put', table: 'sessions', row: sessionRow(fields) }),
  [KVS]: (fields) => {
    const row = kvRow(fields);
    return row && { op: 'put', table: 'kv', row };
  },
  [PREPARED_QUERY]: (fields) => ({ op: 'put', table: 'queries', row: queryRow(fields) }),
};

const isForeign = (document: unknown): boolean => {
  const { Namespace = '', Partition = '', PeerName = '' } = isObject(document) ? document : {};
  return ![Namespace, Partition].every((name) => name === '' || name === 'default') || PeerName !== '';
};

/** Whether a record is of another namespace or partition, or of another datacenter's peer. */
export function isOfOthers(fields: RecordFields): boolean {
  return [fields, fields['Service'], fields['Check']].some(isForeign);
}

/**
 * The row that Consul's fields of a record say; undefined when it is of a kind that is not taken. Throws AppError when they
 * say nothing that could be kept.
 */
export function rowOfRecord(type: number, fields: RecordFields): PutChange | undefined {
  return READERS[type]?.(fields);
}

/** Whether a value is a row of a snapshot, as far as its table and being an object go. */
export function isSnapshotRow(value: unknown): value is { table: PutChange['table']; row: object } {
  const { table, row } = (value ?? {}) as { table?: unknown; row?: unknown };
  return (SNAPSHOT_TABLES as readonly unknown[]).includes(table) && typeof row === 'object' && row !== null;
}
