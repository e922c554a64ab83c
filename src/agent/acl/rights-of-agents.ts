/**
 * What client agents may do by the tokens that they send, decided on the server that they are connected to.
 */
import { nodeKey, serviceNameKey, type View } from '../../catalog/tables.ts';
import { nodeTopic, serviceTopic } from '../../catalog/topics.ts';
import type { AgentRights } from '../../cluster/agent-rights.ts';
import type { Authorizer, Right } from '../../http/access/right.ts';
import { AppError } from '../../model/errors.ts';
import type { AccessControl } from './access-control.ts';
import { refusedAsker, rightsOfCommand } from './command-rights.ts';

const [SERVICE, NODE] = [serviceTopic(''), nodeTopic('')];

/** The rights of a secret; undefined for one that is not known. */
function authorizerOf(control: AccessControl, token: string): Authorizer | undefined {
  try {
    return control.authorizerOfSecret(token);
  } catch (error) {
    if (error instanceof AppError) return undefined;
    throw error;
  }
}

/** The names behind a topic: rules look at case, topics do not. */
function namesOf(
  view: View,
  topic: string,
): { readonly own: readonly Right[]; readonly rest: Right['resource'] } {
  const read = (resource: 'service' | 'node', name: string): Right => ({ resource, level: 'read', name });
  if (topic.startsWith(SERVICE)) {
    const key = topic.slice(SERVICE.length);
    const names = new Set([key]);
    for (const { name } of view.services.by('name', serviceNameKey(key))) names.add(name);
    return { own: [...names].map((name) => read('service', name)), rest: 'node' };
  }
  const key = topic.slice(NODE.length);
  const name = view.nodes.get(nodeKey(key))?.name ?? key;
  return { own: [read('node', name)], rest: 'service' };
}

/** The rights of agents, by the tokens and rows of this server's catalog. */
export function rightsOfAgents(control: AccessControl, view: View): AgentRights {
  return {
    faultOfMember: (token, node) => {
      const by = refusedAsker(control, token, [{ resource: 'node', level: 'write', name: node }]);
      if (by === undefined) return undefined;
      return `Permission denied: ${by} lacks permission 'node:write' on ${JSON.stringify(node)}, which an agent of this name needs to be a member`;
    },
    refusedAsker: ({ token, command }) => refusedAsker(control, token, rightsOfCommand(view, command)),
    maySeeAll: (token, topic) => {
      const authorizer = authorizerOf(control, token);
      if (authorizer === undefined) return false;
      if (authorizer.isUnlimited) return true;
      const { own, rest } = namesOf(view, topic);
      return authorizer.readsAll?.(rest) === true && own.every((right) => authorizer.allows(right));
    },
  };
}
