/**
 * The fields of a check as clients and files write them, and the rules of what goes together.
 *
 * One table serves both places a check is given: inside a service (`CheckID`) and alone (`ID`, `ServiceID`); the names
 * of the other place are listed apart, because Consul refuses them. The texts of the rules are Consul's;
 * a valid document becomes a definition in check-definition.ts.
 */
import { AppError } from '../model/errors.ts';
import { type CheckStatus, STATUSES } from '../model/types.ts';
import {
  decodeFields,
  duration,
  type FieldTable,
  flag,
  integer,
  type Place,
  text,
  texts,
  textsMap,
} from './json-fields.ts';

/** A check as it was written; '' and 0 stand for what was not given. */
export interface CheckDocument {
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
  readonly namespace: string;
  readonly partition: string;
}

const COMMON = {
  name: { name: 'Name', decode: text },
  notes: { name: 'Notes', decode: text },
  status: { name: 'Status', decode: text },
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
  namespace: { name: 'Namespace', decode: text },
  partition: { name: 'Partition', decode: text },
  serviceId: { name: 'ServiceID', decode: text, aliases: ['service_id'] },
} satisfies Omit<FieldTable<CheckDocument>, 'id' | 'token'>;
const TOKEN: FieldTable<CheckDocument>['token'] = { name: 'Token', decode: text };

/** Inside a service: the id is `CheckID`, and the token is the service's. Files may also write `id` and a token. */
const IN_SERVICE: FieldTable<Omit<CheckDocument, 'token'>> = {
  ...COMMON,
  id: { name: 'CheckID', decode: text },
};
const IN_SERVICE_FILE: FieldTable<CheckDocument> = {
  ...COMMON,
  token: TOKEN,
  id: { name: 'CheckID', decode: text, aliases: ['id'] },
};
/** Alone: the id is `ID`; API clients that share one structure for both places send an empty `CheckID`. */
const ALONE: FieldTable<CheckDocument> = {
  ...COMMON,
  token: TOKEN,
  id: { name: 'ID', decode: text, aliases: ['checkid', 'check_id'] },
};

const NOT_GIVEN: CheckDocument = Object.freeze({
  id: '',
  name: '',
  notes: '',
  status: '',
  serviceId: '',
  token: '',
  args: [],
  http: '',
  method: '',
  header: {},
  body: '',
  disableRedirects: false,
  tcp: '',
  tcpUseTls: false,
  udp: '',
  grpc: '',
  grpcUseTls: false,
  h2ping: '',
  h2pingUseTls: true,
  osService: '',
  dockerContainerId: '',
  shell: '',
  aliasNode: '',
  aliasService: '',
  tlsServerName: '',
  tlsSkipVerify: false,
  intervalMs: 0,
  timeoutMs: 0,
  ttlMs: 0,
  successBeforePassing: 0,
  failuresBeforeWarning: undefined,
  failuresBeforeCritical: 0,
  outputMaxBytes: 0,
  deregisterAfterMs: 0,
  namespace: '',
  partition: '',
});

/** A check that stands in a service's document. */
export function checkInService(value: unknown, place: Place): CheckDocument {
  const given =
    place.style === 'config'
      ? decodeFields(IN_SERVICE_FILE, value, place)
      : decodeFields(IN_SERVICE, value, place);
  return { ...NOT_GIVEN, ...given };
}

/** A check that stands alone. */
export function checkAlone(value: unknown, place: Place): CheckDocument {
  return { ...NOT_GIVEN, ...decodeFields(ALONE, value ?? {}, place) };
}

/** Whether nothing was given that would make it a check (`"Check": {}`). */
export function isEmptyCheck(document: CheckDocument): boolean {
  return (Object.keys(NOT_GIVEN) as (keyof CheckDocument)[]).every((key) => {
    const value = document[key];
    return typeof value === 'object' ? Object.keys(value).length === 0 : value === NOT_GIVEN[key];
  });
}

const INTERVAL_TEXT = 'Interval must be > 0 for Script, HTTP, or TCP checks';

function isPolled(document: CheckDocument): boolean {
  const { http, tcp, udp, grpc, h2ping, osService, args } = document;
  return [http, tcp, udp, grpc, h2ping, osService].some((target) => target !== '') || args.length > 0;
}

/** The rule that a document breaks, in Consul's words; undefined when it breaks none. */
function brokenRule(document: CheckDocument): string | undefined {
  const { intervalMs, ttlMs, aliasNode, aliasService, failuresBeforeWarning } = document;
  const isAlias = aliasNode !== '' || aliasService !== '';
  const isInterval = isPolled(document);
  if (intervalMs > 0 && ttlMs > 0) return 'Interval and TTL cannot both be specified';
  if (isInterval && !(intervalMs > 0)) return INTERVAL_TEXT;
  if (isInterval && isAlias) return 'Interval cannot be set for Alias checks';
  if (isAlias && ttlMs > 0) return 'TTL must be not be set for Alias checks';
  if (!isInterval && !isAlias && !(ttlMs > 0)) return 'TTL must be > 0 for TTL checks';
  if (document.outputMaxBytes < 0) return 'MaxOutputMaxSize must be positive';
  if (failuresBeforeWarning !== undefined && failuresBeforeWarning > document.failuresBeforeCritical)
    return "FailuresBeforeWarning can't be higher than FailuresBeforeCritical";
  return undefined;
}

/** Refuse a check that breaks a rule. Throws AppError. */
export function validateCheck(document: CheckDocument, place: Place): void {
  const broken = brokenRule(document);
  if (broken === undefined) return;
  if (place.style === 'api') throw new AppError('bad_request', `Invalid check: ${broken}`);
  throw new AppError('config_invalid', `${place.path}: Invalid check: ${broken}`);
}

/** Whether a text is a status that a check may have. */
export function isCheckStatus(status: string): status is CheckStatus {
  return status !== 'maintenance' && (STATUSES as readonly string[]).includes(status);
}
