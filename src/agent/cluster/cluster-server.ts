/**
 * Composes a server of a cluster: election, the way of commands to the leader, meeting other servers, and the RPC
 * methods that they call.
 *
 * Only builds; cluster-start.ts starts the parts in order.
 */
import type { Command } from '../../catalog/command.ts';

import type { ServerRecord } from '../../catalog/leader-lock.ts';
import type { OpenedStore } from '../../catalog/opened-store.ts';
import { SessionTimers } from '../../catalog/session-timers.ts';
import { Candidate, type Standing } from '../../cluster/candidate.ts';
import { EventSpread } from '../../cluster/event-spread.ts';
import { LeaderDesk } from '../../cluster/leader-desk.ts';
import { LeaderPulse } from '../../cluster/leader-pulse.ts';
import { type Introduction, Meeting } from '../../cluster/meeting.ts';
import { RpcPeers } from '../../cluster/peers.ts';
import { ReplicaProgress } from '../../cluster/replica-progress.ts';
import type { ClusterHealth } from '../../model/cluster-health.ts';
import { invariant } from '../../model/errors.ts';
import type { FarAddress } from '../../rpc/rpc-connection.ts';
import type { RpcMethod } from '../../rpc/rpc-server.ts';
import { serversOnly } from '../../rpc/servers-only.ts';
import type { TlsIdentity } from '../../rpc/tls-identity.ts';
import { aclTerm } from '../acl/acl-term.ts';
import { type AgentsPart, type AgentsPartParts, agentsPart } from '../agents-part.ts';
import type { CoreParts } from '../core.ts';
import { firstAutopilot } from '../first-autopilot.ts';
import { type Identity, nodeMetaOf } from '../identity.ts';
import { CONSUL_VERSION } from '../own-rows.ts';
import type { RoleTools } from '../role.ts';
import { countTerms, Term, type TermWork } from '../term.ts';
import { type AdmissionParts, admissionMethods, membershipNow, promoter } from './admission.ts';
import { deadServerCleanup } from './cleanup.ts';
import type { ServerSettings } from './cluster-settings.ts';
import { Founding } from './founding.ts';
import { FoundingKeeper } from './founding-record.ts';
import { type HandOverParts, handOverMethods } from './hand-over.ts';
import { joinServer } from './join-server.ts';
import { leaderNote } from './leader-note.ts';
import { leavingMethods } from './leaving.ts';
import type { RemovalParts } from './removal.ts';
import { Roster } from './roster.ts';
import { ServerWatch } from './server-watch.ts';
import { renewMethods } from './session-renewal.ts';
import type { SharedStore } from './shared-store.ts';

export interface ClusterServerParts extends CoreParts {
  readonly settings: ServerSettings;
  readonly identity: Identity;
  /** The identity that this agent and its etcd show to others. */
  readonly tls: TlsIdentity | undefined;
  readonly etcdTls: TlsIdentity | undefined;
  readonly shared: SharedStore;
  readonly catalog: OpenedStore;
}

export interface ClusterServer {
  readonly self: ServerRecord;
  readonly peers: RpcPeers;
  readonly candidate: Candidate;
  readonly desk: LeaderDesk;
  readonly pulse: LeaderPulse;
  readonly founding: Founding;
  readonly record: FoundingKeeper;
  readonly sessionTimers: SessionTimers;
  readonly events: EventSpread;
  readonly roster: Roster;
  readonly watch: ServerWatch;
  readonly handOver: HandOverParts;
  readonly removal: RemovalParts;
  /** Client agents, and who is a member. */
  readonly agents: AgentsPart;
  /** Hands over the parts of the agent that are built later. */
  attach(tools: RoleTools): void;
  /** RPC methods that other agents call on this server. */
  readonly methods: Readonly<Record<string, RpcMethod>>;
}

function recordOf({ config, identity }: ClusterServerParts): ServerRecord {
  const { nodeId: id, nodeName: name, advertiseAddress: host } = identity;
  return { id, name, host, port: config['ports.server'] };
}

