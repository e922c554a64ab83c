/**
 * Who forms, joins and leaves a cluster of etcd: decisions on values alone, with a text for every refusal.
 *
 * Three facts of Raft stand behind all of them. A first set of members must be named alike by each of them, or two clusters
 * arise. A change of members is itself a write, so it needs the quorum of before, and afterwards that of after.
 * And a member that lost its data is not the member that it was: it has to be taken out and come back as a new one.
 */
import { createHash } from 'node:crypto';
import type { EtcdMember } from './etcd-messages.ts';

/** A server as the others see it before there is a cluster. */
export interface Founder {
  /** Node id of the server; becomes the name of its member. */
  readonly id: string;
  readonly peerUrl: string;
}

/** What every member of a first set is started with, the same for each. */
export interface FirstMembers {
  /** As etcd's `--initial-cluster`. */
  readonly initialCluster: string;
  /** Two clusters with the same addresses and different founders never take each other for one. */
  readonly token: string;
}

const byId = (one: { readonly id: string }, other: { readonly id: string }): number => {
  if (one.id === other.id) return 0;
  return one.id < other.id ? -1 : 1;
};

/** The same for the same founders in any order. */
export function firstMembers(datacenter: string, founders: readonly Founder[]): FirstMembers {
  const sorted = founders.toSorted(byId);
  const named = sorted.map(({ id, peerUrl }) => `${id}=${peerUrl}`);
  const token = createHash('sha256')
    .update([datacenter, ...named].join('\n'))
    .digest('hex')
    .slice(0, 32);
  return { initialCluster: named.join(','), token };
}

/** A server that was met, and what it says of itself. */
export interface MetServer extends Founder {
  readonly datacenter: string;
  /** Of keys in etcd. */
  readonly prefix?: string;
  /** How many it wants to begin with. */
  readonly expect: number;
  /** The members that it was started with; absent while it is in no cluster. */
  readonly cluster?: FirstMembers | null;
}

export type StartPlan =
  /** Not enough servers yet; how many are missing. */
  | { readonly kind: 'wait'; readonly missing: number }
  /** Begin with exactly these, all at once. */
  | { readonly kind: 'form'; readonly founders: readonly Founder[]; readonly first: FirstMembers }
  /** A cluster began with this server, which has agreed to its list: start as the others did. */
  | { readonly kind: 'catch-up'; readonly first: FirstMembers }
  /** There is a cluster: ask one of these to be added. */
  | { readonly kind: 'join'; readonly through: readonly Founder[] }
  | { readonly kind: 'refuse'; readonly why: string };

const whoIs = ({ id, peerUrl }: Founder): string => `server ${id} at ${peerUrl}`;

/** Why there cannot be both of them; undefined when there can. */
function clash(me: MetServer, other: MetServer): string | undefined {
  if (other.id === me.id) return `${whoIs(other)} has the node id of this server`;
  if (other.peerUrl === me.peerUrl && me.peerUrl !== '')
    return `server ${other.id} has the address of this server, ${other.peerUrl}`;
  return undefined;
}

/** Why a server is none of those that this one begins with or joins; undefined when it is. */
function misfit(me: MetServer, other: MetServer): string | undefined {
  const who = whoIs(other);
  if (other.datacenter !== me.datacenter)
    return `${who} is of datacenter ${other.datacenter}, this one of ${me.datacenter}`;
  if (other.prefix !== me.prefix)
    return `${who} keeps its keys below ${other.prefix}, this one below ${me.prefix}`;
  if (!other.cluster && me.expect > 0 && other.expect > 0 && other.expect !== me.expect)
    return `${who} expects ${other.expect} servers, this one ${me.expect}`;
  return undefined;
}

const names = ({ initialCluster }: FirstMembers, { id, peerUrl }: Founder): boolean =>
  initialCluster.split(',').includes(`${id}=${peerUrl}`);

/**
 * What a server without data does, given those that it knows. Of more servers than expected the smallest ids begin, and
 * the others join them. `promise` is the token of the list that it has agreed to begin with: a server that is in the list
 * of a running cluster without having agreed, or that agreed and lost its data since, has to come back as a new member.
 */
export function planStart(me: MetServer, others: readonly MetServer[], promise?: string): StartPlan {
  const clashing = others.map((other) => clash(me, other)).find((why) => why !== undefined);
  if (clashing !== undefined) return { kind: 'refuse', why: clashing };
  const misfits = others.flatMap((other) => misfit(me, other) ?? []);
  const plan = planAmong(
    me,
    others.filter((other) => misfit(me, other) === undefined),
    promise,
  );
  // Somebody else's mistake keeps nobody from beginning; while somebody is missing it may be the reason.
  return plan.kind === 'wait' && misfits.length > 0 ? { kind: 'refuse', why: misfits.join('; ') } : plan;
}

function planAmong(me: MetServer, others: readonly MetServer[], promise: string | undefined): StartPlan {
  const running = others.filter(({ cluster }) => cluster);
  const tokens = new Set(running.map(({ cluster }) => cluster?.token));
  if (tokens.size > 1) {
    const who = running.map(({ id, peerUrl }) => `${id} at ${peerUrl}`).join(', ');
    return { kind: 'refuse', why: `the servers known here are of ${tokens.size} different clusters: ${who}` };
  }
  const first = running[0]?.cluster;
  if (first) {
    const hasAgreed = promise === first.token && names(first, me);
    return hasAgreed ? { kind: 'catch-up', first } : { kind: 'join', through: running };
  }
  if (me.expect === 0) return { kind: 'wait', missing: 1 };
  const all = [me, ...others.filter(({ expect }) => expect > 0)].toSorted(byId);
  if (all.length < me.expect) return { kind: 'wait', missing: me.expect - all.length };
  const founders = all.slice(0, me.expect).map(({ id, peerUrl }) => ({ id, peerUrl }));
  if (!founders.some(({ id }) => id === me.id)) return { kind: 'wait', missing: 0 };
  return { kind: 'form', founders, first: firstMembers(me.datacenter, founders) };
}

