/**
 * Commands and records of agents, as tests of membership and subscriptions need them.
 */
import type { RegisterCommand } from '../../src/catalog/command.ts';
import type { AgentRecord } from '../../src/cluster/agent-messages.ts';
import type { NodeName } from '../../src/model/types.ts';
import { service } from './catalog.ts';

const nodeOf = (name: string): RegisterCommand['node'] => ({
  name: name as NodeName,
  id: `id-of-${name}`,
  address: '10.0.0.1',
  taggedAddresses: null,
  meta: null,
});

/** Register a service with a node of this name. */
export function registration(node: string, name: string, port: number): RegisterCommand {
  return {
    kind: 'register',
    node: nodeOf(node),
    skipNodeUpdate: true,
    service: service({ name, port }),
    checks: [],
  };
}

/** An agent on a node of this name. */
export function agentOn(name: string, id = `id-of-${name}`): AgentRecord {
  return { node: { ...nodeOf(name), id }, datacenter: 'dc1', port: 8301, tags: { role: 'node' } };
}
