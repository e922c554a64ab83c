/**
 * This agent as a member of its cluster of one, in the shape that members are shown.
 */

import type { HttpParts } from '../http-parts.ts';
import { sorted } from './go-json.ts';
import type { Document } from './row-documents.ts';

/** Serf's number of a member that is up. */
const ALIVE = 1;

const PROTOCOL: Document = {
  ProtocolMin: 1,
  ProtocolMax: 5,
  ProtocolCur: 2,
  DelegateMin: 2,
  DelegateMax: 5,
  DelegateCur: 4,
};

/** `isWan` names the datacenter too and gives the other port. */
export function memberDocument(parts: HttpParts, isWan: boolean): Document {
  const { config, nodeName, nodeId, datacenter, version } = parts;
  const { ports, isServer } = config;
  const tags: Record<string, string> = {
    acls: '0',
    build: `${version}:`,
    dc: datacenter,
    ft_fs: '1',
    id: nodeId,
    port: String(ports.server),
    raft_vsn: '3',
    role: isServer ? 'consul' : 'node',
    segment: '',
    vsn: '2',
    vsn_max: '3',
    vsn_min: '2',
    ...(!isWan && { wan_join_port: String(ports.serfWan) }),
  };
  return {
    Name: isWan ? `${nodeName}.${datacenter}` : nodeName,
    Addr: config.advertiseAddress,
    Port: isWan ? ports.serfWan : ports.serfLan,
    Tags: sorted(tags),
    Status: ALIVE,
    ...PROTOCOL,
  };
}
