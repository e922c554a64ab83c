/**
 * Rows of the catalog as records of Consul's snapshots: the octet of their kind, then their fields as MessagePack.
 *
 * What Consul's record of a row cannot say travels in it as JSON under a name that Consul passes over; a row that Consul
 * has no record for travels in one that changes nothing there. So Consul restores all that it knows, and we restore all.
 */
import { isSameContent } from '../../catalog/draft.ts';
import type { PutChange } from '../../catalog/state.ts';
import { nodeKey, type View } from '../../catalog/tables.ts';
import { pack } from '../../lib/message-pack.ts';
import { CHUNKING, KVS, PREPARED_QUERY, REGISTER, SESSION } from '../../model/consul-records.ts';
import { AppError } from '../../model/errors.ts';
import type {
  CheckRow,
  JsonObject,
  KvRow,
  NodeRow,
  QueryRow,
  ServiceRow,
  SessionRow,
} from '../../model/types.ts';
import { aclRecord } from './acl-records.ts';
import {
  CONNECT_FIELDS,
  DEFINITION_FIELDS,
  goFields,
  LOCALITY_FIELDS,
  PROXY_FIELDS,
  QUERY_SERVICE_FIELDS,
} from './go-fields.ts';
import { type RecordFields, rowOfRecord } from './record-rows.ts';

const NANOSECONDS_PER_MS = 1e6;

interface SnapshotRecord {
  readonly type: number;
  readonly fields: RecordFields;
}

/** What a record needs besides its row. */
export interface RecordContext {
  readonly view: Pick<View, 'nodes'>;
  readonly datacenter: string;
}

const indexes = ({ createIndex, modifyIndex }: PutChange['row']): JsonObject => ({
  CreateIndex: createIndex,
  ModifyIndex: modifyIndex,
});

function nodeFields(node: NodeRow, datacenter: string): JsonObject {
  return {
    Datacenter: datacenter,
    ID: node.id,
    Node: node.name,
    Address: node.address,
    TaggedAddresses: node.taggedAddresses,
    NodeMeta: node.meta,
    Service: null,
    Check: null,
    SkipNodeUpdate: false,
    ...indexes(node),
  };
}

function addresses({ taggedAddresses }: ServiceRow): JsonObject | null {
  if (taggedAddresses === null) return null;
  const entries = Object.entries(taggedAddresses);
  return Object.fromEntries(
    entries.map(([tag, { address, port }]) => [tag, { Address: address, Port: port }]),
  );
}

function serviceFields(row: ServiceRow): JsonObject {
  return {
    Kind: row.kind,
    ID: row.id,
    Service: row.name,
    Tags: row.tags,
    Address: row.address,
    TaggedAddresses: addresses(row),
    Meta: row.meta,
    Port: row.port,
    SocketPath: row.socketPath,
    Weights: { Passing: row.weights.passing, Warning: row.weights.warning },
    EnableTagOverride: row.enableTagOverride,
    Proxy: goFields(PROXY_FIELDS, row.proxy) ?? {},
    Connect: goFields(CONNECT_FIELDS, row.connect) ?? {},
    Locality: goFields(LOCALITY_FIELDS, row.locality),
    ...indexes(row),
  };
}

function checkFields(row: CheckRow): JsonObject {
  return {
    Node: row.node,
    CheckID: row.id,
    Name: row.name,
    Status: row.status,
    Notes: row.notes,
    Output: row.output,
    ServiceID: row.serviceId,
    ServiceName: row.serviceName,
    ServiceTags: row.serviceTags,
    Type: row.type,
    Interval: row.interval,
    Timeout: row.timeout,
    ExposedPort: row.exposedPort,
    Definition: goFields(DEFINITION_FIELDS, row.definition) ?? {},
    ...indexes(row),
  };
}

function sessionFields(row: SessionRow): JsonObject {
  return {
    ID: row.id,
    Name: row.name,
    Node: row.node,
    LockDelay: Math.round(row.lockDelayMs * NANOSECONDS_PER_MS),
    Behavior: row.behavior,
    TTL: row.ttl,
    NodeChecks: row.nodeChecks,
    ServiceChecks: row.serviceChecks?.map(({ id, namespace }) => ({ ID: id, Namespace: namespace })) ?? null,
    Checks: row.checks.length === 0 ? null : row.checks,
    ...indexes(row),
  };
}

const UINT_64 = /^\d{1,20}$/;
const MAX_UINT_64 = 2n ** 64n - 1n;

function flagsOf({ flags }: KvRow): bigint {
  const number = UINT_64.test(flags) ? BigInt(flags) : 0n;
  return number > MAX_UINT_64 ? 0n : number;
}

function kvFields(row: KvRow): JsonObject {
  return {
    Key: row.key,
    Value: row.value?.octets() ?? null,
    Flags: flagsOf(row),
    LockIndex: row.lockIndex,
    Session: row.session,
    ...indexes(row),
  };
}

function queryFields(row: QueryRow): JsonObject {
  const { Token, Template, Service, DNS } = row.document;
  return {
    ID: row.id,
    Name: row.name,
    Session: row.session,
    Token,
    Template: { ...Template },
    Service: goFields(QUERY_SERVICE_FIELDS, Service),
    DNS: { ...DNS },
    ...indexes(row),
  };
}

/** The record that Consul has for a row; undefined when it has none. */
function consulRecord(change: PutChange, { view, datacenter }: RecordContext): SnapshotRecord | undefined {
  const { table, row } = change;
  const onNode = (name: string, rest: JsonObject): SnapshotRecord | undefined => {
    const node = view.nodes.get(nodeKey(name));
    return node && { type: REGISTER, fields: { ...nodeFields(node, datacenter), ...rest } };
  };
  switch (table) {
    case 'nodes':
      return { type: REGISTER, fields: nodeFields(row, datacenter) };
    case 'services':
      return onNode(row.node, { Service: serviceFields(row) });
    case 'checks':
      return onNode(row.node, { Check: checkFields(row) });
    case 'sessions':
      return { type: SESSION, fields: sessionFields(row) };
    case 'kv':
      return { type: KVS, fields: kvFields(row) };
    case 'queries':
      return { type: PREPARED_QUERY, fields: queryFields(row) };
    default:
      return withIndexes(aclRecord(change), row);
  }
}

function withIndexes(record: SnapshotRecord | undefined, row: PutChange['row']): SnapshotRecord | undefined {
  return record && { ...record, fields: { ...record.fields, ...indexes(row) } };
}

/** Whether reading a record gives its row back. */
function saysAll({ type, fields }: SnapshotRecord, change: PutChange): boolean {
  try {
    const back = rowOfRecord(type, fields);
    return back !== undefined && back.table === change.table && isSameContent(back.row, change.row);
  } catch (refusal) {
    if (refusal instanceof AppError) return false;
    throw refusal;
  }
}

/** The octets of the record of a row. */
export function recordOf(change: PutChange, context: RecordContext): Buffer {
  const known = consulRecord(change, context);
  const { type, fields } = known ?? { type: CHUNKING, fields: { ChunkMap: {} } };
  const isWhole = known !== undefined && saysAll(known, change);
  const { table, row } = change;
  const all = isWhole ? fields : { ...fields, Rollcall: JSON.stringify({ table, row }) };
  return Buffer.concat([Buffer.of(type), pack(all)]);
}
