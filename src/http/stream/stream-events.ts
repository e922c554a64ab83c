/**
 * Events as text: what a topic is now, and what happened to it, read by the same operations as the API's.
 *
 * So a value is the document that its URL answers, and nobody is sent what they could not have asked for. Streams that
 * follow the same topics with the same rights share one text: ten thousand of them cost one read.
 */
import { LRUCache } from 'lru-cache';
import { inTurns, type Turns } from '../../lib/fair-turns.ts';
import { ListWriter, type LongList } from '../answer/list-writer.ts';
import type { Call, Reply } from '../call-and-reply.ts';
import { toJson } from '../documents/go-json.ts';
import type { HttpParts } from '../http-parts.ts';
import { filterReply, perform } from '../pipeline.ts';
import type { Operation, Route } from '../route.ts';
import type { StreamTopic } from './stream-topics.ts';

/** Characters of a value that is sent. A larger one is only announced, and the client asks for it. */
const MAX_VALUE_LENGTH = 256 * 1024;
/** Entries of the history beside one change. */
const MAX_ENTRIES = '100';
/** Characters of texts that are kept for streams that follow the same. */
const MAX_SHARED_LENGTH = 8 * 1024 * 1024;

const NO_BODY = Buffer.alloc(0);
/** The stream itself was brought to a server whose copy is current enough. */
const ANY_COPY = { consistency: 'stale', isCached: false, minIndex: 0, waitMs: 0 } as const;

export interface EventRequest {
  readonly call: Call;
  readonly topic: StreamTopic;
  /** The index that the topic has now. */
  readonly index: number;
  /** The one that the client knows; undefined for a snapshot. */
  readonly since: number | undefined;
}

/** An event that only says that a topic changed: for clients that read by themselves what they show of it. */
export function bareEvent({ topic, index, since }: Omit<EventRequest, 'call'>): string {
  const data = `{"Topic":${JSON.stringify(topic.name)},"Index":${index}}`;
  return eventText(since === undefined ? 'snapshot' : 'change', index, data);
}

/** One event on the wire, as HTML's `EventSource` reads it; `data` is one line. */
export function eventText(event: string, id: number | undefined, data: string): string {
  const head = id === undefined ? '' : `id: ${id}\n`;
  return `${head}event: ${event}\ndata: ${data}\n\n`;
}

/** The inner call that stands for one of the client's own. */
function innerCall(call: Call, rest: string, query: Call['query']): Call {
  return {
    method: 'GET',
    url: '',
    params: { '*': rest },
    query,
    headers: call.headers,
    body: NO_BODY,
    upload: undefined,
    remoteAddress: call.remoteAddress,
    isForwarded: call.isForwarded,
    isEncrypted: call.isEncrypted,
    readOptions: { ...ANY_COPY, maxStaleMs: call.readOptions.maxStaleMs },
    signal: () => call.signal(),
  };
}

export class StreamEvents {
  readonly #parts: HttpParts;
  readonly #operations: ReadonlyMap<string, Operation>;
  readonly #turns: Pick<Turns, 'add'>;
  readonly #shared = new LRUCache<string, Promise<string>>({ max: 256 });
  #sharedLength = 0;

  constructor(parts: HttpParts, routes: readonly Route[], turns: Pick<Turns, 'add'>) {
    this.#parts = parts;
    this.#turns = turns;
    const reads = routes.flatMap(({ path, operations }) =>
      operations.GET ? [[path, operations.GET] as const] : [],
    );
    this.#operations = new Map(reads);
  }

  /** The event of a topic. Rejects with AppError when it may not be read, or not now. */
  event(request: EventRequest): Promise<string> {
    const { call, topic, index, since } = request;
    const { group } = this.#parts.authorizerOf(call);
    const key = [group, topic.name, index, since ?? ''].join('\n');
    const known = this.#shared.get(key);
    if (known !== undefined) return known;
    const making = this.#make(request);
    this.#shared.set(key, making);
    making.then(
      (text) => this.#account(text.length),
      () => this.#shared.delete(key),
    );
    return making;
  }

  #account(length: number): void {
    this.#sharedLength += length;
    if (this.#sharedLength <= MAX_SHARED_LENGTH) return;
    this.#shared.clear();
    this.#sharedLength = 0;
  }

  async #make({ call, topic, index, since }: EventRequest): Promise<string> {
    const isChange = since !== undefined;
    const { value, history } = topic;
    const shown =
      value && (await this.#read(value.path, innerCall(call, value.rest, value.query), MAX_VALUE_LENGTH));
    const entries =
      isChange &&
      history &&
      (await this.#read('/v1/history', innerCall(call, '', this.#asked(history, since))));
    const fields = [
      `"Topic":${JSON.stringify(topic.name)},"Index":${index}`,
      ...(value === undefined ? [] : [shown === undefined ? '"IsLarge":true' : `"Value":${shown}`]),
      ...(entries === undefined ? [] : [`"Entries":${entries}`]),
    ];
    return eventText(isChange ? 'change' : 'snapshot', index, `{${fields.join(',')}}`);
  }

  #asked(history: Readonly<Record<string, string>>, since: number): Call['query'] {
    return { ...history, since: String(since), limit: MAX_ENTRIES };
  }

  /** The JSON of an answer, null for what is not there; undefined as soon as it turns out to be longer than that. */
  async #read(path: string, call: Call, maxLength = Number.POSITIVE_INFINITY): Promise<string | undefined> {
    const operation = this.#operations.get(path) as Operation;
    const performed = await perform(operation, call, this.#parts);
    const made: Reply = performed.reply.make
      ? { ...performed.reply, ...performed.reply.make() }
      : performed.reply;
    const reply = filterReply(operation, { ...performed, reply: made }, call, this.#parts);
    if (reply.status !== 200) return 'null';
    if (reply.list !== undefined) return this.#written(reply.list, maxLength);
    const text = toJson(reply.value, false);
    return text.length > maxLength ? undefined : text;
  }

  async #written(list: LongList, maxLength: number): Promise<string | undefined> {
    const writer = new ListWriter(list, false);
    let text = '';
    while (!writer.isDone) {
      await inTurns(this.#turns, () => writer.step());
      text += writer.takeText();
      if (text.length > maxLength) return undefined;
    }
    return text;
  }
}
