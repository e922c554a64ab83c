/**
 * What a server has for the client agents of its datacenter: the desk that answers them, who is present, who is a member,
 * and, while it leads, the judge of all that.
 */

import type { OpenedStore } from '../catalog/opened-store.ts';
import type { Applied } from '../catalog/state.ts';
import { topicsOf } from '../catalog/topics.ts';
import { AgentDesk, type AgentDeskParts } from '../cluster/agent-desk.ts';
import type { AgentRecord, ServerPlace } from '../cluster/agent-messages.ts';
import type { WanServer } from '../cluster/datacenters.ts';
import { memberLeaves } from '../cluster/member.ts';
import { MemberJudge } from '../cluster/member-judge.ts';
import { MemberTable } from '../cluster/member-table.ts';
import { Presence } from '../cluster/presence.ts';
import { PresenceReporter, ReportedPresence, type ReporterParts } from '../cluster/presence-report.ts';
import { SubscriptionsOfAgents } from '../cluster/subscriptions-of-agents.ts';
import type { AnswerPacket } from '../dns/answer-packets.ts';
import type { Transport } from '../dns/counters.ts';
import type { Membership } from '../http/membership.ts';
import type { Clock } from '../lib/clock.ts';
import { Turns } from '../lib/fair-turns.ts';
import type { Logger } from '../lib/logger.ts';
import type { Random } from '../lib/random.ts';
import type { Metrics } from '../metrics/metrics.ts';
import { refuse } from '../model/errors.ts';
import type { RpcAddress } from '../rpc/rpc-connection.ts';
import type { RpcMethod } from '../rpc/rpc-server.ts';
import { serversOnly } from '../rpc/servers-only.ts';
import type { AclSettings } from './acl/acl-settings.ts';
import { tokenMethod } from './acl/token-answer.ts';
import { agentRecord } from './agent-record.ts';
import type { Config } from './config/options.ts';
import { type DatacentersPart, type DatacentersPartParts, datacentersPart } from './datacenters-part.ts';
import { farQueryMethods } from './far-queries.ts';
import { ForwardedHttp } from './forwarded-http.ts';
import type { Identity } from './identity.ts';
import { type NearPeers, type PlacesPart, placesPart } from './places-part.ts';
import type { RoleTools } from './role.ts';
import { type Members, membersOf, serverMembership } from './server-membership.ts';
import type { TermWork } from './term.ts';

/** Time in ms that changes of access control are gathered before it is looked who may follow what. O(all that is followed). */
const LOOK_AT_RIGHTS_MS = 500;

export interface AgentsPartParts {
  readonly acl?: Pick<AclSettings, 'isEnabled'>;
  readonly config: Config;
  readonly identity: Identity;
  readonly catalog: Pick<OpenedStore, 'state' | 'indexes' | 'installer'>;
  readonly metrics: Metrics;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  /** As the write queue's, wherever the leader is. */
  readonly submit: AgentDeskParts['submit'];
  /** The servers of this datacenter, this one among them. */
  readonly servers: () => readonly ServerPlace[];
  /** The servers of other datacenters. */
  readonly peers: DatacentersPartParts['peers'];
  /** Where there are other servers. */
  readonly others?: Pick<ReporterParts, 'tellLeader'> &
    NearPeers & {
      /** Throws no_leader where this server does not lead. */
      readonly requireLead: () => void;
      /** Meet the server at an address; resolves to why that was not possible. Never rejects. */
      readonly meet: (address: RpcAddress) => Promise<string | undefined>;
    };
  /** The rest of the agent, once it is built. */
  readonly tools: () => RoleTools;
}

export interface AgentsPart {
  readonly methods: Readonly<Record<string, RpcMethod>>;
  readonly membership: Membership;
  /** Runs while this server leads. */
  readonly judge: TermWork;
  readonly desk: AgentDesk;
  /** The other datacenters. */
  readonly wan: DatacentersPart;
  readonly places: PlacesPart;
  /** Tells the leader who is connected here. */
  readonly reporter: Pick<Reporter, 'start' | 'stop'>;
  /** Take this server's node out of the catalog; it is a member that has left. */
  takeOut(): Promise<void>;
}

/** Who is where, and what the leader makes of it. */
function presenceOf(
  { config, catalog, submit, clock, random, log, others }: AgentsPartParts,
  { self, table }: Pick<Members, 'self' | 'table'>,
): { readonly presence: Presence; readonly judge: TermWork; readonly reporter: Reporter } {
  const presence = new Presence(clock);
  const everywhere = others && new ReportedPresence(clock, presence, others.requireLead);
  const all = everywhere ?? presence;
  const judge = new MemberJudge({
    self,
    table,
    view: catalog.state.view,
    sightings: () => all.sightings(),
    sightingOf: (node) => all.of(node),
    submit,
    reconnectTimeoutMs: () => config.reconnect_timeout,
    newId: () => random.uuid(),
    clock,
    log,
  });
  const reporter =
    others && new PresenceReporter({ ...others, self, presence, clock, newSeries: () => random.uuid() });
  presence.onChange((node) => {
    judge.look(node);
    reporter?.changed(node);
  });
  everywhere?.onChange((node) => judge.look(node));
  return {
    presence,
    judge,
    reporter: {
      start: () => reporter?.start(),
      stop: () => reporter?.stop(),
      leave: async () => reporter?.leave(),
      methods: everywhere?.methods() ?? {},
    },
  };
}

