/**
 * This agent as the others know it: its node, and the tags that lists of members show.
 */
import type { AgentRecord } from '../cluster/agent-messages.ts';
import type { StringMap } from '../model/types.ts';
import type { AclSettings } from './acl/acl-settings.ts';
import { type AgentRole, expectOf } from './agent-role.ts';
import type { Config } from './config/options.ts';
import { type Identity, nodeMetaOf } from './identity.ts';
import { CONSUL_VERSION } from './own-rows.ts';

function serverTags(config: Config): StringMap {
  const expect = expectOf(config);
  return {
    ft_fs: '1',
    port: String(config['ports.server']),
    raft_vsn: '3',
    wan_join_port: String(config['ports.serf_wan']),
    ...(expect === 1 && { bootstrap: '1' }),
    ...(expect > 1 && { expect: String(expect) }),
  };
}

/** How this agent shows itself to others; access control is off where nothing is said of it. */
export function agentRecord(
  config: Config,
  identity: Identity,
  role: AgentRole,
  acl?: Pick<AclSettings, 'isEnabled'>,
): AgentRecord {
  const { nodeName: name, nodeId: id, advertiseAddress: address, taggedAddresses } = identity;
  const { datacenter } = config;
  return {
    node: { name, id, address, taggedAddresses, meta: nodeMetaOf(config) },
    datacenter,
    port: config['ports.serf_lan'],
    tags: {
      acls: acl?.isEnabled ? '1' : '0',
      build: `${CONSUL_VERSION}:`,
      dc: datacenter,
      id,
      role: role === 'client' ? 'node' : 'consul',
      segment: '',
      vsn: '2',
      vsn_max: '3',
      vsn_min: '2',
      ...(role !== 'client' && serverTags(config)),
    },
  };
}
