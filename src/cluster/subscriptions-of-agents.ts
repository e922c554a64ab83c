/**
 * What agents follow of this server's catalog, and the changes on their way to them.
 *
 * Each agent has one stream. Nothing is queued for it: the server remembers what it sent last of each topic, and when
 * there is room again it sends the difference to the present rows. So an agent that reads slowly skips what has passed
 * meanwhile, and costs no memory. The rows behind a topic, and the difference that most followers need, are made once
 * for all of them.
 */
import type { PutChange } from '../catalog/state.ts';
import type { View } from '../catalog/tables.ts';
import type { Turns } from '../lib/fair-turns.ts';
import { refuse } from '../model/errors.ts';
import type { ModifyIndex } from '../model/types.ts';
import type { AttendMessage, RowsMessage } from './agent-messages.ts';
import { differenceOf, isFollowable, type RowSet, rowsOfTopic } from './topic-rows.ts';

/** Topics of one agent. Turning it up lets one agent make the server remember more: some 100 octets each, and its rows. */
const MAX_TOPICS_OF_AGENT = 8_192;
const MAX_TOPIC_LENGTH = 512;
/** Rows in one message: each has less than 8 KiB but for rare ones, and a message may have 8 MiB. */
const ROWS_OF_MESSAGE = 500;
/** Events that wait for an agent that reads slowly; the oldest are dropped. */
const MAX_EVENTS = 256;

const NOTHING: ReadonlyMap<string, PutChange> = new Map();

export interface SubscriptionsParts {
  readonly view: View;
  /** Index of a topic. */
  readonly indexOf: (topic: string) => ModifyIndex;
  readonly turns: Pick<Turns, 'add'>;
}

/** A topic that somebody follows. */
interface Followed {
  readonly followers: Set<Stream>;
  /** Undefined after a change, until somebody needs them. */
  rows: RowSet | undefined;
  /** The difference that was made last. */
  latest: { readonly from: RowSet; readonly to: RowSet; readonly message: RowsMessage } | undefined;
}

/** What one agent follows. */
export interface AgentStream {
  /** Throws bad_request for topics of which one cannot be followed, or that are too many, with all that waits to be told. */
  requireFollowable(topics: readonly string[]): void;
  /** Follow these topics too; all their rows are sent, also of those that are followed already. Throws bad_request. */
  follow(topics: readonly string[]): void;
  unfollow(topics: readonly string[]): void;
  /** Send this after every change that is installed by now. */
  tell(message: AttendMessage): void;
  end(): void;
}

export class SubscriptionsOfAgents {
  readonly #parts: SubscriptionsParts;
  readonly #followed = new Map<string, Followed>();

  constructor(parts: SubscriptionsParts) {
    this.#parts = parts;
  }

  /** Topics that agents follow. */
  get topicCount(): number {
    return this.#followed.size;
  }

  /** To be called with the topics of every installed write. */
  onChanged(topics: Iterable<string>): void {
    if (this.#followed.size === 0) return;
    for (const topic of topics) {
      const followed = this.#followed.get(topic);
      if (followed === undefined) continue;
      followed.rows = undefined;
      for (const stream of followed.followers) stream.onChanged(topic);
    }
  }

  /** A stream to an agent; `send` resolves when there is room for more, and rejects when the agent has gone. */
  stream(send: (message: AttendMessage) => Promise<void>): AgentStream {
    return new Stream({
      send,
      turns: this.#parts.turns,
      join: (topic, stream) => this.#join(topic, stream),
      leave: (topic, stream) => this.#leave(topic, stream),
      messageFrom: (topic, sent) => this.#messageFrom(topic, sent),
    });
  }

  #join(topic: string, stream: Stream): void {
    const followed = this.#followed.get(topic);
    if (followed !== undefined) followed.followers.add(stream);
    else this.#followed.set(topic, { followers: new Set([stream]), rows: undefined, latest: undefined });
  }

  #leave(topic: string, stream: Stream): void {
    const followed = this.#followed.get(topic);
    if (followed?.followers.delete(stream) && followed.followers.size === 0) this.#followed.delete(topic);
  }

  /** What somebody has to be told who was sent `sent` last (undefined: nothing yet), and the rows that he then has. */
  #messageFrom(topic: string, sent: RowSet | undefined): Told | undefined {
    const followed = this.#followed.get(topic);
    if (followed === undefined) return undefined;
    followed.rows ??= rowsOfTopic(this.#parts.view, topic);
    const { rows: to, latest } = followed;
    const from = sent ?? NOTHING;
    if (latest?.from === from && latest.to === to && latest.message.isWhole === (sent === undefined))
      return { message: latest.message, rows: to };
    const message: RowsMessage = {
      kind: 'rows',
      topic,
      index: this.#parts.indexOf(topic),
      isWhole: sent === undefined,
      ...differenceOf(from, to),
    };
    followed.latest = { from, to, message };
    return { message, rows: to };
  }
}

