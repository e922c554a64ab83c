/**
 * What a token may have written of what an agent keeps registered: services and checks of its own node.
 *
 * Asked by the agent that holds the catalog, for itself and for the client agents that are connected to it. A node that is
 * not there yet is made without a right: it is the agent's own.
 */
import type { Command, RegisterCommand } from '../../catalog/command.ts';
import { nodeKey, type View } from '../../catalog/tables.ts';
import { holds, type Right } from '../../http/access/right.ts';
import { deregistrationRights, registrationRights } from '../../http/access/write-rights.ts';
import { AppError } from '../../model/errors.ts';
import type { AccessControl } from './access-control.ts';

/** Whether a token gives rights; where it does not, what it is called, which never is its secret. */
export function refusedAsker(
  control: Pick<AccessControl, 'authorizerOfSecret'>,
  token: string,
  rights: readonly Right[],
): string | undefined {
  try {
    const authorizer = control.authorizerOfSecret(token);
    if (rights.every((right) => holds(authorizer, right))) return undefined;
    return authorizer.calledBy ?? 'this token';
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    return 'a token that is not known';
  }
}

function registeringRights(view: View, command: RegisterCommand): readonly Right[] {
  const rights = registrationRights(view, command);
  const isKnown = view.nodes.get(nodeKey(command.node.name)) !== undefined;
  return isKnown ? rights : rights.slice(1);
}

/** The rights that a command of an agent about its own node needs; kinds that agents do not send need none here. */
export function rightsOfCommand(view: View, command: Command): readonly Right[] {
  switch (command.kind) {
    case 'register':
      return registeringRights(view, command);
    case 'deregister':
      return deregistrationRights(view, command);
    case 'check-status': {
      const { node, checkId } = command;
      return deregistrationRights(view, { kind: 'deregister', node, checkId });
    }
    default:
      return [];
  }
}

/** What a command is about, for a line of the log. */
export function subjectOf(command: Command): Readonly<Record<'serviceId' | 'checkId', string | undefined>> {
  switch (command.kind) {
    case 'register':
      return { serviceId: command.service?.id, checkId: command.checks[0]?.id };
    case 'deregister':
      return { serviceId: command.serviceId, checkId: command.checkId };
    case 'check-status':
      return { serviceId: undefined, checkId: command.checkId };
    default:
      return { serviceId: undefined, checkId: undefined };
  }
}
