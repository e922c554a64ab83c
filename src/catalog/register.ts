/**
 * Reducers for nodes, services and checks: the rules of `/v1/catalog/register` and `/v1/catalog/deregister`.
 *
 * Refuses with `invalid_command` and the reference's texts. A service or node that goes takes its checks with it.
 */
import { AppError } from '../model/errors.ts';
import type { CheckId, NodeRow, ServiceId, ServiceName, ServiceRow } from '../model/types.ts';
import { UNSTAMPED } from '../model/types.ts';
import type { CheckInput, CheckStatusCommand, DeregisterCommand, RegisterCommand } from './command.ts';
import type { Draft } from './draft.ts';
import { checkKey, nodeKey, serviceKey } from './tables.ts';

function refuse(text: string): never {
  throw new AppError('invalid_command', text);
}

/** The node to attach things to: written, or left as it is. A node id that another name holds is a conflict. */
function registerNode(draft: Draft, { node, skipNodeUpdate }: RegisterCommand): NodeRow {
  const existing = draft.view.nodes.get(nodeKey(node.name));
  if (existing && skipNodeUpdate) return existing;
  if (node.id) {
    for (const other of draft.view.nodes.by('id', node.id.toLowerCase())) {
      if (nodeKey(other.name) !== nodeKey(node.name)) renameNode(draft, other, node.name);
    }
  }
  const id = node.id || existing?.id || '';
  const row: NodeRow = { ...UNSTAMPED, ...node, id };
  draft.put('nodes', row);
  return row;
}

/** The reference lets a node take a new name when the old one is not alive; its id is what makes it the same node. */
function renameNode(draft: Draft, old: NodeRow, name: string): void {
  const serf = draft.view.checks.get(checkKey(old.name, 'serfHealth'));
  if (serf && serf.status !== 'critical') {
    refuse(
      `failed inserting node: Error while renaming Node ID: "${old.id}": Node name ${old.name} is reserved by node ${old.id} with name ${name}`,
    );
  }
  removeNode(draft, old.name);
}

function registerCheck(draft: Draft, node: NodeRow, check: CheckInput): void {
  const service = check.serviceId
    ? draft.view.services.get(serviceKey(node.name, check.serviceId))
    : undefined;
  if (check.serviceId && !service) refuse(`failed inserting check: Missing service registration`);
  draft.put('checks', {
    ...UNSTAMPED,
    ...check,
    node: node.name,
    serviceName: service?.name ?? ('' as ServiceName),
    serviceTags: service?.tags ?? [],
  });
  if (check.status === 'critical') invalidateSessions(draft, node.name, check.id);
}

/** A session lives only as long as its checks do. */
function invalidateSessions(_draft: Draft, _node: string, _checkId: CheckId): void {}

function copyNameToChecks(draft: Draft, service: ServiceRow): void {
  for (const check of [...draft.view.checks.by('service', serviceKey(service.node, service.id))]) {
    draft.put('checks', { ...check, serviceName: service.name, serviceTags: service.tags });
  }
}

/** Reducer of `register`. */
export function register(draft: Draft, command: RegisterCommand): true {
  const node = registerNode(draft, command);
  if (command.service) {
    const row: ServiceRow = { ...UNSTAMPED, ...command.service, node: node.name };
    draft.put('services', row);
    copyNameToChecks(draft, row);
  }
  for (const check of command.checks) registerCheck(draft, node, check);
  return true;
}

function removeCheck(draft: Draft, node: string, id: CheckId): void {
  if (draft.remove('checks', checkKey(node, id))) invalidateSessions(draft, node, id);
}

function removeService(draft: Draft, node: string, id: ServiceId): void {
  for (const check of [...draft.view.checks.by('service', serviceKey(node, id))])
    removeCheck(draft, node, check.id);
  draft.remove('services', serviceKey(node, id));
}

function removeNode(draft: Draft, node: string): void {
  for (const service of [...draft.view.services.by('node', nodeKey(node))])
    removeService(draft, node, service.id);
  for (const check of [...draft.view.checks.by('node', nodeKey(node))]) removeCheck(draft, node, check.id);
  draft.remove('nodes', nodeKey(node));
}

/** Reducer of `deregister`. What is not there is not missed. */
export function deregister(draft: Draft, { node, serviceId, checkId }: DeregisterCommand): true {
  if (serviceId) removeService(draft, node, serviceId as ServiceId);
  else if (checkId) removeCheck(draft, node, checkId as CheckId);
  else removeNode(draft, node);
  return true;
}

/** Reducer of `check-status`. */
export function checkStatus(draft: Draft, command: CheckStatusCommand): true {
  const row = draft.view.checks.get(checkKey(command.node, command.checkId));
  if (!row) return true;
  draft.put('checks', { ...row, status: command.status, output: command.output });
  if (command.status === 'critical') invalidateSessions(draft, command.node, command.checkId);
  return true;
}