/** What is left to be told of two messages of one kind: the newest, or all topics that are closed. */
function both(before: AttendMessage | undefined, after: AttendMessage): AttendMessage {
  if (before?.kind !== 'closed' || after.kind !== 'closed') return after;
  return { kind: 'closed', topics: [...new Set([...before.topics, ...after.topics])] };
}

interface Told {
  readonly message: RowsMessage;
  readonly rows: RowSet;
}

interface StreamParts {
  readonly send: (message: AttendMessage) => Promise<void>;
  readonly turns: Pick<Turns, 'add'>;
  readonly join: (topic: string, stream: Stream) => void;
  readonly leave: (topic: string, stream: Stream) => void;
  readonly messageFrom: (topic: string, sent: RowSet | undefined) => Told | undefined;
}

class Stream implements AgentStream {
  readonly #parts: StreamParts;
  /** What was sent of each topic; undefined when nothing was yet. */
  readonly #sent = new Map<string, RowSet | undefined>();
  readonly #changed = new Set<string>();
  #told: AttendMessage[] = [];
  #isSending = false;
  #hasEnded = false;

  constructor(parts: StreamParts) {
    this.#parts = parts;
  }

  requireFollowable(topics: readonly string[]): void {
    for (const topic of topics)
      if (topic.length > MAX_TOPIC_LENGTH || !isFollowable(topic))
        refuse('bad_request', `${JSON.stringify(topic.slice(0, MAX_TOPIC_LENGTH))} cannot be followed`);
    // Refusals wait too until the agent reads them, and it may ask for other names meanwhile.
    const closed = this.#told.flatMap((each) => (each.kind === 'closed' ? each.topics : []));
    if (new Set([...this.#sent.keys(), ...closed, ...topics]).size > MAX_TOPICS_OF_AGENT)
      refuse('bad_request', `an agent can follow ${MAX_TOPICS_OF_AGENT} names at once`);
  }

  follow(topics: readonly string[]): void {
    this.requireFollowable(topics);
    for (const topic of topics) {
      this.#parts.join(topic, this);
      this.#sent.set(topic, undefined);
      this.#changed.add(topic);
    }
    this.#begin();
  }

  unfollow(topics: readonly string[]): void {
    for (const topic of topics) {
      this.#sent.delete(topic);
      this.#changed.delete(topic);
      this.#parts.leave(topic, this);
    }
  }

  onChanged(topic: string): void {
    this.#changed.add(topic);
    this.#begin();
  }

  tell(message: AttendMessage): void {
    // The newest mark and the newest list of servers say all that older ones said; old events are forgotten by all.
    const isNewest = message.kind !== 'event' && message.kind !== 'rows';
    const same = isNewest ? this.#told.find(({ kind }) => kind === message.kind) : undefined;
    if (same !== undefined) this.#told = this.#told.filter((each) => each !== same);
    this.#told.push(both(same, message));
    const tooMany = this.#told.filter(({ kind }) => kind === 'event').length > MAX_EVENTS;
    if (tooMany)
      this.#told.splice(
        this.#told.findIndex(({ kind }) => kind === 'event'),
        1,
      );
    this.#begin();
  }

  end(): void {
    this.#hasEnded = true;
    this.unfollow([...this.#sent.keys()]);
    this.#told = [];
  }

  #begin(): void {
    if (this.#isSending || this.#hasEnded) return;
    this.#isSending = true;
    this.#parts.turns.add({ step: () => this.#step() });
  }

  /** Send one message; false when there is nothing to send, or no room for more: then it begins again by itself. */
  #step(): boolean {
    const sending = this.#hasEnded ? undefined : this.#next();
    if (sending === undefined) {
      this.#isSending = false;
      return false;
    }
    sending.then(
      () => {
        this.#isSending = false;
        if (this.#changed.size > 0 || this.#told.length > 0) this.#begin();
      },
      () => this.end(),
    );
    return false;
  }

  /** A service may have more instances than one message holds. */
  async #sendRows(message: RowsMessage): Promise<void> {
    const { put } = message;
    for (let at = 0; at + ROWS_OF_MESSAGE < put.length; at += ROWS_OF_MESSAGE) {
      const part = put.slice(at, at + ROWS_OF_MESSAGE);
      await this.#parts.send({ ...message, put: part, removed: [], hasMore: true });
    }
    const last = put.length === 0 ? 0 : Math.floor((put.length - 1) / ROWS_OF_MESSAGE) * ROWS_OF_MESSAGE;
    await this.#parts.send(last === 0 ? message : { ...message, put: put.slice(last) });
  }

  /** Rows go before what is told, which may say that they have been sent. */
  #next(): Promise<void> | undefined {
    for (const topic of this.#changed) {
      this.#changed.delete(topic);
      const sent = this.#sent.get(topic);
      const told = this.#parts.messageFrom(topic, sent);
      if (told === undefined) continue;
      const { message, rows } = told;
      this.#sent.set(topic, rows);
      const isNews = message.isWhole || message.put.length > 0 || message.removed.length > 0;
      if (isNews) return this.#sendRows(message);
    }
    const next = this.#told.shift();
    return next && this.#parts.send(next);
  }
}
