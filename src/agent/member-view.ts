/**
 * Members as the API shows them, and the membership of an agent that has no others beside it.
 */
import type { AgentRecord } from '../cluster/agent-messages.ts';
import type { Member } from '../cluster/member.ts';
import type { Membership, MemberView } from '../http/membership.ts';
import { AppError } from '../model/errors.ts';
import type { AclSettings } from './acl/acl-settings.ts';
import { agentRecord } from './agent-record.ts';
import type { Config } from './config/options.ts';
import type { Identity } from './identity.ts';

/** A member among those of its datacenter. */
export function lanView({ node, port, tags }: AgentRecord, status: Member['status'] = 'alive'): MemberView {
  return { name: node.name, address: node.address, port, tags, status };
}

/** A server among those of all datacenters, where its name has that of its datacenter behind it. */
export function wanView(server: AgentRecord, status: Member['status'] = 'alive'): MemberView {
  const { wan_join_port: port = '0', ...tags } = server.tags;
  const { node, datacenter } = server;
  const address = node.taggedAddresses?.['wan'] ?? node.address;
  return { name: `${node.name}.${datacenter}`, address, port: Number(port), tags, status };
}

/** Why nobody was met, where a host name leads nowhere. */
export const NO_ADDRESS = 'the name has no address';

/** Consul's text for an address where nobody was met. */
export function cannotJoin(address: string, why: string): AppError {
  return new AppError('store_failed', `1 error occurred:\n\t* Failed to join ${address}: ${why}\n\n`);
}

/** The membership of an agent alone: joining itself is done already, and nobody else can be joined. */
export function onlyMember(
  config: Config,
  identity: Identity,
  acl?: Pick<AclSettings, 'isEnabled'>,
): Membership {
  const self = agentRecord(config, identity, 'alone', acl);
  const { address } = self.node;
  const ports = [config['ports.serf_lan'], config['ports.serf_wan']];
  const own: readonly string[] = [address, ...ports.map((port) => `${address}:${port}`)];
  return {
    self: () => lanView(self),
    list: async (isWan) => [isWan ? wanView(self) : lanView(self)],
    forceLeave: async (node) => node === self.node.name,
    join: async (wanted) => {
      if (!own.includes(wanted)) throw cannotJoin(wanted, 'this agent is a cluster of its own');
    },
  };
}
