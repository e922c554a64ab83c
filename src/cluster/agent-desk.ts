/**
 * What a server does for the client agents that are connected to it.
 *
 * An agent keeps one call open, with which it attends: while that lasts it is a member and is told what it follows. It
 * may write its own node and what belongs to it, and nothing else. Other methods refuse agents that do not attend.
 */
import type { Command, Results } from '../catalog/command.ts';
import type { UserEvent } from '../catalog/event.ts';
import { nodeKey, type View } from '../catalog/tables.ts';
import { isListOf, isText } from '../lib/shape.ts';
import { refuse } from '../model/errors.ts';
import type { ModifyIndex } from '../model/types.ts';
import type { RpcCall, RpcMethod, RpcPeer } from '../rpc/rpc-server.ts';
import type { AgentRecord, ServerPlace } from './agent-messages.ts';
import { commandOfAgent } from './command-of-agent.ts';
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
  /** Why no agent is served; undefined where they are. */
  readonly closedBecause?: string | undefined;
}

interface Attending {
  readonly agent: AgentRecord;
  readonly stream: AgentStream;
  /** Says that it is not present any more. */
  depart: () => void;
}

/** Other datacenters send requests, tokens and all, to whom the list of members calls a server. */
const isServer = ({ tags }: AgentRecord): boolean => tags['role'] === 'consul';

const isTopics = isListOf(isText);

export class AgentDesk {
  readonly #parts: AgentDeskParts;
  readonly #attending = new Map<RpcPeer, Attending>();

  constructor(parts: AgentDeskParts) {
    this.#parts = parts;
  }

  /** Tell every agent of an event. */
  tellEvent(event: UserEvent): void {
    for (const { stream } of this.#attending.values()) stream.tell({ kind: 'event', event });
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
    return {
      attend: (request, call) => this.#attend(request, call),
      subscribe: attending(async ({ stream }, { topics }: { topics?: unknown }) => {
        stream.follow(this.#topics(topics));
      }),
      unsubscribe: attending(async ({ stream }, { topics }: { topics?: unknown }) => {
        stream.unfollow(this.#topics(topics));
      }),
      command: attending((by, { command }: { command?: unknown }) => this.#command(by, command)),
      'own-rows': attending(async ({ agent }) => this.#rowsOf(agent.node.name)),
      leave: attending((by, _request, call) => this.#leave(by, call)),
    };
  }

  /** Who attends on the connection of a call. Throws bad_request when nobody does. */
  agentOf(call: RpcCall): AgentRecord {
    return this.#whoAttends(call).agent;
  }

  #topics(topics: unknown): readonly string[] {
    const fault = isTopics(topics, 'topics');
    if (fault !== undefined) refuse('bad_request', fault);
    return topics as readonly string[];
  }

  #whoAttends({ peer }: RpcCall): Attending {
    return this.#attending.get(peer) ?? refuse('bad_request', 'who asks has to attend first');
  }

  async #attend(request: unknown, call: RpcCall): Promise<void> {
    const { datacenter, nodeName, presence, subscriptions, table, indexNow, servers } = this.#parts;
    const { closedBecause } = this.#parts;
    if (closedBecause !== undefined) refuse('forbidden', closedBecause);
    const { agent } = (request ?? {}) as { agent?: AgentRecord };
    const fault = isAgentRecord(agent, 'agent');
    if (fault !== undefined || agent === undefined) return refuse('bad_request', fault ?? 'no agent');
    if (this.#attending.has(call.peer)) refuse('bad_request', 'this connection attends already');
    if (agent.datacenter !== datacenter)
      refuse('invalid_command', `Member '${agent.node.name}' part of wrong datacenter '${agent.datacenter}'`);
    if (isServer(agent)) refuse('forbidden', 'only servers are servers, and they do not attend');
    const known = table.of(agent.node.name);
    const isOther = known?.agent.node.id !== agent.node.id || isServer(known.agent);
    if ((known?.status === 'alive' && isOther) || nodeKey(agent.node.name) === nodeKey(nodeName))
      throw nameIsTaken(agent, known?.agent ?? agent);
    const depart = presence.arrive(agent, call.peer);
    const stream = subscriptions.stream((message) => call.send(message));
    const attending: Attending = { agent, stream, depart };
    this.#attending.set(call.peer, attending);
    try {
      const catalog = this.#parts.view.settings.get(CATALOG_ID)?.value ?? '';
      await call.send({ kind: 'welcome', server: nodeName, index: indexNow(), catalog });
      stream.tell({ kind: 'servers', servers: servers() });
      await gone(call.signal);
    } finally {
      stream.end();
      this.#attending.delete(call.peer);
      attending.depart();
    }
  }

  async #command({ agent, stream }: Attending, command: unknown): Promise<Committed> {
    const committed = await this.#parts.submit(commandOfAgent(command, agent.node.name));
    stream.tell({ kind: 'mark', index: committed.index });
    return committed;
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
