/**
 * Documents of the catalog and of what is kept beside it, as answers show them.
 */
import type { Schema } from '../../decode/json-fields.ts';
import {
  ANY_OBJECT,
  FLAG,
  INTEGER,
  listOf,
  mapOf,
  NUMBER,
  object,
  orNull,
  ref,
  TEXT,
  TIME,
} from './schema-words.ts';

const STAMP = { CreateIndex: INTEGER, ModifyIndex: INTEGER };
const TEXT_MAP = mapOf(TEXT);
const TEXTS = listOf(TEXT);

const NODE = {
  ID: TEXT,
  Node: TEXT,
  Address: TEXT,
  Datacenter: TEXT,
  TaggedAddresses: orNull(TEXT_MAP),
};

const SERVICE = {
  'Kind?': TEXT,
  ID: TEXT,
  Service: TEXT,
  Tags: orNull(TEXTS),
  Address: TEXT,
  'TaggedAddresses?': mapOf(ref('ServiceAddress')),
  Meta: orNull(TEXT_MAP),
  Port: INTEGER,
  'SocketPath?': TEXT,
  Weights: ref('Weights'),
  EnableTagOverride: FLAG,
  'Locality?': ANY_OBJECT,
};

const COORDINATE_OF_NODE = { Node: TEXT, Segment: TEXT, Coord: ref('Coordinate') };

/** What stands in the catalog. */
export const CATALOG_COMPONENTS: Readonly<Record<string, Schema>> = {
  Node: object({ ...NODE, Meta: orNull(TEXT_MAP), ...STAMP }),
  ServiceAddress: object({ Address: TEXT, Port: INTEGER }),
  Weights: object({ Passing: INTEGER, Warning: INTEGER }),
  Service: object({ ...SERVICE, Proxy: ANY_OBJECT, Connect: ANY_OBJECT, ...STAMP }),
  AgentService: object({
    ...SERVICE,
    'Proxy?': ANY_OBJECT,
    'Connect?': ANY_OBJECT,
    Datacenter: TEXT,
    'ContentHash?': TEXT,
    'CreateIndex?': INTEGER,
    'ModifyIndex?': INTEGER,
  }),
  Check: object({
    Node: TEXT,
    CheckID: TEXT,
    Name: TEXT,
    Status: TEXT,
    Notes: TEXT,
    Output: TEXT,
    ServiceID: TEXT,
    ServiceName: TEXT,
    ServiceTags: orNull(TEXTS),
    Type: TEXT,
    Interval: TEXT,
    Timeout: TEXT,
    ExposedPort: INTEGER,
    Definition: ANY_OBJECT,
    'DeregisterCriticalServiceAfter?': TEXT,
    ...STAMP,
  }),
  CatalogService: object({
    ...NODE,
    NodeMeta: orNull(TEXT_MAP),
    ServiceKind: TEXT,
    ServiceID: TEXT,
    ServiceName: TEXT,
    ServiceTags: orNull(TEXTS),
    ServiceAddress: TEXT,
    'ServiceTaggedAddresses?': mapOf(ref('ServiceAddress')),
    ServiceWeights: ref('Weights'),
    ServiceMeta: TEXT_MAP,
    ServicePort: INTEGER,
    ServiceSocketPath: TEXT,
    ServiceEnableTagOverride: FLAG,
    ServiceProxy: ANY_OBJECT,
    ServiceConnect: ANY_OBJECT,
    'ServiceLocality?': ANY_OBJECT,
    ...STAMP,
  }),
  NodeWithServices: object({ Node: orNull(ref('Node')), Services: orNull(mapOf(ref('Service'))) }),
  NodeWithServiceList: object({ Node: orNull(ref('Node')), Services: orNull(listOf(ref('Service'))) }),
  ServiceEntry: object({ Node: ref('Node'), Service: ref('Service'), Checks: listOf(ref('Check')) }),
  ServiceHealth: object({
    AggregatedStatus: TEXT,
    Service: ref('AgentService'),
    Checks: listOf(ref('Check')),
  }),
  Coordinate: object({ Vec: listOf(NUMBER), Error: NUMBER, Adjustment: NUMBER, Height: NUMBER }),
  NodeCoordinate: object(COORDINATE_OF_NODE),
  DatacenterCoordinates: object({
    Datacenter: TEXT,
    AreaID: TEXT,
    Coordinates: listOf(ref('NodeCoordinate')),
  }),
};

/** What is kept for clients. */
export const STORED_COMPONENTS: Readonly<Record<string, Schema>> = {
  KeyPair: object({
    LockIndex: INTEGER,
    Key: TEXT,
    Flags: INTEGER,
    Value: orNull({ type: 'string', contentEncoding: 'base64' }),
    'Session?': TEXT,
    ...STAMP,
  }),
  Session: object({
    ID: TEXT,
    Name: TEXT,
    Node: TEXT,
    LockDelay: INTEGER,
    Behavior: TEXT,
    TTL: TEXT,
    NodeChecks: orNull(TEXTS),
    ServiceChecks: orNull(listOf(object({ ID: TEXT, Namespace: TEXT }))),
    'Checks?': TEXTS,
    ...STAMP,
  }),
  Event: object({
    ID: TEXT,
    Name: TEXT,
    Payload: orNull({ type: 'string', contentEncoding: 'base64' }),
    NodeFilter: TEXT,
    ServiceFilter: TEXT,
    TagFilter: TEXT,
    Version: INTEGER,
    LTime: INTEGER,
    'Time?': TIME,
  }),
  Id: object({ ID: TEXT }),
  PreparedQuery: object({
    ID: TEXT,
    Name: TEXT,
    Session: TEXT,
    Token: TEXT,
    Template: object({ Type: TEXT, Regexp: TEXT, RemoveEmptyTags: FLAG }),
    Service: object({
      Service: TEXT,
      Failover: object({
        NearestN: INTEGER,
        Datacenters: orNull(TEXTS),
        'Targets?': listOf(ANY_OBJECT),
      }),
      OnlyPassing: FLAG,
      IgnoreCheckIDs: orNull(TEXTS),
      Near: TEXT,
      Tags: orNull(TEXTS),
      NodeMeta: orNull(TEXT_MAP),
      ServiceMeta: orNull(TEXT_MAP),
      Connect: FLAG,
      'Peer?': TEXT,
      'SamenessGroup?': TEXT,
    }),
    DNS: object({ TTL: TEXT }),
    ...STAMP,
  }),
  QueryResult: object({
    Service: TEXT,
    Nodes: listOf(ref('ServiceEntry')),
    DNS: object({ TTL: TEXT }),
    Datacenter: TEXT,
    Failovers: INTEGER,
    Index: INTEGER,
    LastContact: INTEGER,
    KnownLeader: FLAG,
    ConsistencyLevel: TEXT,
  }),
  QueryExplanation: object({
    Query: ref('PreparedQuery'),
    Index: INTEGER,
    LastContact: INTEGER,
    KnownLeader: FLAG,
    ConsistencyLevel: TEXT,
  }),
  TransactionResult: object({
    Results: orNull(
      listOf(
        object({
          'KV?': ref('KeyPair'),
          'Node?': ref('Node'),
          'Service?': ref('Service'),
          'Check?': ref('Check'),
        }),
      ),
    ),
    Errors: orNull(listOf(object({ OpIndex: INTEGER, What: TEXT }))),
    'Index?': INTEGER,
    'LastContact?': INTEGER,
    'KnownLeader?': FLAG,
    'ConsistencyLevel?': TEXT,
  }),
};
