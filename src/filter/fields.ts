/**
 * Which selectors a filter may use, for each kind of document. A new field of a document is a row here.
 *
 * Names are those of the API's JSON. A leaf says what its value is, because operators and the reading of the other
 * side depend on that; an object goes one level down.
 */

export type FieldKind =
  | 'text'
  | 'number'
  | 'boolean'
  /** A list of texts. */
  | 'list'
  /** Texts by free keys. */
  | 'map';

export type Field =
  | FieldKind
  | FieldTree
  /** Documents by free keys. */
  | { readonly values: FieldTree }
  /** A list of documents; a comparison holds when it holds for one of them. */
  | { readonly items: FieldTree };

export class FieldTree {
  readonly fields: Readonly<Record<string, Field>>;

  constructor(fields: Readonly<Record<string, Field>>) {
    this.fields = fields;
  }
}

const tree = (fields: Readonly<Record<string, Field>>): FieldTree => new FieldTree(fields);

const ADDRESS = tree({ Address: 'text', Port: 'number' });
const WEIGHTS = tree({ Passing: 'number', Warning: 'number' });
const MESH_GATEWAY = tree({ Mode: 'text' });
const LOCALITY = tree({ Region: 'text', Zone: 'text' });
const CONNECT = tree({ Native: 'boolean' });

const UPSTREAM = tree({
  DestinationType: 'text',
  DestinationNamespace: 'text',
  DestinationName: 'text',
  Datacenter: 'text',
  LocalBindAddress: 'text',
  LocalBindPort: 'number',
  MeshGateway: MESH_GATEWAY,
});

const EXPOSED_PATH = tree({
  ListenerPort: 'number',
  Path: 'text',
  LocalPathPort: 'number',
  Protocol: 'text',
  ParsedFromCheck: 'boolean',
});

const PROXY = tree({
  DestinationServiceName: 'text',
  DestinationServiceID: 'text',
  LocalServiceAddress: 'text',
  LocalServicePort: 'number',
  Mode: 'text',
  Upstreams: { items: UPSTREAM },
  MeshGateway: MESH_GATEWAY,
  Expose: tree({ Checks: 'boolean', Paths: { items: EXPOSED_PATH } }),
  TransparentProxy: tree({ OutboundListenerPort: 'number', DialedDirectly: 'boolean' }),
});

export const NODE_FIELDS = tree({
  ID: 'text',
  Node: 'text',
  Address: 'text',
  Datacenter: 'text',
  TaggedAddresses: 'map',
  Meta: 'map',
});

export const SERVICE_FIELDS = tree({
  Kind: 'text',
  ID: 'text',
  Service: 'text',
  Tags: 'list',
  Address: 'text',
  TaggedAddresses: { values: ADDRESS },
  Meta: 'map',
  Port: 'number',
  SocketPath: 'text',
  Weights: WEIGHTS,
  EnableTagOverride: 'boolean',
  Proxy: PROXY,
  Connect: CONNECT,
  Locality: LOCALITY,
});

export const CHECK_FIELDS = tree({
  Node: 'text',
  CheckID: 'text',
  Name: 'text',
  Status: 'text',
  Notes: 'text',
  Output: 'text',
  ServiceID: 'text',
  ServiceName: 'text',
  ServiceTags: 'list',
  Type: 'text',
  Interval: 'text',
  Timeout: 'text',
  ExposedPort: 'number',
});

/** Entries of /v1/health/service. */
export const ENTRY_FIELDS = tree({
  Node: NODE_FIELDS,
  Service: SERVICE_FIELDS,
  Checks: { items: CHECK_FIELDS },
});

/** Entries of /v1/internal/ui/nodes. */
export const NODE_DUMP_FIELDS = tree({
  ID: 'text',
  Node: 'text',
  Address: 'text',
  TaggedAddresses: 'map',
  Meta: 'map',
  Services: { items: SERVICE_FIELDS },
  Checks: { items: CHECK_FIELDS },
});

/** Entries of /v1/catalog/service. */
export const CATALOG_SERVICE_FIELDS = tree({
  ID: 'text',
  Node: 'text',
  Address: 'text',
  Datacenter: 'text',
  TaggedAddresses: 'map',
  NodeMeta: 'map',
  ServiceKind: 'text',
  ServiceID: 'text',
  ServiceName: 'text',
  ServiceTags: 'list',
  ServiceAddress: 'text',
  ServiceTaggedAddresses: { values: ADDRESS },
  ServiceWeights: WEIGHTS,
  ServiceMeta: 'map',
  ServicePort: 'number',
  ServiceSocketPath: 'text',
  ServiceEnableTagOverride: 'boolean',
  ServiceProxy: PROXY,
  ServiceConnect: CONNECT,
  ServiceLocality: LOCALITY,
});

/** Entries of /v1/agent/members. */
export const MEMBER_FIELDS = tree({
  Name: 'text',
  Addr: 'text',
  Port: 'number',
  Tags: 'map',
  Status: 'number',
  ProtocolMin: 'number',
  ProtocolMax: 'number',
  ProtocolCur: 'number',
  DelegateMin: 'number',
  DelegateMax: 'number',
  DelegateCur: 'number',
});
