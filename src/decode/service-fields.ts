/**
 * The one table of the fields that a service can have, and which of them stand where: in a registration with the agent
 * or a file, in one with the catalog, and in a transaction. What the readers make of them is theirs.
 *
 * To add a field: a row in SERVICE, and its name in the lists of the documents that have it.
 */
import type { JsonObject, ServiceAddress, StringMap, Weights } from '../model/types.ts';
import { type CheckDocument, checkInService } from './check-document.ts';
import {
  documentOf,
  type FieldTable,
  flag,
  integer,
  listOf,
  mapOf,
  pickFields,
  text,
  textMap,
  texts,
  withDefaults,
  withoutAliases,
} from './json-fields.ts';
import { jsonObject } from './json-object.ts';
import { peerText, tenancyText } from './tenancy-text.ts';

const ADDRESS: FieldTable<ServiceAddress> = {
  address: { name: 'Address', decode: text },
  port: { name: 'Port', decode: integer },
};
const WEIGHTS: FieldTable<Weights> = {
  passing: { name: 'Passing', decode: integer },
  warning: { name: 'Warning', decode: integer },
};

const address = withDefaults(documentOf(ADDRESS), { address: '', port: 0 });

/** What is not given counts nothing. */
const weights = withDefaults(documentOf(WEIGHTS), { passing: 0, warning: 0 });

/** A service as it is written somewhere. */
export interface ServiceFields {
  readonly kind: string;
  readonly id: string;
  /** The agent and files write `Name`, all others `Service`. */
  readonly name: string;
  readonly service: string;
  readonly tags: readonly string[];
  readonly address: string;
  readonly taggedAddresses: Readonly<Record<string, ServiceAddress>>;
  readonly meta: StringMap;
  readonly port: number;
  readonly socketPath: string;
  readonly check: CheckDocument;
  readonly checks: readonly CheckDocument[];
  readonly weights: Weights;
  readonly token: string;
  readonly enableTagOverride: boolean;
  readonly proxy: JsonObject;
  readonly connect: JsonObject;
  readonly locality: JsonObject;
  readonly namespace: string;
  readonly partition: string;
  readonly peerName: string;
  readonly datacenter: string;
  readonly contentHash: string;
  readonly createIndex: number;
  readonly modifyIndex: number;
}

const SERVICE: FieldTable<ServiceFields> = {
  kind: { name: 'Kind', decode: text },
  id: { name: 'ID', decode: text },
  name: { name: 'Name', decode: text },
  service: { name: 'Service', decode: text },
  tags: { name: 'Tags', decode: texts },
  address: { name: 'Address', decode: text },
  taggedAddresses: {
    name: 'TaggedAddresses',
    decode: mapOf(address, 'map[string]structs.ServiceAddress'),
    aliases: ['tagged_addresses'],
  },
  meta: { name: 'Meta', decode: textMap },
  port: { name: 'Port', decode: integer },
  socketPath: { name: 'SocketPath', decode: text },
  check: { name: 'Check', decode: checkInService },
  checks: { name: 'Checks', decode: listOf(checkInService, 'structs.CheckTypes') },
  weights: { name: 'Weights', decode: weights },
  token: { name: 'Token', decode: text },
  enableTagOverride: { name: 'EnableTagOverride', decode: flag, aliases: ['enable_tag_override'] },
  proxy: { name: 'Proxy', decode: jsonObject },
  connect: { name: 'Connect', decode: jsonObject },
  locality: { name: 'Locality', decode: jsonObject },
  namespace: { name: 'Namespace', decode: tenancyText },
  partition: { name: 'Partition', decode: tenancyText },
  peerName: { name: 'PeerName', decode: peerText },
  datacenter: { name: 'Datacenter', decode: text },
  contentHash: { name: 'ContentHash', decode: text },
  createIndex: { name: 'CreateIndex', decode: integer },
  modifyIndex: { name: 'ModifyIndex', decode: integer },
};

const EVERYWHERE = [
  'kind',
  'id',
  'tags',
  'address',
  'taggedAddresses',
  'meta',
  'port',
  'socketPath',
  'weights',
  'enableTagOverride',
  'proxy',
  'connect',
  'locality',
  'namespace',
  'partition',
] as const;
const IN_CATALOG = [...EVERYWHERE, 'service', 'peerName', 'createIndex', 'modifyIndex'] as const;

/** Registered with the agent, or in a file. */
export const AGENT_SERVICE = pickFields(SERVICE, [...EVERYWHERE, 'name', 'check', 'checks', 'token']);

/** Registered with the catalog. */
export const CATALOG_SERVICE = withoutAliases(pickFields(SERVICE, IN_CATALOG));

/** In a transaction: as the agent shows its services. */
export const TXN_SERVICE = withoutAliases(pickFields(SERVICE, [...IN_CATALOG, 'datacenter', 'contentHash']));
