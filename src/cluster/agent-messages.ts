/**
 * What agents and servers tell each other: who an agent is, and what a server sends it while it attends.
 *
 * All of it travels as JSON (rpc/message-codec.ts). An agent of another version may send more or less: unknown members
 * are ignored, and that one is missing has a meaning too.
 */
import type { Command, Unstamped } from '../catalog/command.ts';
import type { UserEvent } from '../catalog/event.ts';
import type { PutChange } from '../catalog/state.ts';
import type { ModifyIndex, NodeRow, StringMap } from '../model/types.ts';

/** An agent as others know it. */
export interface AgentRecord {
  readonly node: Unstamped<NodeRow>;
  readonly datacenter: string;
  /** What the list of members shows of it. */
  readonly port: number;
  readonly tags: StringMap;
}

/** A server that can be called, as agents are told of it. */
export interface ServerPlace {
  readonly name: string;
  readonly host: string;
  readonly port: number;
}

/** Changes of the rows behind a topic; `isWhole` when they are all there are. */
export interface RowsMessage {
  readonly kind: 'rows';
  readonly topic: string;
  /** Of the topic. */
  readonly index: ModifyIndex;
  readonly isWhole: boolean;
  readonly put: readonly PutChange[];
  /** Keys as in `RowSet`. */
  readonly removed: readonly string[];
  /** More messages about the topic follow; none of it counts before the last one. */
  readonly hasMore?: boolean;
}

/** A part of what an agent has written, and the secret whose rights count for it; '' is the anonymous token's. */
export interface CommandPart {
  readonly token: string;
  readonly command: Command;
}

/** A part that was not carried out, by its place, and what the token is called that does not allow it. */
export interface RefusedPart {
  readonly part: number;
  readonly by: string;
}

export type AttendMessage =
  /**
   * First of all: the agent is taken. `index` is how far the server's catalog is, `catalog` tells it from any other.
   * `whyNoMember` is there when its token does not give its name: it may ask, and is no member.
   */
  | {
      readonly kind: 'welcome';
      readonly server: string;
      readonly index: ModifyIndex;
      readonly catalog: string;
      readonly whyNoMember?: string;
    }
  /** An agent that was no member has become one. */
  | { readonly kind: 'member' }
  | { readonly kind: 'servers'; readonly servers: readonly ServerPlace[] }
  | RowsMessage
  /** All changes up to `index` of what the agent follows have been sent. */
  | { readonly kind: 'mark'; readonly index: ModifyIndex }
  | { readonly kind: 'event'; readonly event: UserEvent }
  /** These topics are not told any more: no token that they were asked for with may see all of them. */
  | { readonly kind: 'closed'; readonly topics: readonly string[] };
