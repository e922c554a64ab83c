/**
 * What only a client agent has: a connection to the servers. Through it the agent is a member, keeps the part of the
 * catalog that it follows current, and forwards what it cannot answer.
 */

import { AgentPlace } from '../../cluster/agent-place.ts';
import { parseJoinAddress, resolveJoinAddress } from '../../cluster/join-address.ts';
import type { ServerConnection } from '../../cluster/server-link.ts';
import { noServers } from '../../cluster/server-link.ts';
import type { ClusterPort } from '../../http/cluster-port.ts';
import type { Membership, MemberView } from '../../http/membership.ts';
import { unmeasuredNetwork } from '../../http/network-port.ts';
import { addressText } from '../../lib/address-text.ts';
import { systemClock } from '../../lib/clock.ts';
import { systemRandom } from '../../lib/random.ts';
import type { AppError } from '../../model/errors.ts';
import { dialTimeMs } from '../../rpc/dial-time.ts';
import type { RpcAddress } from '../../rpc/rpc-connection.ts';
import { agentRecord } from '../agent-record.ts';
import { joinPorts } from '../cluster/cluster-settings.ts';
import { countRefused } from '../count-refused.ts';
import type { Ground } from '../ground.ts';
import { cannotJoin, lanView, NO_ADDRESS } from '../member-view.ts';
import type { Role } from '../role.ts';
import { onOwnRowsChanged } from './catalog-of-servers.ts';
import { clientDns, clientHttp } from './client-elsewhere.ts';
import { followFromClient } from './follow-from-client.ts';
import { makeForward } from './forward-http.ts';
import { greetServer } from './greet-server.ts';
import type { Servers } from './servers.ts';

/** Time in ms that `join` waits until a server is met. */
const JOIN_MS = 5_000;
const ASK_MS = 5_000;

/** All that is known here about servers is where they are; whoever asks for more is answered by a server. */
function clusterOf({ link }: Servers): ClusterPort {
  const refuse = (): Promise<never> => Promise.reject(noServers());
  return {
    standing: () => ({
      kind: 'leaderless',
      leaderAddress: '',
      term: 0,
      lastContactMs: link.silentMs,
      expect: 0,
    }),
    servers: () =>
      link.servers.map(({ name, host, port }) => ({
        id: '',
        name,
        address: addressText(host, port),
        isLeader: false,
        isVoter: true,
      })),
    health: refuse,
    transferLeader: refuse,
    removeServer: refuse,
  };
}

/** A member as an agent sees it that reaches no server. */
function unreached(member: MemberView): MemberView {
  const isServer = member.tags['role'] === 'consul' && member.status === 'alive';
  return isServer ? { ...member, status: 'failed' } : member;
}

export interface ConnectedServers extends Servers {
  /** A connection of its own to a server, made with its first call. */
  readonly connect: (address: RpcAddress) => ServerConnection;
}

function membershipOf({ config, identity, acl }: Ground, { link, connect }: ConnectedServers): Membership {
  const self = lanView(agentRecord(config, identity, 'client', acl.settings));
  /** The newest list of members, shown while no server is reached. */
  let latest: readonly MemberView[] = [self];
  const list: Membership['list'] = async (isWan) => {
    const end = await link.call('members', { isWan }, { timeoutMs: ASK_MS });
    if (end.kind === 'refused') return [self]; // it is no member, and knows no others
    if (end.kind !== 'answered') return isWan ? [] : latest.map(unreached);
    const members = end.value as readonly MemberView[];
    if (!isWan) latest = members;
    return members;
  };
  /** Whoever is a member is joined, whether anything listens there or not: client agents open no port. */
  const whyNotJoined = async (addresses: readonly RpcAddress[]): Promise<string | undefined> => {
    if (!link.isUp) return (await link.join(addresses, JOIN_MS)) ? undefined : 'no server answered there';
    const members = (await list(false)).filter(({ status }) => status === 'alive');
    if (addresses.some(({ host }) => members.some(({ address }) => address === host))) return undefined;
    let why: string | undefined = NO_ADDRESS;
    for (const address of addresses) {
      why = await greetServer(connect, config.datacenter, address);
      if (why === undefined) return undefined;
    }
    return why;
  };
  return {
    self: () => self,
    list,
    // Answered by a server: see its place.
    forceLeave: () => Promise.reject(noServers()),
    join: async (address, isWan) => {
      if (isWan) throw cannotJoin(address, 'only servers join other datacenters');
      const parsed = parseJoinAddress(address, joinPorts(config));
      if ('fault' in parsed) throw cannotJoin(address, parsed.fault);
      const why = await whyNotJoined(await resolveJoinAddress(parsed));
      if (why !== undefined) throw cannotJoin(address, why);
    },
  };
}

/** The role of an agent that has its catalog with servers. */
export function clientRole(ground: Ground, servers: ConnectedServers): Role {
  const { config, identity } = ground;
  const { link, subscriptions } = servers;
  const { nodeName } = identity;
  const { acl } = ground;
  const forward = makeForward({
    link,
    nodeName,
    newId: () => systemRandom.uuid(),
    defaultToken: () => acl.tokens.of('default'),
  });
  const place = new AgentPlace({
    link,
    dialTimeMs: (to) => dialTimeMs(to, systemClock),
    clock: systemClock,
    random: systemRandom,
    onRefused: countRefused(ground.metrics),
  });
  const failed = Promise.withResolvers<AppError>();
  servers.listen({ onGivenUp: failed.resolve });
  return {
    cluster: clusterOf(servers),
    membership: membershipOf(ground, servers),
    // Answered by a server: see its place.
    datacenters: () => [config.datacenter],
    // Where datacenters are is answered by a server: see its place.
    network: { ...unmeasuredNetwork(config.datacenter, nodeName), own: () => place.coordinate },
    elsewhere: clientHttp({ servers, datacenter: config.datacenter, forward, following: acl.following }),
    dns: {
      elsewhere: clientDns(servers, { datacenter: config.datacenter, nodeName }, acl.following),
      onRecalled: (listener) => subscriptions.onRecalled(listener),
    },
    followAlias: (local) =>
      followFromClient({
        local,
        ...ground.core,
        fetch: (topic) => subscriptions.fetch(topic, acl.tokens.orDefault('agent')),
        silentMs: () => link.silentMs,
      }),
    renewSession: () => Promise.reject(noServers()),
    copy: {
      standing: () => (link.isUp ? 'told' : 'cut off'),
      isLoaded: () => true,
      lastContactMs: () => link.silentMs,
      current: () => undefined,
    },
    onReachable: (listener) => {
      servers.listen({ onReached: listener });
      onOwnRowsChanged({ ...ground.core, nodeName, clock: systemClock }, listener);
    },
    // What is fired here is fired on a server, which tells everybody.
    events: { spread: () => {}, onEvent: (listener) => servers.listen({ onEvent: listener }) },
    failed: failed.promise,
    takeOut: async () => {
      const end = await link.call('leave', {}, { timeoutMs: ASK_MS });
      // An agent that no server hears, or that is no member, has left as far as anybody can tell.
      if (end.kind === 'refused' && end.error.code !== 'forbidden') throw end.error;
    },
    part: {
      name: 'servers',
      start: async () => {
        link.start();
        subscriptions.start();
        if (!config.disable_coordinates) place.start();
      },
      stop: async () => {
        place.stop();
        subscriptions.stop();
        link.stop();
      },
    },
  };
}