/** Node id of whoever leads; undefined while nobody does. */
function leaderOf(standing: Standing, selfId: string): string | undefined {
  if (standing.kind === 'leader') return selfId;
  return standing.kind === 'follower' ? standing.leader.id : undefined;
}

type Led = ReturnType<typeof leadership>;

/** What a transfer of leadership needs. */
function handOverParts(
  { shared, settings, clock }: ClusterServerParts,
  self: ServerRecord,
  led: Led & { peers: RpcPeers },
) {
  const { client, directory } = shared;
  const { candidate, desk, watch, peers, log } = led;
  const health = (): Promise<ClusterHealth> =>
    desk.ask({ method: 'health', request: {} }, () => watch.judged());
  const url = settings.member?.settings.clientUrl;
  const handOver: HandOverParts = {
    self,
    candidate,
    desk,
    peers,
    directory,
    member: url === undefined ? undefined : { client, url },
    health,
    clock,
    log,
  };
  return handOver;
}

function removalOf(
  { settings, shared }: ClusterServerParts,
  roster: Roster,
  admission: AdmissionParts,
): RemovalParts {
  const { client, clock, log } = admission;
  const membership = settings.member && (() => membershipNow(admission));
  return { client, directory: shared.directory, roster, membership, clock, log };
}

/** Who leads and what goes to the leader. */
function leadership(parts: ClusterServerParts, self: ServerRecord, peers: RpcPeers, judge: () => TermWork) {
  const { shared, catalog, clock } = parts;
  const { state, writer, installer } = catalog;
  const log = parts.log.child({ part: 'cluster' });
  const progress = new ReplicaProgress(clock, () => state.index);
  installer.onInstalled(() => progress.moved());
  const sessionTimers = new SessionTimers({ state, writer, clock, log });
  installer.onInstalled((applied) => sessionTimers.onInstalled(applied));
  const { lock, directory, client } = shared;
  const record = new FoundingKeeper(parts.settings.member?.settings.dataDir);
  const admission: AdmissionParts = {
    selfId: self.id,
    client,
    directory,
    peers,
    first: () => record.cluster,
    clock,
    log,
  };
  const submit = <C extends Command>(command: C) => writer.submit(command);
  const roster = new Roster({
    client: parts.settings.member && client,
    directory,
    port: self.port,
    clock,
    leaderId: () => leaderOf(candidate.standing, self.id),
  });
  const watch = new ServerWatch({
    selfId: self.id,
    roster,
    directory,
    peers,
    contact: () => ({ term: pulse.term, lastContactMs: pulse.lastContactMs }),
    state,
    clock,
    version: CONSUL_VERSION,
    meta: () => nodeMetaOf(parts.config),
  });
  const removal = removalOf(parts, roster, admission);
  const term = new Term([
    countTerms(parts.metrics),
    ...aclTerm(parts.acl, { view: state.view, submit, clock, log }),
    sessionTimers,
    watch,
    { begin: () => judge().begin(), end: () => judge().end() },
    deadServerCleanup({ removal, watch, state, expect: parts.settings.expect }),
    leaderNote({ name: self.name, submit, log }),
    firstAutopilot({ config: parts.config, submit, log }),
    ...(parts.settings.member ? [promoter(admission)] : []),
  ]);
  const candidate = new Candidate({ self, lock, progress, term, clock, log });
  const desk = new LeaderDesk({
    candidate,
    peers,
    progress,
    clock,
    submit,
    indexNow: () => state.index,
  });
  const pulse = new LeaderPulse({ self, candidate, directory, lock, peers, clock, log });
  return { candidate, desk, pulse, sessionTimers, record, admission, roster, watch, removal, log };
}

/** Meets another server, see agents-part.ts. */
type Meet = Pick<NonNullable<AgentsPartParts['others']>, 'meet'>;

