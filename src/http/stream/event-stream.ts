/**
 * One client of /v1/stream: what it is told, in which order, and when it is given up.
 *
 * The next event is sent when the client has taken the last one; what changes meanwhile is told as one change
 * afterwards, so a slow reader costs the memory of one event and never holds up anybody. A client that takes nothing
 * for too long, or for whose events there is no room, is disconnected, and told why. Events go out in the order of
 * their indexes: a client that comes back with the last id that it saw has missed nothing before that.
 */
import { Readable } from 'node:stream';
import type { Clock, Timer } from '../../lib/clock.ts';
import { AppError } from '../../model/errors.ts';
import type { Call } from '../call-and-reply.ts';
import type { HttpParts } from '../http-parts.ts';
import type { Share } from '../listen/budget.ts';
import { bareEvent, eventText, type StreamEvents } from './stream-events.ts';
import type { StreamTopic } from './stream-topics.ts';

/** Silence in ms after which a comment is sent, so that no proxy on the way takes the connection for dead. */
const STILL_HERE_MS = 25_000;
/** Time that a client has to take an event. */
const TAKE_MS = 30_000;
/** Time that the last words of a stream may take. */
const LAST_WORDS_MS = 5_000;
/** In ms; what a browser waits before it connects again. */
const HELLO = 'retry: 2000\n\n';
const STILL_HERE = ': still here\n\n';

export interface StreamParts {
  readonly http: Pick<HttpParts, 'indexes' | 'watch' | 'clock' | 'authorizerOf'>;
  readonly events: StreamEvents;
  readonly call: Call;
  readonly topics: readonly StreamTopic[];
  /** Only say what changed, without values and without what happened. */
  readonly isBare: boolean;
  /** Room for what was written and not taken. */
  readonly share: Share;
  readonly onEnd: (wasCut: boolean) => void;
}

/** Where to begin: with the present values, or with what happened after an index. */
export type Beginning = { readonly from: number } | { readonly missedSince: number | undefined };

export class EventStream {
  readonly body: Readable;
  readonly #parts: StreamParts;
  /** The index of each topic that the client knows. */
  readonly #known = new Map<string, number>();
  /** The rights with which each topic was read last, for a stream that is told no values. */
  readonly #readAs = new Map<string, string>();
  #onTaken: (() => void) | undefined;
  #isOver = false;

  constructor(parts: StreamParts) {
    this.#parts = parts;
    this.body = new Readable({ highWaterMark: 1, read: () => this.#taken() });
    this.body.on('close', () => this.#close());
  }

  /** Tell the beginning, then go on until the client leaves. Never rejects. */
  async run(beginning: Beginning): Promise<void> {
    try {
      await this.#begin(beginning);
      while (!this.#isOver) await this.#goOn();
    } catch (error) {
      this.end(error instanceof AppError ? error.message : 'internal error');
      if (!(error instanceof AppError)) throw error;
    }
  }

  /** Say why, and end. */
  end(reason: string): void {
    if (this.#isOver) return;
    this.#lastWords(reason);
    this.#close();
  }

  async #begin(beginning: Beginning): Promise<void> {
    await this.#write(HELLO);
    const { topics, http } = this.#parts;
    if ('from' in beginning) {
      for (const { name } of topics) this.#known.set(name, beginning.from);
      return;
    }
    const { missedSince } = beginning;
    if (missedSince !== undefined)
      await this.#write(
        eventText(
          'gap',
          undefined,
          JSON.stringify({ Since: missedSince, Reason: 'the history does not reach back so far' }),
        ),
      );
    const byIndex = topics
      .map((topic) => ({ topic, index: http.indexes.of([topic.watched]) }))
      .sort((one, other) => one.index - other.index);
    for (const { topic, index } of byIndex) await this.#tell(topic, index, undefined);
  }

  /** Tell what is new, or wait until something is. */
  async #goOn(): Promise<void> {
    const { http, topics, call } = this.#parts;
    const news = topics
      .map((topic) => ({
        topic,
        index: http.indexes.of([topic.watched]),
        since: this.#known.get(topic.name) ?? 0,
      }))
      .filter(({ index, since }) => index > since)
      .sort((one, other) => one.index - other.index);
    for (const { topic, index, since } of news) await this.#tell(topic, index, since);
    if (news.length > 0 || this.#isOver) return;
    const watched = topics.map((topic) => topic.watched);
    const how = await http.watch.wait(watched, STILL_HERE_MS, call.signal());
    if (how === 'expired') await this.#write(STILL_HERE);
    if (how === 'abandoned') this.end('the agent ends');
  }

  async #tell(topic: StreamTopic, index: number, since: number | undefined): Promise<void> {
    if (this.#isOver) return;
    const { events, call, isBare } = this.#parts;
    this.#known.set(topic.name, index);
    if (isBare) {
      await this.#requireReadable(topic, index);
      await this.#write(bareEvent({ topic, index, since }));
    } else await this.#write(await events.event({ call, topic, index, since }));
  }

  /** A token may end, or lose rights, while its stream goes on: then the topic is read again. Rejects if it may not be. */
  async #requireReadable(topic: StreamTopic, index: number): Promise<void> {
    const { http, events, call } = this.#parts;
    const { group } = http.authorizerOf(call);
    if (this.#readAs.get(topic.name) === group) return;
    await events.event({ call, topic, index, since: undefined });
    this.#readAs.set(topic.name, group);
  }

  /** Write, and wait until it is taken; a client that does not take it in time is cut. */
  async #write(text: string): Promise<void> {
    if (this.#isOver) return;
    const { share, http } = this.#parts;
    if (!share.grow(text.length)) return this.#cut('the agent has no room for more events that nobody reads');
    if (!this.body.push(text)) await this.#untilTaken(http.clock);
    share.grow(-share.bytes);
  }

  #untilTaken(clock: Clock): Promise<void> {
    return new Promise((resolve) => {
      const timer: Timer = clock.after(TAKE_MS, () => this.#cut('events were not read in time'));
      this.#onTaken = () => {
        timer.cancel();
        this.#onTaken = undefined;
        resolve();
      };
    });
  }

  #taken(): void {
    this.#onTaken?.();
  }

  /** End, and give the last words some time to be sent. */
  #cut(reason: string): void {
    if (this.#isOver) return;
    this.#parts.http.clock.after(LAST_WORDS_MS, () => this.body.destroy());
    this.#lastWords(reason);
    this.#close(true);
  }

  #lastWords(reason: string): void {
    this.body.push(eventText('end', undefined, JSON.stringify({ Reason: reason })));
    this.body.push(null);
  }

  #close(wasCut = false): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#parts.share.close();
    this.#parts.onEnd(wasCut);
    this.#taken();
  }
}
