/**
 * A service in bodies of the catalog and of transactions: its fields, what is refused about it, its definition.
 *
 * Consul refuses with a 500 here (invalid_command). Unlike services of the agent, nothing is added to what was
 * given: no tagged addresses of the address's family.
 */
import {
  type Decoder,
  decodeFields,
  type FieldTable,
  flag,
  integer,
  jsonObject,
  text,
  textMap,
  texts,
} from '../../decode/json-fields.ts';
import { brokenKind, brokenMeta, brokenWeights } from '../../decode/service-document.ts';
import { addressesByTag, weights } from '../../decode/service-fields.ts';
import { AppError } from '../../model/errors.ts';
import type { JsonObject, ServiceAddress, ServiceDefinition, StringMap, Weights } from '../../model/types.ts';
import { tenancyText } from '../request/tenancy.ts';

function refuse(why: string): never {
  throw new AppError('invalid_command', why);
}

interface ServiceFields {
  readonly kind: string;
  readonly id: string;
  readonly service: string;
  readonly tags: readonly string[];
  readonly address: string;
  readonly taggedAddresses: Readonly<Record<string, ServiceAddress>>;
  readonly meta: StringMap;
  readonly port: number;
  readonly socketPath: string;
  readonly weights: Weights;
  readonly enableTagOverride: boolean;
  readonly proxy: JsonObject;
  readonly connect: JsonObject;
  readonly locality: JsonObject;
  readonly namespace: string;
  readonly partition: string;
  readonly createIndex: number;
  readonly modifyIndex: number;
}

const SERVICE: FieldTable<ServiceFields> = {
  kind: { name: 'Kind', decode: text },
  id: { name: 'ID', decode: text },
  service: { name: 'Service', decode: text },
  tags: { name: 'Tags', decode: texts },
  address: { name: 'Address', decode: text },
  taggedAddresses: { name: 'TaggedAddresses', decode: addressesByTag },
  meta: { name: 'Meta', decode: textMap },
  port: { name: 'Port', decode: integer },
  socketPath: { name: 'SocketPath', decode: text },
  weights: { name: 'Weights', decode: weights },
  enableTagOverride: { name: 'EnableTagOverride', decode: flag },
  proxy: { name: 'Proxy', decode: jsonObject },
  connect: { name: 'Connect', decode: jsonObject },
  locality: { name: 'Locality', decode: jsonObject },
  namespace: { name: 'Namespace', decode: tenancyText },
  partition: { name: 'Partition', decode: tenancyText },
  createIndex: { name: 'CreateIndex', decode: integer },
  modifyIndex: { name: 'ModifyIndex', decode: integer },
};

export type ServiceInput = Partial<ServiceFields>;

/** The fields of a service document. Throws bad_request. */
export const serviceInput: Decoder<ServiceInput> = (value, place) => decodeFields(SERVICE, value, place);

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
  refuse(`${prefix}Invalid Service Meta for node ${node} and serviceID ${id}: ${brokenPair}`);
}

/** Refuse what Consul refuses in a registration. Throws invalid_command. */
export function requireInsertable(given: ServiceInput, node: string): void {
  const unreachable = brokenKind(given);
  if (unreachable !== undefined) refuse(unreachable);
  requireServiceMeta(given, node, 'failed inserting service: ');
}

/** The definition of a catalog service. Throws invalid_command. */
export function serviceDefinition(given: ServiceInput): ServiceDefinition {
  if (!given.service && given.id) refuse('Must provide service name with ID');
  if (UNREACHABLE.has(given.address ?? '')) refuse('Invalid service address');
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