/** The part for client agents: what they need of this server, who is connected, and what the leader is told of that. */
function agentsOf(
  parts: ClusterServerParts,
  { desk, candidate, peers, meet }: Pick<ClusterServer, 'desk' | 'candidate' | 'peers'> & Meet,
  tools: () => RoleTools,
): AgentsPart {
  // Not among the connections to this datacenter, which are closed when their server is gone from the directory.
  const far = new RpcPeers<FarAddress>(parts.clock, parts.tls, ({ datacenter }) => datacenter);
  return agentsPart({
    ...parts,
    submit: (command) => desk.submit(command),
    peers: far,
    servers: () => [...parts.shared.directory.servers.values()],
    others: {
      call: (...asked) => peers.call(...asked),
      takeRoundTripMs: (to) => peers.takeRoundTripMs(to),
      requireLead: () => desk.requireLead(),
      meet,
      tellLeader: async (method, request, timeoutMs) => {
        const { standing } = candidate;
        if (standing.kind !== 'follower') return undefined;
        const end = await peers.call(standing.leader, method, request, { timeoutMs });
        return end.kind === 'answered' ? end.value : undefined;
      },
    },
    tools,
  });
}

/** How this server gets to know others, at its start and when an operator says so. */
function acquaintance(
  { settings, clock }: ClusterServerParts,
  self: ServerRecord,
  { peers, record, log }: Pick<ClusterServer, 'peers' | 'record'> & Pick<AdmissionParts, 'log'>,
) {
  const { join, datacenter } = settings;
  const introduce = (): Introduction => ({
    ...self,
    datacenter,
    expect: settings.expect,
    prefix: settings.prefix,
    peerUrl: settings.member?.settings.peerUrl ?? '',
    cluster: record.cluster ?? null,
  });
  const call: RpcPeers['call'] = (...asked) => peers.call(...asked);
  const meeting = new Meeting({ introduce, call }, []);
  const founding = new Founding({ meeting, introduce, join, call, record, clock, log });
  return { meeting, founding, meet: joinServer({ meeting, datacenter, token: () => record.cluster?.token }) };
}

/** Builds the parts; starts nothing and calls nobody. */
export function clusterServer(parts: ClusterServerParts): ClusterServer {
  const { settings, clock, tls, shared, catalog } = parts;
  const self = recordOf(parts);
  const peers = new RpcPeers(clock, tls);
  shared.directory.onChanged(() => peers.keepOnly(shared.directory.servers.values()));
  const led = leadership(parts, self, peers, () => agents.judge);
  const { candidate, desk, pulse, sessionTimers, record, admission, roster, watch, removal } = led;
  const handOver = handOverParts(parts, self, { ...led, peers });
  let tools: RoleTools | undefined;
  const { meeting, founding, meet } = acquaintance(parts, self, { ...led, peers });
  const agents = agentsOf(parts, { desk, candidate, peers, meet }, () => {
    invariant(tools !== undefined, 'an agent is built before others call it');
    return tools;
  });
  shared.directory.onChanged(() => agents.desk.tellServers());
  const events = new EventSpread({ selfId: self.id, directory: shared.directory, peers, clock });
  events.onEvent((event) => agents.desk.tellEvent(event));
  return {
    self,
    peers,
    candidate,
    desk,
    pulse,
    founding,
    record,
    sessionTimers,
    events,
    roster,
    watch,
    handOver,
    removal,
    agents,
    attach: (given) => {
      tools = given;
    },
    methods: {
      ...agents.methods,
      ...serversOnly({
        ...events.methods(),
        ...desk.methods(),
        ...pulse.methods(),
        ...meeting.methods(),
        ...founding.methods(),
        ...(settings.member ? admissionMethods(admission) : {}),
        ...watch.methods(),
        ...handOverMethods(handOver),
        ...leavingMethods({ requireLead: () => desk.requireLead() }, removal),
        health: async () => {
          desk.requireLead();
          return watch.judged();
        },
        ...renewMethods(desk, sessionTimers, catalog.state),
      }),
    },
  };
}
