/**
 * Members as a server shows and changes them: its own datacenter's, and the servers of all.
 *
 * Joining at run time: who is a member already is joined; another server of this datacenter is met as at the start, and of
 * another datacenter its own way. Whoever is of another datacenter or another cluster is refused by name.
 */
import type { Command } from '../catalog/command.ts';
import { nodeKey } from '../catalog/tables.ts';
import type { AgentRecord } from '../cluster/agent-messages.ts';
import type { Datacenters } from '../cluster/datacenters.ts';
import { type JoinPorts, parseJoinAddress, resolveJoinAddress } from '../cluster/join-address.ts';
import { memberIsForgotten, memberLeaves } from '../cluster/member.ts';
import type { MemberTable } from '../cluster/member-table.ts';
import type { Membership, MemberView } from '../http/membership.ts';
import type { Clock } from '../lib/clock.ts';
import type { RpcAddress } from '../rpc/rpc-connection.ts';
import { joinPorts } from './cluster/cluster-settings.ts';
import type { Config } from './config/options.ts';
import type { Identity } from './identity.ts';
import { cannotJoin, lanView, NO_ADDRESS, wanView } from './member-view.ts';

export interface Members {
  readonly self: () => AgentRecord;
  readonly table: MemberTable;
  readonly datacenters: Datacenters;
}

export interface ServerMembershipParts {
  readonly config: Config;
  readonly identity: Identity;
  readonly clock: Clock;
  /** As the write queue's, wherever the leader is. */
  readonly submit: (command: Command) => Promise<unknown>;
  /** Meet the server at an address; resolves to why that was not possible. Absent where there can be no other. */
  readonly meet: ((address: RpcAddress) => Promise<string | undefined>) | undefined;
}

/** The members, or the servers of all datacenters; this server first. */
export function membersOf({ self, table, datacenters }: Members, isWan: boolean): readonly MemberView[] {
  const others = [...table.all()].filter(({ agent }) => agent.node.id !== self().node.id);
  if (!isWan) return [lanView(self()), ...others.map(({ agent, status }) => lanView(agent, status))];
  const servers = others.filter(({ agent }) => agent.tags['role'] === 'consul');
  return [
    wanView(self()),
    ...servers.map(({ agent, status }) => wanView(agent, status)),
    ...datacenters
      .servers()
      .map(({ server, isReached }) => wanView(server.agent, isReached ? 'alive' : 'failed')),
  ];
}

/** Try each address that a text means. Throws with Consul's text when none of them is joined. */
async function joinAny(
  text: string,
  ports: JoinPorts,
  joinOne: (address: RpcAddress) => Promise<string | undefined>,
): Promise<void> {
  const parsed = parseJoinAddress(text, ports);
  if ('fault' in parsed) throw cannotJoin(text, parsed.fault);
  let why: string | undefined = NO_ADDRESS;
  for (const address of await resolveJoinAddress(parsed)) {
    why = await joinOne(address);
    if (why === undefined) return;
  }
  throw cannotJoin(text, why);
}

/** Of a server. */
export function serverMembership(
  { config, identity, clock, submit, meet }: ServerMembershipParts,
  members: Members,
): Membership {
  const { self, table, datacenters } = members;
  const ports = joinPorts(config);
  /** What an operator may call the ports of a member, though only one of them is used. */
  const known = [ports.server, config['ports.serf_wan']];
  const isMember = ({ host, port }: RpcAddress): boolean =>
    known.includes(port) &&
    membersOf(members, false).some(({ address, status }) => address === host && status === 'alive');
  const joinNear = async (address: RpcAddress): Promise<string | undefined> => {
    if (isMember(address)) return undefined;
    return meet === undefined ? 'no server of this datacenter is there' : meet(address);
  };
  const joinFar = (address: RpcAddress): Promise<string | undefined> =>
    datacenters.join(address).then(
      () => undefined,
      (error: unknown) => (error as Error).message,
    );
  return {
    self: () => lanView(self()),
    list: async (isWan) => membersOf(members, isWan),
    forceLeave: async (node, prune) => {
      const member = table.of(node);
      if (nodeKey(node) === nodeKey(identity.nodeName)) return true;
      if (member === undefined) return false;
      if (prune && member.status !== 'alive') await submit(memberIsForgotten(member));
      else if (member.status === 'failed') await submit(memberLeaves(member, clock.now()));
      return true;
    },
    join: (address, isWan) =>
      isWan
        ? joinAny(address, { ...ports, serfLan: config['ports.serf_wan'] }, joinFar)
        : joinAny(address, ports, joinNear),
  };
}