interface Reporter {
  readonly start: () => void;
  readonly stop: () => void;
  readonly leave: () => Promise<void>;
  readonly methods: Readonly<Record<string, RpcMethod>>;
}

/** Answers DNS packets that agents pass on; with the rights of the token of the agent's DNS, if it has sent one. */
function dnsMethod(tools: AgentsPartParts['tools']): RpcMethod {
  let answerPacket: Promise<AnswerPacket> | undefined;
  return async (request, { peer }) => {
    const { packet, transport, token, agent } = (request ?? {}) as Partial<Record<string, unknown>>;
    if (!(packet instanceof Uint8Array)) return refuse('bad_request', 'a DNS question is octets');
    const over: Transport = transport === 'udp' ? 'udp' : 'tcp';
    answerPacket ??= tools().makeAnswerPacket();
    const textOf = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);
    const asker = { address: peer.remoteAddress, token: textOf(token), agentNode: textOf(agent) };
    return { reply: await (await answerPacket)(packet, over, asker) };
  };
}

/** Has the desk look at rights some time after they have changed, as long as agents are connected. */
function lookAtRights(desk: AgentDesk, clock: Clock): (applied: readonly Applied[]) => void {
  let isDue = false;
  return (applied) => {
    if (isDue || !applied.some(({ table }) => table.startsWith('acl'))) return;
    isDue = true;
    clock.after(LOOK_AT_RIGHTS_MS, () => {
      isDue = false;
      desk.lookAtRights();
    });
  };
}

/** The servers of this datacenter, as others call them. */
function wanServers(table: MemberTable, self: AgentRecord, config: Config): readonly WanServer[] {
  const others = [...table.all()]
    .filter(({ agent, status }) => agent.tags['role'] === 'consul' && status === 'alive')
    .map(({ agent }) => agent)
    .filter(({ node }) => node.id !== self.node.id);
  return [self, ...others].map((agent) => ({
    agent,
    host: agent.node.taggedAddresses?.['wan'] ?? agent.node.address,
    port: Number(agent.tags['port'] ?? config['ports.server']),
  }));
}

function collectClients(metrics: Metrics, table: MemberTable): void {
  metrics.onCollect(() => {
    const living = [...table.all()].filter(
      ({ agent, status }) => status === 'alive' && agent.tags['role'] !== 'consul',
    );
    metrics.gauge('cluster_clients').set(0, living.length);
  });
}

async function takeOut(
  { submit, clock }: Pick<AgentsPartParts, 'submit' | 'clock'>,
  { self, table }: Pick<Members, 'self' | 'table'>,
  reporter: Reporter,
): Promise<void> {
  await reporter.leave();
  const nowMs = clock.now();
  const agent = self();
  const member = table.of(agent.node.name) ?? { agent, status: 'alive', sinceMs: nowMs };
  try {
    await submit(memberLeaves(member, nowMs));
  } catch (error) {
    reporter.start();
    throw error;
  }
}

/** Everything a server needs for its client agents. */
export function agentsPart(parts: AgentsPartParts): AgentsPart {
  const { config, identity, catalog, clock, submit, servers, tools } = parts;
  const { state, indexes, installer } = catalog;
  const { view } = state;
  const table = new MemberTable(view);
  const turns = new Turns(clock);
  const subscriptions = new SubscriptionsOfAgents({ view, indexOf: (topic) => indexes.of([topic]), turns });
  installer.onInstalled((applied) => {
    table.onInstalled(applied);
    if (subscriptions.topicCount > 0) subscriptions.onChanged(topicsOf(applied, view));
  });
  collectClients(parts.metrics, table);
  const record = agentRecord(config, identity, 'server', parts.acl);
  const self = (): AgentRecord => record;
  const places = placesPart({
    ...parts,
    near: parts.others,
    agentOf: (call) => desk.agentOf(call),
    memberCount: () => table.size,
  });
  const wan = datacentersPart({
    ...parts,
    servers: () => wanServers(table, record, config).map(places.placed),
    onMeasured: places.measured,
  });
  const members: Members = { self, table, datacenters: wan.datacenters };
  const { presence, judge, reporter } = presenceOf(parts, { self, table });
  const desk = new AgentDesk({
    datacenter: config.datacenter,
    nodeName: identity.nodeName,
    view,
    indexNow: () => state.index,
    submit,
    servers,
    presence,
    table,
    subscriptions,
    now: () => clock.now(),
    rights: () => tools().agentRights,
  });
  installer.onInstalled(lookAtRights(desk, clock));
  const forwarded = new ForwardedHttp(() => tools().http);
  const isWan = (request: unknown): boolean => (request as { isWan?: unknown } | null)?.isWan === true;
  return {
    methods: {
      ...desk.methods(),
      greet: async () => ({ server: identity.nodeName, datacenter: config.datacenter }),
      ...forwarded.methods(),
      ...serversOnly(reporter.methods),
      ...wan.datacenters.methods(),
      ...places.methods,
      members: desk.forMembers(async (request) => membersOf(members, isWan(request))),
      'acl-token': tokenMethod(view, clock),
      ...farQueryMethods(() => tools().answerFarQuery),
      dns: dnsMethod(tools),
    },
    membership: serverMembership({ ...parts, meet: parts.others?.meet }, members),
    wan,
    places,
    judge,
    desk,
    reporter,
    takeOut: () => takeOut(parts, members, reporter),
  };
}
