/**
 * Documents that are kept as they were given, as fields that Consul's types take: a text where a number belongs would not
 * be refused by Consul, it would end it.
 *
 * What has another type than the table says is left out; whoever needs it has to carry it besides.
 */
import { isObject } from '../../decode/json-fields.ts';
import { parseDuration } from '../../lib/duration.ts';
import type { JsonObject } from '../../model/types.ts';

const NANOSECONDS_PER_MS = 1e6;

/** Gives the value as it is written, or undefined when it is of another type. */
type GoField = (value: unknown) => unknown;
type GoFields = Readonly<Record<string, GoField>>;

const when =
  (isRight: (value: unknown) => boolean): GoField =>
  (value) =>
    isRight(value) ? value : undefined;

const isText = (value: unknown): boolean => typeof value === 'string';
const isTextList = (value: unknown): boolean => Array.isArray(value) && value.every(isText);
const isMapOf = (isRight: (value: unknown) => boolean, value: unknown): boolean =>
  isObject(value) && Object.values(value).every(isRight);

const text = when(isText);
const flag = when((value) => typeof value === 'boolean');
const whole = when(Number.isSafeInteger);
const texts = when(isTextList);
const textMap = when((value) => isMapOf(isText, value));
const headers = when((value) => isMapOf(isTextList, value));
const anyObject = when(isObject);

/** A duration as text or as nanoseconds, written as the latter. */
const nanoseconds: GoField = (value) => {
  if (typeof value === 'number') return whole(value);
  const ms = typeof value === 'string' ? parseDuration(value) : undefined;
  return ms === undefined ? undefined : Math.round(ms * NANOSECONDS_PER_MS);
};

/** The fields of a table that a document has, with the types that they have there. */
export function goFields(table: GoFields, document: unknown): JsonObject | undefined {
  if (!isObject(document)) return undefined;
  const kept = Object.entries(table).map(([name, field]) => [name, field(document[name])] as const);
  return Object.fromEntries(kept.filter(([, value]) => value !== undefined));
}

const object =
  (table: GoFields): GoField =>
  (value) =>
    goFields(table, value);
const list =
  (table: GoFields): GoField =>
  (value) =>
    Array.isArray(value) && value.every(isObject) ? value.map((item) => goFields(table, item)) : undefined;

const MESH_GATEWAY = object({ Mode: text });

const UPSTREAM: GoFields = {
  DestinationType: text,
  DestinationNamespace: text,
  DestinationPartition: text,
  DestinationPeer: text,
  DestinationName: text,
  Datacenter: text,
  LocalBindAddress: text,
  LocalBindPort: whole,
  LocalBindSocketPath: text,
  LocalBindSocketMode: text,
  Config: anyObject,
  MeshGateway: MESH_GATEWAY,
  CentrallyConfigured: flag,
};

const EXPOSED_PATH: GoFields = {
  ListenerPort: whole,
  Path: text,
  LocalPathPort: whole,
  Protocol: text,
  ParsedFromCheck: flag,
};

/** `Proxy` of a service. */
export const PROXY_FIELDS: GoFields = {
  DestinationServiceName: text,
  DestinationServiceID: text,
  LocalServiceAddress: text,
  LocalServicePort: whole,
  LocalServiceSocketPath: text,
  Mode: text,
  Config: anyObject,
  Upstreams: list(UPSTREAM),
  MeshGateway: MESH_GATEWAY,
  Expose: object({ Checks: flag, Paths: list(EXPOSED_PATH) }),
  TransparentProxy: object({ OutboundListenerPort: whole, DialedDirectly: flag }),
};

/** `Connect` of a service. */
export const CONNECT_FIELDS: GoFields = { Native: flag };

/** `Locality` of a service. */
export const LOCALITY_FIELDS: GoFields = { Region: text, Zone: text };

/** `Definition` of a check. */
export const DEFINITION_FIELDS: GoFields = {
  HTTP: text,
  TLSServerName: text,
  TLSSkipVerify: flag,
  Header: headers,
  Method: text,
  Body: text,
  DisableRedirects: flag,
  TCP: text,
  TCPUseTLS: flag,
  UDP: text,
  H2PING: text,
  H2PingUseTLS: flag,
  OSService: text,
  Interval: nanoseconds,
  OutputMaxSize: whole,
  Timeout: nanoseconds,
  DeregisterCriticalServiceAfter: nanoseconds,
  ScriptArgs: texts,
  DockerContainerID: text,
  Shell: text,
  GRPC: text,
  GRPCUseTLS: flag,
  AliasNode: text,
  AliasService: text,
  TTL: nanoseconds,
  SessionName: text,
};

/** What a prepared query looks for. */
export const QUERY_SERVICE_FIELDS: GoFields = {
  Service: text,
  SamenessGroup: text,
  Failover: object({
    NearestN: whole,
    Datacenters: texts,
    Targets: list({ Peer: text, Datacenter: text, Partition: text, Namespace: text }),
  }),
  OnlyPassing: flag,
  IgnoreCheckIDs: texts,
  Near: text,
  Tags: texts,
  NodeMeta: textMap,
  ServiceMeta: textMap,
  Connect: flag,
  Peer: text,
};
