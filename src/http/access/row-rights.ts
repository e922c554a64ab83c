/**
 * Rights on what a call names by an id: the row that the id leads to says whose it is. An id that leads nowhere, or
 * is none, needs no right; the handler says so.
 */
import { findQuery } from '../../catalog/query.ts';
import { queryById } from '../../catalog/query-write.ts';
import { isUuid, sessionById } from '../../catalog/session-lookup.ts';
import type { CheckId, ServiceId } from '../../model/types.ts';
import type { HttpParts, LocalCheckState } from '../http-parts.ts';
import type { Right } from './right.ts';

type Access = 'read' | 'write';

/** On the name of a service of this agent. */
export function ownServiceRights({ local }: HttpParts, id: string, level: Access): readonly Right[] {
  const row = local.services().get(id as ServiceId);
  return row === undefined ? [] : [{ resource: 'service', level, name: row.definition.name }];
}

/** On the service that a check belongs to, else on this node. A service that is not there counts as none. */
export function checkOwnerRight(
  { local, nodeName }: HttpParts,
  { serviceId }: LocalCheckState['definition'],
  level: Access,
): Right {
  const service = local.services().get(serviceId)?.definition;
  return service === undefined
    ? { resource: 'node', level, name: nodeName }
    : { resource: 'service', level, name: service.name };
}

/** On the owner of a check of this agent. */
export function ownCheckRights(parts: HttpParts, id: string, level: Access): readonly Right[] {
  const check = parts.local.checks().get(id as CheckId);
  return check === undefined ? [] : [checkOwnerRight(parts, check.definition, level)];
}

/** On the node of a session. */
export function sessionRights({ state }: HttpParts, id: string): readonly Right[] {
  const session = isUuid(id) ? sessionById(state.view, id) : undefined;
  return session === undefined ? [] : [{ resource: 'session', level: 'write', name: session.node }];
}

/** On the name of a prepared query; one without a name is open to who knows its id. */
export function queryRights({ state }: HttpParts, id: string, level: Access): readonly Right[] {
  const name = isUuid(id) ? (queryById(state.view, id)?.name ?? '') : '';
  return name === '' ? [] : [{ resource: 'query', level, name }];
}

/** The same, found by name or template too. */
export function foundQueryRights({ state }: HttpParts, nameOrId: string): readonly Right[] {
  const name = findQuery(state.view, nameOrId)?.name ?? '';
  return name === '' ? [] : [{ resource: 'query', level: 'read', name }];
}
