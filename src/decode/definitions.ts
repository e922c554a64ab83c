/**
 * Loose JSON → definitions of services and checks. For HTTP bodies, configuration files and `validate`.
 *
 * Throws AppError('bad_request') for the API and AppError('config_invalid') for files, with a text that names the field;
 * for the API it is Consul's, `Request decode failed: ` included where it says so. Bytes → JSON is the
 * caller's. What is stored elsewhere is not looked at: whether a service exists, or scripts are allowed, local.ts says.
 */
import { AppError } from '../model/errors.ts';
import type { CheckDefinition, ServiceDefinition } from '../model/types.ts';
import { type CheckDefaults, toCheckDefinition } from './check-definition.ts';
import {
  type CheckDocument,
  checkAlone,
  isCheckStatus,
  isEmptyCheck,
  validateCheck,
} from './check-document.ts';
import type { Place, Style } from './json-fields.ts';
import {
  type ServiceDocument,
  serviceDocument,
  toServiceDefinition,
  validateService,
} from './service-document.ts';

export interface DecodedService {
  readonly definition: ServiceDefinition;
  readonly checks: readonly CheckDefinition[];
  /** ACL token in the document, '' for none. */
  readonly token: string;
}

/** `name` in front of a text for a file, where the document alone would not say which definition is meant. */
function placeOf(style: Style, document: unknown, what: string): Place {
  if (style === 'api') return { style, path: '' };
  const { id, name } = (document ?? {}) as { id?: unknown; name?: unknown };
  const label = typeof id === 'string' && id !== '' ? id : name;
  return { style, path: typeof label === 'string' ? `${what} ${JSON.stringify(label)}` : what };
}

function checkDocuments({ check, checks = [] }: Partial<ServiceDocument>): readonly CheckDocument[] {
  return check === undefined || isEmptyCheck(check) ? checks : [check, ...checks];
}

function refuseStatus(place: Place, text: string): never {
  if (place.style === 'api') throw new AppError('bad_request', text);
  throw new AppError('config_invalid', `${place.path}: ${text}`);
}

/** Decode a service with its checks. A check without an id is `service:<id>`, or `service:<id>:<n>` of several. */
export function decodeService(json: unknown, style: Style, defaults: CheckDefaults): DecodedService {
  const place = placeOf(style, json, 'service');
  const document = serviceDocument(json, place);
  validateService(document, place);
  const definition = toServiceDefinition(document);
  const documents = checkDocuments(document);
  for (const check of documents) {
    validateCheck(check, place);
    if (check.status !== '' && !isCheckStatus(check.status))
      refuseStatus(place, "Status for checks must 'passing', 'warning', 'critical'");
  }
  const checks = documents.map((check, i) => {
    const generatedId = `service:${definition.id}${documents.length > 1 ? `:${i + 1}` : ''}`;
    const identity = {
      id: check.id || generatedId,
      name: check.name || `Service '${definition.name}' check`,
      serviceId: definition.id,
    };
    return toCheckDefinition(check, identity, defaults);
  });
  return { definition, checks, token: document.token ?? '' };
}

export interface DecodedCheck {
  readonly definition: CheckDefinition;
  /** ACL token in the document, '' for none. */
  readonly token: string;
}

/** Decode a check that stands alone: of the node, or of the service that it names. */
export function decodeCheck(json: unknown, style: Style, defaults: CheckDefaults): CheckDefinition {
  return decodeCheckAndToken(json, style, defaults).definition;
}

/** The same with the token in the document, which counts in files. */
export function decodeCheckAndToken(json: unknown, style: Style, defaults: CheckDefaults): DecodedCheck {
  const place = placeOf(style, json, 'check');
  const document = checkAlone(json, place);
  if (document.name === '') refuseStatus(place, 'Missing check name');
  if (document.status !== '' && !isCheckStatus(document.status)) refuseStatus(place, 'Bad check status');
  validateCheck(document, place);
  const { id, name, serviceId } = document;
  const definition = toCheckDefinition(document, { id: id || name, name, serviceId }, defaults);
  return { definition, token: document.token };
}
