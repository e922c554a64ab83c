/**
 * Rights that follow from what a body says: registrations with the agent and with the catalog, transactions.
 *
 * Whoever may write a node may remove all of it; otherwise services and checks are their service's. A registration needs
 * both the new and the replaced name of a service, and the node only if something of the node changes.
 */
import type { DeregisterCommand, RegisterCommand, TxnOperation } from '../../catalog/command.ts';
import { checkKey, nodeKey, serviceKey, type View } from '../../catalog/tables.ts';
import type { TxnResult } from '../../catalog/txn-outcome.ts';
import { isSame } from '../../lib/same.ts';
import type { CheckDefinition, NodeRow, ServiceDefinition } from '../../model/types.ts';
import type { HttpParts } from '../http-parts.ts';
import type { Right } from './right.ts';
import { checkOwnerRight, ownCheckRights, ownServiceRights } from './row-rights.ts';

const writeNode = (name: string): Right => ({ resource: 'node', level: 'write', name });
const writeService = (name: string): Right => ({ resource: 'service', level: 'write', name });

/** To register a service with this agent. A mesh proxy speaks for its destination, so that counts too. */
export function serviceRights(parts: HttpParts, definition: ServiceDefinition): readonly Right[] {
  const destination = definition.proxy?.['DestinationServiceName'];
  return [
    writeService(definition.name),
    ...ownServiceRights(parts, definition.id, 'write'),
    ...(typeof destination === 'string' && destination !== '' ? [writeService(destination)] : []),
  ];
}

/** To register a check with this agent, perhaps in place of another. */
export function checkRights(parts: HttpParts, definition: CheckDefinition): readonly Right[] {
  return [checkOwnerRight(parts, definition, 'write'), ...ownCheckRights(parts, definition.id, 'write')];
}

function isNodeChange(known: NodeRow | undefined, { node, skipNodeUpdate }: RegisterCommand): boolean {
  if (known === undefined) return true;
  if (skipNodeUpdate) return false;
  return (
    known.address !== node.address ||
    (node.id !== '' && known.id !== node.id) ||
    !isSame(known.taggedAddresses, node.taggedAddresses) ||
    !isSame(known.meta, node.meta)
  );
}

/** To write a check of the catalog: its service's right, or its node's. */
function catalogCheckRight(view: View, node: string, serviceId: string, fresh?: ServiceDefinition): Right {
  if (serviceId === '') return writeNode(node);
  const service = fresh?.id === serviceId ? fresh : view.services.get(serviceKey(node, serviceId));
  return service === undefined ? writeNode(node) : writeService(service.name);
}

/** To write a check of a registration: one of a service that is not there is told so. */
function registeredCheckRight(
  view: View,
  { node, service }: RegisterCommand,
  id: string,
  serviceId: string,
): Right {
  const isKnown =
    service?.id === serviceId || view.services.get(serviceKey(node.name, serviceId)) !== undefined;
  const right = catalogCheckRight(view, node.name, serviceId, service);
  if (serviceId === '' || isKnown) return right;
  return { ...writeService(''), otherwise: `Unknown service '${serviceId}' for check '${id}'` };
}

/** To register with the catalog. */
export function registrationRights(view: View, command: RegisterCommand): readonly Right[] {
  const { node, service, checks } = command;
  const rights: Right[] = [];
  if (isNodeChange(view.nodes.get(nodeKey(node.name)), command)) rights.push(writeNode(node.name));
  const replaced = service && view.services.get(serviceKey(node.name, service.id));
  if (service) rights.push(writeService(service.name));
  if (replaced && replaced.name !== service.name) rights.push(writeService(replaced.name));
  for (const { id, serviceId } of checks) {
    rights.push(registeredCheckRight(view, command, id, serviceId));
    const old = view.checks.get(checkKey(node.name, id));
    if (old && old.serviceId !== serviceId) rights.push(catalogCheckRight(view, node.name, old.serviceId));
  }
  return rights;
}

/** To remove from the catalog: the node's right does for all of it. */
export function deregistrationRights(view: View, command: DeregisterCommand): readonly Right[] {
  const { node, serviceId = '', checkId } = command;
  const ofNode = writeNode(node);
  const check = checkId === undefined ? undefined : view.checks.get(checkKey(node, checkId));
  const owner = serviceId || (check?.serviceId ?? '');
  const service = owner === '' ? undefined : view.services.get(serviceKey(node, owner));
  if (service !== undefined) return [{ ...ofNode, instead: writeService(service.name) }];
  if (checkId !== undefined && check === undefined)
    return [{ ...ofNode, otherwise: `Unknown check '${checkId}'` }];
  return serviceId === '' || checkId !== undefined
    ? [ofNode]
    : [{ ...ofNode, otherwise: `Unknown service '${serviceId}'` }];
}

const CHECKING: ReadonlySet<string> = new Set(['check-index', 'check-session', 'check-not-exists']);
const READING: ReadonlySet<string> = new Set(['get', 'get-tree']);

/** What an operation of a transaction must be allowed to do; reads need nothing, their results are filtered. */
export function operationRights(view: View, operation: TxnOperation): readonly Right[] {
  if (READING.has(operation.verb)) return [];
  switch (operation.on) {
    case 'kv': {
      const level = operation.verb === 'delete-tree' ? 'write-prefix' : 'write';
      return [{ resource: 'key', level: CHECKING.has(operation.verb) ? 'read' : level, name: operation.key }];
    }
    case 'node':
      return [writeNode(operation.node.name)];
    case 'service': {
      const { node, service } = operation;
      const known = view.services.get(serviceKey(node, service.id));
      const names = new Set([service.name, known?.name ?? '']);
      return [...names].filter((name) => name !== '').map(writeService);
    }
    case 'check': {
      const { node, id, serviceId } = operation.check;
      const known = view.checks.get(checkKey(node, id));
      const owners = new Set([serviceId || (known?.serviceId ?? ''), known?.serviceId ?? serviceId]);
      return [...owners].map((owner) => catalogCheckRight(view, node, owner));
    }
  }
}

/** What must be readable for a result of a transaction to be shown. Whoever asks has named the node, so a service's right does. */
export function resultRights(result: TxnResult): readonly Right[] {
  const readable = (resource: 'key' | 'node' | 'service', name: string): Right => ({
    resource,
    level: 'read',
    name,
  });
  switch (result.on) {
    case 'kv':
      return [readable('key', result.row.key)];
    case 'node':
      return [readable('node', result.row.name)];
    case 'service':
      return [readable('service', result.row.name)];
    case 'check': {
      const { node, serviceName } = result.row;
      return [serviceName === '' ? readable('node', node) : readable('service', serviceName)];
    }
  }
}
