/**
 * Reducers for nodes, services and checks: the rules of `/v1/catalog/register` and `/v1/catalog/deregister`.
 *
 * Refuses with `invalid_command` and Consul's texts. A service or node that goes takes its checks with it,
 * and a check that goes or turns critical takes the sessions that were bound to it.
 */
import { refuse } from '../model/errors.ts';
import type {
  CheckId,
  NodeRow,
  ServiceDefinition,
  ServiceId,
  ServiceName,
  ServiceRow,
} from '../model/types.ts';
import { UNSTAMPED } from '../model/types.ts';
import type {
  CheckInput,
  CheckStatusCommand,
  DeregisterCommand,
  RegisterCommand,
  Unstamped,
} from './command.ts';
import { forgetCoordinates } from './coordinate.ts';
import type { Draft } from './draft.ts';
import type { ReduceContext } from './reduce-context.ts';
import { endSessionsOfCheck, endSessionsOfNode, statusOfFollowedSession } from './session.ts';
import { checkKey, nodeKey, serviceKey } from './tables.ts';

/** Write a node. A node id that another, living name holds is a conflict. */
export function putNode(draft: Draft, node: Unstamped<NodeRow>, context: ReduceContext): NodeRow {
  const existing = draft.view.nodes.get(nodeKey(node.name));
  if (node.id) {
    for (const other of draft.view.nodes.by('id', node.id.toLowerCase())) {
      if (nodeKey(other.name) !== nodeKey(node.name)) renameNode(draft, other, node.name, context);
    }
  }
  const id = node.id || existing?.id || '';
  const row: NodeRow = { ...UNSTAMPED, ...node, id };
  draft.put('nodes', row);
  return row;
}

/** Consul lets a node take a new name when the old one is not alive; its id is what makes it the same node. */
function renameNode(draft: Draft, old: NodeRow, name: string, context: ReduceContext): void {
  const serf = draft.view.checks.get(checkKey(old.name, 'serfHealth'));
  if (serf && serf.status !== 'critical') {
    refuse(
      'invalid_command',
      `failed inserting node: Error while renaming Node ID: "${old.id}": Node name ${old.name} is reserved by node ${old.id} with name ${name}`,
    );
  }
  removeNode(draft, old.name, context);
}

/** Write a check of a node or of one of its services. */
export function putCheck(draft: Draft, node: NodeRow, check: CheckInput, { nowMs }: ReduceContext): void {
  const service = check.serviceId
    ? draft.view.services.get(serviceKey(node.name, check.serviceId))
    : undefined;
  if (check.serviceId && !service) refuse('invalid_command', 'Missing service registration');
  const status = statusOfFollowedSession(draft.view, { ...check, node: node.name }) ?? check.status;
  draft.put('checks', {
    ...UNSTAMPED,
    ...check,
    status,
    node: node.name,
    serviceName: service?.name ?? ('' as ServiceName),
    serviceTags: service?.tags ?? [],
  });
  if (status === 'critical') endSessionsOfCheck(draft, node.name, check.id, nowMs);
}

function copyNameToChecks(draft: Draft, service: ServiceRow): void {
  for (const check of [...draft.view.checks.by('service', serviceKey(service.node, service.id))]) {
    draft.put('checks', { ...check, serviceName: service.name, serviceTags: service.tags });
  }
}

/** Write a service of a node; its checks learn its name and tags. */
export function putService(draft: Draft, node: NodeRow, definition: ServiceDefinition): void {
  const row: ServiceRow = { ...UNSTAMPED, ...definition, node: node.name };
  draft.put('services', row);
  copyNameToChecks(draft, row);
}

function registerCheck(draft: Draft, node: NodeRow, check: CheckInput, context: ReduceContext): void {
  const { serviceId } = check;
  if (serviceId && !draft.view.services.get(serviceKey(node.name, serviceId)))
    refuse('invalid_command', `failed inserting check: Missing service registration on node "${node.name}"`);
  putCheck(draft, node, check, context);
}

/** Reducer of `register`. */
export function register(draft: Draft, command: RegisterCommand, context: ReduceContext): true {
  const existing = draft.view.nodes.get(nodeKey(command.node.name));
  const node = existing && command.skipNodeUpdate ? existing : putNode(draft, command.node, context);
  const { service } = command;
  const isKept =
    service && command.skipServiceUpdate && draft.view.services.get(serviceKey(node.name, service.id));
  if (service && !isKept) putService(draft, node, service);
  for (const check of command.checks) registerCheck(draft, node, check, context);
  return true;
}

/** Remove a check and the sessions that live with it. */
export function removeCheck(draft: Draft, node: string, id: CheckId, { nowMs }: ReduceContext): void {
  if (draft.remove('checks', checkKey(node, id))) endSessionsOfCheck(draft, node, id, nowMs);
}

/** Remove a service and its checks. */
export function removeService(draft: Draft, node: string, id: ServiceId, context: ReduceContext): void {
  for (const check of [...draft.view.checks.by('service', serviceKey(node, id))])
    removeCheck(draft, node, check.id, context);
  draft.remove('services', serviceKey(node, id));
}

/** Remove a node with its services, checks, sessions and coordinates. */
export function removeNode(draft: Draft, node: string, context: ReduceContext): void {
  for (const service of [...draft.view.services.by('node', nodeKey(node))])
    removeService(draft, node, service.id, context);
  for (const check of [...draft.view.checks.by('node', nodeKey(node))])
    removeCheck(draft, node, check.id, context);
  endSessionsOfNode(draft, node, context.nowMs);
  forgetCoordinates(draft, node);
  draft.remove('nodes', nodeKey(node));
}

/** Reducer of `deregister`. What is not there is not missed. */
export function deregister(draft: Draft, command: DeregisterCommand, context: ReduceContext): true {
  const { node, serviceId, checkId } = command;
  if (serviceId) removeService(draft, node, serviceId as ServiceId, context);
  else if (checkId) removeCheck(draft, node, checkId as CheckId, context);
  else removeNode(draft, node, context);
  return true;
}

/** Reducer of `check-status`. */
export function checkStatus(draft: Draft, command: CheckStatusCommand, { nowMs }: ReduceContext): true {
  const { node, checkId, status, output } = command;
  const row = draft.view.checks.get(checkKey(node, checkId));
  if (!row) return true;
  draft.put('checks', { ...row, status, output });
  if (status === 'critical') endSessionsOfCheck(draft, node, checkId, nowMs);
  return true;
}
