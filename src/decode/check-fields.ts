/**
 * The one table of the fields that a check can have, and which of them stand where: inside a service, alone, in a file,
 * in the catalog, and in the definition that the catalog keeps. What the readers make of them is theirs.
 *
 * To add a field: a row in CHECK, and its name in the lists of the documents that have it.
 */
import {
  type Decoder,
  duration,
  type Field,
  type FieldTable,
  flag,
  integer,
  pickFields,
  text,
  texts,
  textsMap,
  withoutAliases,
} from './json-fields.ts';
import { peerText, tenancyText } from './tenancy-text.ts';

/** A check as it is written somewhere. */
export interface CheckFields {
  readonly id: string;
  readonly name: string;
  readonly notes: string;
  readonly status: string;
  readonly serviceId: string;
  readonly token: string;
  readonly args: readonly string[];
  readonly http: string;
  readonly method: string;
  readonly header: Readonly<Record<string, readonly string[]>>;
  readonly body: string;
  readonly disableRedirects: boolean;
  readonly tcp: string;
  readonly tcpUseTls: boolean;
  readonly udp: string;
  readonly grpc: string;
  readonly grpcUseTls: boolean;
  readonly h2ping: string;
  readonly h2pingUseTls: boolean;
  readonly osService: string;
  readonly dockerContainerId: string;
  readonly shell: string;
  readonly aliasNode: string;
  readonly aliasService: string;
  readonly tlsServerName: string;
  readonly tlsSkipVerify: boolean;
  readonly intervalMs: number;
  readonly timeoutMs: number;
  readonly ttlMs: number;
  readonly successBeforePassing: number;
  readonly failuresBeforeWarning: number | undefined;
  readonly failuresBeforeCritical: number;
  readonly outputMaxBytes: number;
  readonly deregisterAfterMs: number;
  /** Filled in by Consul for checks behind a proxy of its mesh; clients that send back what they read have them. */
  readonly proxyHttp: string;
  readonly proxyGrpc: string;
  readonly namespace: string;
  readonly partition: string;
  readonly peerName: string;
  readonly node: string;
  readonly output: string;
  readonly serviceName: string;
  readonly serviceTags: readonly string[];
  readonly type: string;
  readonly exposedPort: number;
  readonly sessionName: string;
  readonly createIndex: number;
  readonly modifyIndex: number;
}

const CHECK: FieldTable<CheckFields> = {
  id: { name: 'CheckID', decode: text },
  name: { name: 'Name', decode: text },
  notes: { name: 'Notes', decode: text },
  status: { name: 'Status', decode: text },
  serviceId: { name: 'ServiceID', decode: text, aliases: ['service_id'] },
  token: { name: 'Token', decode: text },
  args: { name: 'Args', decode: texts, aliases: ['scriptargs', 'script_args'] },
  http: { name: 'HTTP', decode: text },
  method: { name: 'Method', decode: text },
  header: { name: 'Header', decode: textsMap },
  body: { name: 'Body', decode: text },
  disableRedirects: { name: 'DisableRedirects', decode: flag },
  tcp: { name: 'TCP', decode: text },
  tcpUseTls: { name: 'TCPUseTLS', decode: flag },
  udp: { name: 'UDP', decode: text },
  grpc: { name: 'GRPC', decode: text },
  grpcUseTls: { name: 'GRPCUseTLS', decode: flag },
  h2ping: { name: 'H2PING', decode: text },
  h2pingUseTls: { name: 'H2PingUseTLS', decode: flag },
  osService: { name: 'OSService', decode: text },
  dockerContainerId: { name: 'DockerContainerID', decode: text, aliases: ['docker_container_id'] },
  shell: { name: 'Shell', decode: text },
  aliasNode: { name: 'AliasNode', decode: text },
  aliasService: { name: 'AliasService', decode: text },
  tlsServerName: { name: 'TLSServerName', decode: text, aliases: ['tls_server_name'] },
  tlsSkipVerify: { name: 'TLSSkipVerify', decode: flag, aliases: ['tls_skip_verify'] },
  intervalMs: { name: 'Interval', decode: duration },
  timeoutMs: { name: 'Timeout', decode: duration },
  ttlMs: { name: 'TTL', decode: duration },
  successBeforePassing: { name: 'SuccessBeforePassing', decode: integer },
  failuresBeforeWarning: { name: 'FailuresBeforeWarning', decode: integer },
  failuresBeforeCritical: { name: 'FailuresBeforeCritical', decode: integer },
  outputMaxBytes: { name: 'OutputMaxSize', decode: integer },
  deregisterAfterMs: {
    name: 'DeregisterCriticalServiceAfter',
    decode: duration,
    aliases: ['deregister_critical_service_after'],
  },
  proxyHttp: { name: 'ProxyHTTP', decode: text },
  proxyGrpc: { name: 'ProxyGRPC', decode: text },
  namespace: { name: 'Namespace', decode: tenancyText },
  partition: { name: 'Partition', decode: tenancyText },
  peerName: { name: 'PeerName', decode: peerText },
  node: { name: 'Node', decode: text },
  output: { name: 'Output', decode: text },
  serviceName: { name: 'ServiceName', decode: text },
  serviceTags: { name: 'ServiceTags', decode: texts },
  type: { name: 'Type', decode: text },
  exposedPort: { name: 'ExposedPort', decode: integer },
  sessionName: { name: 'SessionName', decode: text },
  createIndex: { name: 'CreateIndex', decode: integer },
  modifyIndex: { name: 'ModifyIndex', decode: integer },
};

