/**
 * What client agents may do where there is access control: be a member under a name, have something written, follow a topic.
 *
 * A topic is followed with the token of whoever asked the agent for it, and only if that token may see all that the topic
 * can hold, because the agent shares the rows among its clients. It is told no more once none of its tokens allows it.
 */
import { nodeTopic } from '../catalog/topics.ts';
import type { CommandPart } from './agent-messages.ts';
import type { AgentStream } from './subscriptions-of-agents.ts';

export interface AgentRights {
  /** Why a token does not give the name of a node; undefined when it does. */
  faultOfMember(token: string, node: string): string | undefined;
  /** What the token of a part is called when it does not allow the part; undefined when it does. */
  refusedAsker(part: CommandPart): string | undefined;
  /** Whether a token may see all that there can ever be behind a topic. */
  maySeeAll(token: string, topic: string): boolean;
}

interface FollowRightsParts {
  readonly stream: Pick<AgentStream, 'requireFollowable' | 'follow' | 'unfollow' | 'tell'>;
  /** Absent where everything may be followed. */
  readonly rights: AgentRights | undefined;
  /** The node of the agent, which it follows as a member. */
  readonly node: string;
}

/** What one agent follows, and by whose right. */
export class FollowRights {
  readonly #parts: FollowRightsParts;
  /** The token that allowed each topic lately. */
  readonly #by = new Map<string, string>();
  isMember = false;

  constructor(parts: FollowRightsParts) {
    this.#parts = parts;
  }

  /** Follow what the token allows, and tell that the rest is not followed. Throws bad_request. */
  follow(asked: readonly string[], token: string): void {
    const { stream } = this.#parts;
    // Before rights are looked at: who has none may ask too.
    stream.requireFollowable(asked);
    const topics = [...new Set(asked)];
    const allowed = topics.filter((topic) => this.#isAllowed(token, topic));
    stream.follow(allowed);
    if (this.#parts.rights === undefined) return;
    for (const topic of allowed) this.#by.set(topic, token);
    const others = topics.filter((topic) => !this.#by.has(topic));
    if (others.length > 0) stream.tell({ kind: 'closed', topics: others });
  }

  unfollow(topics: readonly string[]): void {
    for (const topic of topics) this.#by.delete(topic);
    this.#parts.stream.unfollow(topics);
  }

  /** Look again whether what is followed still may be. */
  look(): void {
    const closed = [...this.#by].filter(([topic, token]) => !this.#isAllowed(token, topic));
    if (closed.length === 0) return;
    const topics = closed.map(([topic]) => topic);
    this.unfollow(topics);
    this.#parts.stream.tell({ kind: 'closed', topics });
  }

  #isAllowed(token: string, topic: string): boolean {
    const { rights, node } = this.#parts;
    if (rights === undefined || (this.isMember && topic === nodeTopic(node))) return true;
    return rights.maySeeAll(token, topic);
  }
}