const MIN_EXPECT = 1;
const MAX_EXPECT = 7;

/** Why servers cannot begin with so many; undefined when they can. */
export function expectFault(expect: number): string | undefined {
  if (!Number.isInteger(expect) || expect < MIN_EXPECT || expect > MAX_EXPECT)
    return `bootstrap_expect: ${expect} is not from ${MIN_EXPECT} to ${MAX_EXPECT}`;
  return undefined;
}

/** How many voters of so many must agree. */
export const quorumOf = (voters: number): number => Math.floor(voters / 2) + 1;

/** Members and which of them are up, as the one who asks sees it. */
export interface Membership {
  readonly members: readonly EtcdMember[];
  readonly healthy: ReadonlySet<bigint>;
}

export type ChangePlan =
  | { readonly kind: 'go' }
  /** There is nothing to do. */
  | { readonly kind: 'already' }
  | { readonly kind: 'refuse'; readonly why: string };

const GO: ChangePlan = { kind: 'go' };

interface Votes {
  readonly voters: number;
  readonly healthy: number;
}

function votesOf({ members, healthy }: Membership): Votes {
  const voters = members.filter(({ isLearner }) => !isLearner);
  return { voters: voters.length, healthy: voters.filter(({ id }) => healthy.has(id)).length };
}

const countText = ({ voters, healthy }: Votes): string => `${healthy} of ${voters} voting servers are up`;

function withoutQuorum(votes: Votes): ChangePlan | undefined {
  if (votes.healthy >= quorumOf(votes.voters)) return undefined;
  return { kind: 'refuse', why: `${countText(votes)}, which is no majority: members cannot be changed now` };
}

/** What etcd calls a member that has not started yet. */
const hasStarted = ({ name }: EtcdMember): boolean => name !== '';

/** Whether a member can be taken out without costing the others their majority. */
export function planRemoval(membership: Membership, id: bigint): ChangePlan {
  const member = membership.members.find((one) => one.id === id);
  if (member === undefined) return { kind: 'already' };
  const votes = votesOf(membership);
  const fault = withoutQuorum(votes);
  if (fault || member.isLearner) return fault ?? GO;
  const isUp = membership.healthy.has(id);
  const after = { voters: votes.voters - 1, healthy: votes.healthy - Number(isUp) };
  if (after.voters === 0) return { kind: 'refuse', why: 'it is the only voting server; stop it instead' };
  if (after.healthy < quorumOf(after.voters)) {
    const why = `without it ${countText(after)}, which is no majority: bring another server up, or remove one that is down, first`;
    return { kind: 'refuse', why };
  }
  return GO;
}

export type JoinPlan =
  | { readonly kind: 'add' }
  /** It was added and has never run: it only has to be started. */
  | { readonly kind: 'start'; readonly id: bigint }
  /** It ran before and comes without its data: take it out first, then add it. */
  | { readonly kind: 'replace'; readonly id: bigint }
  | { readonly kind: 'refuse'; readonly why: string };

/**
 * How a server without data gets into a running cluster. etcd takes one learner at a time, so a second one waits; one
 * that does not start for long is in the way and has to be removed.
 */
export function planJoin(membership: Membership, { peerUrl }: Pick<Founder, 'peerUrl'>): JoinPlan {
  const fault = withoutQuorum(votesOf(membership));
  if (fault?.kind === 'refuse') return fault;
  const known = membership.members.find(({ peerUrls }) => peerUrls.includes(peerUrl));
  if (known === undefined) {
    const learner = membership.members.find(({ isLearner }) => isLearner);
    if (learner === undefined) return { kind: 'add' };
    return {
      kind: 'refuse',
      why: `${learner.peerUrls.join(', ')} is still catching up; servers join one by one`,
    };
  }
  if (!hasStarted(known)) return { kind: 'start', id: known.id };
  if (membership.healthy.has(known.id))
    return { kind: 'refuse', why: `a server that is up already has the address ${peerUrl}` };
  const removal = planRemoval(membership, known.id);
  return removal.kind === 'refuse' ? removal : { kind: 'replace', id: known.id };
}

/** `--initial-cluster` of a member that joins: those who are there already, and itself under its name. */
export function joiningCluster(members: readonly EtcdMember[], { id, peerUrl }: Founder): string {
  const named = members.flatMap(({ name, peerUrls }) => {
    const isMe = peerUrls.includes(peerUrl);
    return peerUrls.map((url) => `${isMe ? id : name}=${url}`);
  });
  return named.toSorted().join(',');
}

/**
 * Which dead members `cleanup_dead_servers` may take out after `justJoined` became a voter: as many as leave a majority of
 * the servers that were expected, and never one that is up. Smallest id first.
 */
export function planCleanup(membership: Membership, minQuorum: number): readonly bigint[] {
  const removed: bigint[] = [];
  let members = membership.members;
  const dead = members.filter(({ id, isLearner }) => !isLearner && !membership.healthy.has(id));
  for (const { id } of dead.toSorted((one, other) => (one.id < other.id ? -1 : 1))) {
    const { kind } = planRemoval({ ...membership, members }, id);
    const voters = members.filter(({ isLearner }) => !isLearner).length;
    if (kind !== 'go' || voters - 1 < Math.max(minQuorum, 1)) continue;
    removed.push(id);
    members = members.filter((one) => one.id !== id);
  }
  return removed;
}