/** How a check is run; in the order in which Consul writes the definition of a check. */
const PROBE = [
  'intervalMs',
  'timeoutMs',
  'deregisterAfterMs',
  'http',
  'tlsServerName',
  'tlsSkipVerify',
  'header',
  'method',
  'body',
  'disableRedirects',
  'tcp',
  'tcpUseTls',
  'udp',
  'outputMaxBytes',
  'args',
  'dockerContainerId',
  'shell',
  'h2ping',
  'h2pingUseTls',
  'osService',
  'grpc',
  'grpcUseTls',
  'aliasNode',
  'aliasService',
  'ttlMs',
] as const;

const TENANCY = ['namespace', 'partition'] as const;
const DESCRIPTION = ['id', 'name', 'notes', 'status', 'serviceId', ...TENANCY] as const;
const THRESHOLDS = ['successBeforePassing', 'failuresBeforeWarning', 'failuresBeforeCritical'] as const;
const OF_AGENT = [...DESCRIPTION, ...PROBE, ...THRESHOLDS] as const;

function alsoAs<T>(field: Field<T>, ...aliases: readonly string[]): Field<T> {
  return { ...field, aliases: [...(field.aliases ?? []), ...aliases] };
}

/** Inside a service: the token is the service's. */
export const CHECK_IN_SERVICE = pickFields(CHECK, [...OF_AGENT, 'proxyHttp', 'proxyGrpc']);

/** Inside a service of a file: may also write `id` and a token. */
export const CHECK_IN_SERVICE_FILE = {
  ...CHECK_IN_SERVICE,
  token: CHECK.token,
  id: alsoAs(CHECK.id, 'id'),
};

/** Alone: the id is `ID`; API clients that share one structure for both places send an empty `CheckID`. */
export const CHECK_ALONE = {
  ...pickFields(CHECK, [...OF_AGENT, 'token']),
  id: alsoAs({ ...CHECK.id, name: 'ID' }, 'checkid', 'check_id'),
};

/** The catalog shows '' for a time that there is not, and takes back what it showed. */
const durationOrNone: Decoder<number> = (value, place) => (value === '' ? 0 : duration(value, place));

/** In the catalog and in transactions, beside the definition. */
export const CATALOG_CHECK = {
  ...withoutAliases(
    pickFields(CHECK, [
      ...DESCRIPTION,
      'node',
      'output',
      'serviceName',
      'serviceTags',
      'type',
      'exposedPort',
      'peerName',
      'createIndex',
      'modifyIndex',
    ]),
  ),
  intervalMs: { ...CHECK.intervalMs, decode: durationOrNone },
  timeoutMs: { ...CHECK.timeoutMs, decode: durationOrNone },
};

const DEFINITION = withoutAliases(pickFields(CHECK, [...PROBE, 'sessionName']));

/** What the catalog keeps for whoever runs a check. Newer clients write some durations twice, under two names. */
export const CHECK_DEFINITION = {
  ...DEFINITION,
  intervalMs: alsoAs(DEFINITION.intervalMs, 'intervalduration'),
  timeoutMs: alsoAs(DEFINITION.timeoutMs, 'timeoutduration'),
  deregisterAfterMs: alsoAs(DEFINITION.deregisterAfterMs, 'deregistercriticalserviceafterduration'),
  args: { ...DEFINITION.args, name: 'ScriptArgs' },
};
