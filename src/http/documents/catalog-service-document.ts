/**
 * A service in bodies of the catalog and of transactions: its fields, what is refused about it, its definition.
 *
 * Consul refuses with a 500 here (invalid_command). Unlike services of the agent, nothing is added to what was
 * given: no tagged addresses of the address's family.
 */
import { type Decoder, documentOf } from '../../decode/json-fields.ts';
import { brokenKind, brokenMeta, brokenWeights } from '../../decode/service-document.ts';
import { CATALOG_SERVICE, type ServiceFields, TXN_SERVICE } from '../../decode/service-fields.ts';
import { refuse } from '../../model/errors.ts';
import type { ServiceDefinition, Weights } from '../../model/types.ts';

export type ServiceInput = Partial<Pick<ServiceFields, keyof typeof TXN_SERVICE>>;

/** The fields of a service document in a registration. Throws bad_request. */
export const serviceInput: Decoder<ServiceInput> = documentOf(CATALOG_SERVICE);

/** The fields of a service document in a transaction. Throws bad_request. */
export const txnServiceInput: Decoder<ServiceInput> = documentOf(TXN_SERVICE);

const UNREACHABLE: ReadonlySet<string> = new Set(['0.0.0.0', '::', '[::]']);

/** Weights that nothing can be drawn with count as not given. */
function usableWeights(given: Weights): Weights {
  return brokenWeights(given) === undefined ? given : { passing: 1, warning: 1 };
}

const NOTHING = {
  kind: '',
  id: '',
  service: '',
  tags: [],
  address: '',
  taggedAddresses: null,
  meta: null,
  port: 0,
  socketPath: '',
  weights: { passing: 0, warning: 0 },
  enableTagOverride: false,
  proxy: null,
  connect: null,
  locality: null,
} as const;

/** Refuse metadata that no service may have; `prefix` begins the text. Throws invalid_command. */
export function requireServiceMeta(given: ServiceInput, node: string, prefix = ''): void {
  const brokenPair = brokenMeta(given.meta ?? {});
  if (brokenPair === undefined) return;
  const id = given.id || given.service || '';
  refuse(
    'invalid_command',
    `${prefix}Invalid Service Meta for node ${node} and serviceID ${id}: ${brokenPair}`,
  );
}

/** Refuse what Consul refuses in a registration. Throws invalid_command. */
export function requireInsertable(given: ServiceInput, node: string): void {
  const unreachable = brokenKind(given);
  if (unreachable !== undefined) refuse('invalid_command', unreachable);
  requireServiceMeta(given, node, 'failed inserting service: ');
}

/** The definition of a catalog service. Throws invalid_command. */
export function serviceDefinition(given: ServiceInput): ServiceDefinition {
  if (!given.service && given.id) refuse('invalid_command', 'Must provide service name with ID');
  if (UNREACHABLE.has(given.address ?? '')) refuse('invalid_command', 'Invalid service address');
  const fields = { ...NOTHING, ...given };
  return {
    id: (fields.id || fields.service) as ServiceDefinition['id'],
    name: fields.service as ServiceDefinition['name'],
    kind: fields.kind as ServiceDefinition['kind'],
    tags: fields.tags,
    address: fields.address,
    taggedAddresses: fields.taggedAddresses,
    meta: fields.meta,
    port: fields.port,
    socketPath: fields.socketPath,
    weights: usableWeights(fields.weights),
    enableTagOverride: fields.enableTagOverride,
    proxy: fields.proxy,
    connect: fields.connect,
    locality: fields.locality,
  };
}
