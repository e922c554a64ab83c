/**
 * The bodies of /v1/catalog/register and /deregister: their fields, what is refused about them, and the commands they
 * become. Consul refuses with a 500 here (invalid_command). What is stored is not looked at: reducers do that.
 */
import type { DeregisterCommand, RegisterCommand } from '../../catalog/command.ts';
import {
  decodeFields,
  type FieldTable,
  flag,
  integer,
  listOf,
  type Place,
  text,
  textMap,
} from '../../decode/json-fields.ts';
import { peerText, tenancyText } from '../../decode/tenancy-text.ts';
import { refuse } from '../../model/errors.ts';
import type { NodeName, StringMap } from '../../model/types.ts';
import {
  type CatalogCheckInput,
  catalogCheckInput,
  checkInput,
  requireCheckId,
} from './catalog-check-document.ts';
import {
  requireInsertable,
  type ServiceInput,
  serviceDefinition,
  serviceInput,
} from './catalog-service-document.ts';

const ROOT: Place = { style: 'api', path: '' };

interface RegistrationFields {
  readonly datacenter: string;
  readonly id: string;
  readonly node: string;
  readonly address: string;
  readonly taggedAddresses: StringMap;
  readonly meta: StringMap;
  readonly service: ServiceInput;
  readonly check: CatalogCheckInput;
  readonly checks: readonly CatalogCheckInput[];
  readonly skipNodeUpdate: boolean;
  readonly token: string;
  readonly namespace: string;
  readonly partition: string;
  readonly peerName: string;
  /** Of the node, in bodies that were read before; they change nothing. */
  readonly createIndex: number;
  readonly modifyIndex: number;
}

export const REGISTRATION: FieldTable<RegistrationFields> = {
  datacenter: { name: 'Datacenter', decode: text },
  id: { name: 'ID', decode: text },
  node: { name: 'Node', decode: text },
  address: { name: 'Address', decode: text },
  taggedAddresses: { name: 'TaggedAddresses', decode: textMap },
  meta: { name: 'NodeMeta', decode: textMap },
  service: { name: 'Service', decode: serviceInput },
  check: { name: 'Check', decode: checkInput },
  checks: { name: 'Checks', decode: listOf(checkInput, 'structs.HealthChecks') },
  skipNodeUpdate: { name: 'SkipNodeUpdate', decode: flag },
  token: { name: 'Token', decode: text },
  namespace: { name: 'Namespace', decode: tenancyText },
  partition: { name: 'Partition', decode: tenancyText },
  peerName: { name: 'PeerName', decode: peerText },
  createIndex: { name: 'CreateIndex', decode: integer },
  modifyIndex: { name: 'ModifyIndex', decode: integer },
};

const UUID_PARTS = /^(.{8})-(.{4})-(.{4})-(.{4})-(.{12})$/s;
const NOT_HEX = /[^0-9a-f]/i;

/** What is wrong with the id of a node, in Consul's words; undefined when it is a UUID. */
function brokenNodeId(id: string): string | undefined {
  if (Buffer.byteLength(id) !== 36) return 'uuid string is wrong length';
  const parts = UUID_PARTS.exec(id)?.slice(1);
  if (parts === undefined) return 'uuid is improperly formatted';
  const other = NOT_HEX.exec(parts.join(''))?.[0];
  if (other === undefined) return undefined;
  const code = other.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0');
  return `encoding/hex: invalid byte: U+${code} '${other}'`;
}

/** A node for the catalog. Throws invalid_command. */
function nodeInput(fields: Partial<RegistrationFields>): RegisterCommand['node'] {
  const { node = '', address = '', id = '', skipNodeUpdate = false } = fields;
  if (node === '') refuse('invalid_command', 'Must provide node');
  if (address === '' && !skipNodeUpdate)
    refuse('invalid_command', 'Must provide address if SkipNodeUpdate is not set');
  const brokenId = id === '' ? undefined : brokenNodeId(id);
  if (brokenId !== undefined) refuse('invalid_command', `Bad node ID: ${brokenId}`);
  return {
    name: node as NodeName,
    id,
    address,
    taggedAddresses: fields.taggedAddresses ?? null,
    meta: fields.meta ?? null,
  };
}

/** Where rights are looked at, a check that names another node is refused by that, in other words. */
function requireOwnNode({ node, id, name }: CatalogCheckInput, own: string): void {
  if (!node || node === own) return;
  const check = id || name || '';
  refuse(
    'invalid_command',
    `Node '${node}' for check '${check}' doesn't match register request node '${own}'`,
  );
}

/** A body of /v1/catalog/register as the command that it means, and the datacenter that it names. */
export function registration(
  body: unknown,
  { hasAcl }: { readonly hasAcl: boolean },
): { command: RegisterCommand; datacenter: string | undefined } {
  const fields = decodeFields(REGISTRATION, body ?? {}, ROOT);
  const node = nodeInput(fields);
  const checks = [...(fields.check ? [fields.check] : []), ...(fields.checks ?? [])];
  if (hasAcl) for (const check of checks) requireOwnNode(check, node.name);
  const service = fields.service && serviceDefinition(fields.service);
  if (fields.service) requireInsertable(fields.service, node.name);
  if (service?.name === '')
    refuse(
      'invalid_command',
      'failed inserting service: failed inserting service: object missing primary index',
    );
  return {
    datacenter: fields.datacenter,
    command: {
      kind: 'register',
      node,
      skipNodeUpdate: fields.skipNodeUpdate ?? false,
      ...(service && { service }),
      checks: checks.map((check) => {
        const input = catalogCheckInput(check, node.name);
        requireCheckId(check, node.name);
        return input;
      }),
    },
  };
}

interface DeregistrationFields {
  readonly datacenter: string;
  readonly node: string;
  readonly address: string;
  readonly serviceId: string;
  readonly checkId: string;
  readonly token: string;
  readonly namespace: string;
  readonly partition: string;
}

export const DEREGISTRATION: FieldTable<DeregistrationFields> = {
  datacenter: { name: 'Datacenter', decode: text },
  node: { name: 'Node', decode: text },
  address: { name: 'Address', decode: text },
  serviceId: { name: 'ServiceID', decode: text },
  checkId: { name: 'CheckID', decode: text },
  token: { name: 'Token', decode: text },
  namespace: { name: 'Namespace', decode: tenancyText },
  partition: { name: 'Partition', decode: tenancyText },
};

/** A body of /v1/catalog/deregister as the command that it means, and the datacenter that it names. */
export function deregistration(body: unknown): {
  command: DeregisterCommand;
  datacenter: string | undefined;
} {
  const { node = '', serviceId, checkId, datacenter } = decodeFields(DEREGISTRATION, body ?? {}, ROOT);
  if (node === '') refuse('invalid_command', 'Must provide node');
  return {
    datacenter,
    command: {
      kind: 'deregister',
      node,
      ...(serviceId && { serviceId }),
      ...(checkId && { checkId }),
    },
  };
}
