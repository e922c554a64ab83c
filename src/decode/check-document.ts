/**
 * A check of the agent as clients and files write it, and the rules of what goes together.
 *
 * Its fields are check-fields.ts's. The texts of the rules are Consul's; a valid document becomes a definition in
 * check-definition.ts.
 */
import { AppError } from '../model/errors.ts';
import { type CheckStatus, STATUSES } from '../model/types.ts';
import { CHECK_ALONE, CHECK_IN_SERVICE, CHECK_IN_SERVICE_FILE, type CheckFields } from './check-fields.ts';
import { decodeFields, described, documentOf, type Place } from './json-fields.ts';

/** A check as it was written; '' and 0 stand for what was not given. */
export type CheckDocument = Pick<CheckFields, keyof typeof CHECK_ALONE>;

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
export const checkInService = described(
  documentOf(CHECK_IN_SERVICE).schema,
  (value: unknown, place: Place): CheckDocument => {
    const given: Partial<CheckFields> =
      place.style === 'config'
        ? decodeFields(CHECK_IN_SERVICE_FILE, value, place)
        : decodeFields(CHECK_IN_SERVICE, value, place);
    const { proxyHttp: _http, proxyGrpc: _grpc, ...own } = given;
    return { ...NOT_GIVEN, ...own };
  },
);

/** A check that stands alone. */
export function checkAlone(value: unknown, place: Place): CheckDocument {
  return { ...NOT_GIVEN, ...decodeFields(CHECK_ALONE, value ?? {}, place) };
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
