/**
 * What a server does for the client agents that are connected to it.
 *
 * An agent keeps one call open, with which it attends: while that lasts it is a member and is told what it follows. It
 * may write its own node and what belongs to it, and nothing else. Other methods refuse agents that do not attend.
 *
 * Where there is access control, an agent is a member only under a name that its token gives it. Without one it may still
 * ask and follow with the tokens of its clients, and becomes a member as soon as its token allows that.
 */
import type { Command, Results } from '../catalog/command.ts';
import type { UserEvent } from '../catalog/event.ts';
import { nodeKey, type View } from '../catalog/tables.ts';
import { isListOf, isText } from '../lib/shape.ts';
import { AppError, refuse } from '../model/errors.ts';
import type { ModifyIndex } from '../model/types.ts';
import type { RpcCall, RpcMethod, RpcPeer } from '../rpc/rpc-server.ts';
import type { AgentRecord, RefusedPart, ServerPlace } from './agent-messages.ts';
import { type AgentRights, FollowRights } from './agent-rights.ts';
import { allowedOf, partsOfRequest } from './command-of-agent.ts';
import { CATALOG_ID, isAgentRecord, memberLeaves } from './member.ts';
import type { MemberTable } from './member-table.ts';
import { nameIsTaken, type Presence } from './presence.ts';
import type { AgentStream, SubscriptionsOfAgents } from './subscriptions-of-agents.ts';

export interface Committed {
  readonly index: ModifyIndex;
  readonly result: Results[keyof Results];
}

export interface AgentDeskParts {
  readonly datacenter: string;
  readonly nodeName: string;
  readonly view: View;
  readonly indexNow: () => ModifyIndex;
  /** As the write queue's, wherever the leader is. */
  readonly submit: (command: Command) => Promise<Committed>;
  /** The servers of this datacenter, this one among them. */
  readonly servers: () => readonly ServerPlace[];
  readonly presence: Presence;
  readonly table: MemberTable;
  readonly subscriptions: Pick<SubscriptionsOfAgents, 'stream'>;
  /** Wall time in ms. */
  readonly now: () => number;
  /** Gives undefined where there is no access control, as when it is absent. */
  readonly rights?: () => AgentRights | undefined;
}

/** What became of a command of an agent. */
interface CarriedOut extends Omit<Committed, 'result'> {
  readonly result: Committed['result'] | null;
  readonly refused: readonly RefusedPart[];
}

interface Attending {
  readonly agent: AgentRecord;
  readonly stream: AgentStream;
  readonly follows: FollowRights;
  /** The secret of its own token. */
  token: string;
  /** Undefined for a member. */
  whyNoMember: string | undefined;
  /** Says that it is not present any more. */
  depart: () => void;
}

const NOBODY_DEPARTS = (): void => {};

/** Other datacenters send requests, tokens and all, to whom the list of members calls a server. */
const isServer = ({ tags }: AgentRecord): boolean => tags['role'] === 'consul';

const isTopics = isListOf(isText);

/** Agents of a version without access control send none. */
const tokenOf = (token: unknown): string => (typeof token === 'string' ? token : '');

export class AgentDesk {
  readonly #parts: AgentDeskParts;
  readonly #attending = new Map<RpcPeer, Attending>();

  constructor(parts: AgentDeskParts) {
    this.#parts = parts;
  }

  /** Tell every agent of an event. */
  tellEvent(event: UserEvent): void {
    for (const { stream, whyNoMember } of this.#attending.values())
      if (whyNoMember === undefined) stream.tell({ kind: 'event', event });
  }

  /**
   * Rows of access control have changed: who may be a member now becomes one, what may not be followed is told no more, and
   * who may be a member no longer is cut, and connects anew as one who is none.
   */
  lookAtRights(): void {
    for (const [peer, attending] of this.#attending) {
      if (attending.whyNoMember !== undefined) this.#admit(attending, peer);
      else if (this.#faultOf(attending) !== undefined) peer.cut();
      attending.follows.look();
    }
  }

  /** Tell every agent that the servers are others now. */
  tellServers(): void {
    const servers = this.#parts.servers();
    for (const { stream } of this.#attending.values()) stream.tell({ kind: 'servers', servers });
  }

  methods(): Readonly<Record<string, RpcMethod>> {
    const attending = (
      run: (by: Attending, request: never, call: RpcCall) => Promise<unknown>,
    ): RpcMethod => {
      return async (request, call) => run(this.#whoAttends(call), (request ?? {}) as never, call);
    };
    const members: typeof attending = (run) => async (request, call) =>
      run(this.#member(call), (request ?? {}) as never, call);
    return {
      attend: (request, call) => this.#attend(request, call),
      introduce: attending(async (by, { token }: { token?: unknown }, { peer }) => {
        by.token = tokenOf(token);
        this.#admit(by, peer);
      }),
      subscribe: attending(async ({ follows }, { topics, token }: { topics?: unknown; token?: unknown }) => {
        follows.follow(this.#topics(topics), tokenOf(token));
      }),
      unsubscribe: attending(async ({ follows }, { topics }: { topics?: unknown }) => {
        follows.unfollow(this.#topics(topics));
      }),
      command: members((by, request) => this.#command(by, request)),
      'own-rows': members(async ({ agent }) => this.#rowsOf(agent.node.name)),
      leave: members((by, _request, call) => this.#leave(by, call)),
    };
  }

  /** `run` for agents that attend as members; others are refused. */
  forMembers(run: RpcMethod): RpcMethod {
    return async (request, call) => {
      this.#member(call);
      return run(request, call);
    };
  }

  /** The member that attends on the connection of a call. Throws bad_request when nobody does, forbidden for who is none. */
  agentOf(call: RpcCall): AgentRecord {
    return this.#member(call).agent;
  }

  #member(call: RpcCall): Attending {
    const attending = this.#whoAttends(call);
    if (attending.whyNoMember !== undefined) refuse('forbidden', attending.whyNoMember);
    return attending;
  }

  #topics(topics: unknown): readonly string[] {
    const fault = isTopics(topics, 'topics');
    if (fault !== undefined) refuse('bad_request', fault);
    return topics as readonly string[];
  }

  #whoAttends({ peer }: RpcCall): Attending {
    return this.#attending.get(peer) ?? refuse('bad_request', 'who asks has to attend first');
  }

  /** The agent that a request to attend tells of. Throws what it is refused with. */
  #readAgent(request: unknown, { peer }: RpcCall): AgentRecord {
    const { datacenter, nodeName } = this.#parts;
    const { agent } = (request ?? {}) as { agent?: AgentRecord };
    const fault = isAgentRecord(agent, 'agent');
    if (fault !== undefined || agent === undefined) return refuse('bad_request', fault ?? 'no agent');
    if (this.#attending.has(peer)) refuse('bad_request', 'this connection attends already');
    if (agent.datacenter !== datacenter)
      refuse('invalid_command', `Member '${agent.node.name}' part of wrong datacenter '${agent.datacenter}'`);
    if (isServer(agent)) refuse('forbidden', 'only servers are servers, and they do not attend');
    if (nodeKey(agent.node.name) === nodeKey(nodeName))
      throw nameIsTaken(agent, this.#parts.table.of(agent.node.name)?.agent ?? agent);
    return agent;
  }

  /** The refusal where another agent has the name. */
  #nameFault(agent: AgentRecord): AppError | undefined {
    const known = this.#parts.table.of(agent.node.name);
    const isOther = known?.agent.node.id !== agent.node.id || isServer(known.agent);
    return known?.status === 'alive' && isOther ? nameIsTaken(agent, known.agent) : undefined;
  }

  async #attend(request: unknown, call: RpcCall): Promise<void> {
    const { nodeName, subscriptions, indexNow, servers } = this.#parts;
    const rights = this.#parts.rights?.();
    const agent = this.#readAgent(request, call);
    const token = tokenOf((request as { token?: unknown }).token);
    const whyNoMember = rights?.faultOfMember(token, agent.node.name);
    const taken = whyNoMember === undefined ? this.#nameFault(agent) : undefined;
    if (taken !== undefined) throw taken;
    const depart = whyNoMember === undefined ? this.#parts.presence.arrive(agent, call.peer) : NOBODY_DEPARTS;
    const stream = subscriptions.stream((message) => call.send(message));
    const follows = new FollowRights({ stream, rights, node: agent.node.name });
    follows.isMember = whyNoMember === undefined;
    const attending: Attending = { agent, stream, follows, token, whyNoMember, depart };
    this.#attending.set(call.peer, attending);
    try {
      const catalog = this.#parts.view.settings.get(CATALOG_ID)?.value ?? '';
      const why = whyNoMember !== undefined && { whyNoMember };
      await call.send({ kind: 'welcome', server: nodeName, index: indexNow(), catalog, ...why });
      stream.tell({ kind: 'servers', servers: servers() });
      await gone(call.signal);
    } finally {
      stream.end();
      this.#attending.delete(call.peer);
      attending.depart();
    }
  }

  /** Why its token, as the rights are now, does not make it a member. */
  #faultOf({ agent, token }: Attending): string | undefined {
    return this.#parts.rights?.()?.faultOfMember(token, agent.node.name);
  }

  /** Make an agent a member whose token allows it by now. */
  #admit(attending: Attending, peer: RpcPeer): void {
    const { agent, stream, follows } = attending;
    if (attending.whyNoMember === undefined) return;
    attending.whyNoMember = this.#faultOf(attending) ?? this.#nameFault(agent)?.message;
    if (attending.whyNoMember !== undefined) return;
    try {
      attending.depart = this.#parts.presence.arrive(agent, peer);
    } catch (error) {
      // Another one of the name has arrived a moment ago, and is not in the list of members yet.
      if (!(error instanceof AppError)) throw error;
      attending.whyNoMember = error.message;
      return;
    }
    follows.isMember = true;
    stream.tell({ kind: 'member' });
  }

  async #command({ agent, stream }: Attending, request: unknown): Promise<CarriedOut> {
    const { rights, submit, indexNow } = this.#parts;
    const asked = partsOfRequest(request, agent.node.name);
    const { command, refused } = allowedOf(asked, rights?.());
    if (command === undefined) return { index: indexNow(), result: null, refused };
    const committed = await submit(command);
    stream.tell({ kind: 'mark', index: committed.index });
    return { ...committed, refused };
  }

  #rowsOf(node: string) {
    const { view } = this.#parts;
    const key = nodeKey(node);
    return {
      node: view.nodes.get(key),
      services: [...view.services.by('node', key)],
      checks: [...view.checks.by('node', key)],
    };
  }

  /** An agent that leaves goes on answering for a while, but is no longer present. */
  async #leave(attending: Attending, { peer }: RpcCall): Promise<void> {
    const { submit, table, now, presence } = this.#parts;
    const { agent } = attending;
    const member = table.of(agent.node.name) ?? { agent, status: 'alive', sinceMs: now() };
    attending.depart();
    try {
      await submit(memberLeaves(member, now()));
    } catch (error) {
      attending.depart = presence.arrive(agent, peer);
      throw error;
    }
  }
}

/** Resolves when a signal aborts. */
function gone(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
