/**
 * One stream of changes for everything that this tab shows: `/v1/stream` without values, which says what changed and leaves
 * the reading to whoever shows it.
 *
 * Read with fetch, because EventSource cannot send a token. A connection that says nothing for SILENCE_MS is given up: the
 * agent writes a line every 25 seconds. Where the stream is refused (no right for one of the topics, an agent that has
 * none), nobody is covered, and those who show something ask by themselves.
 */
import { type ApiClient, ApiError } from './client.ts';

/** Topics of one stream, by the agent's limit. */
const MAX_TOPICS = 64;
const SILENCE_MS = 60_000;
/** Pages are entered with several paths at once; one connection follows all of them. */
const GATHER_MS = 60;
const RETRY_MS = 2_000;
const REFUSED_RETRY_MS = 30_000;

interface FeedClock {
  now(): number;
  /** Resolves after `ms`, or at once when `abort` fires. */
  pause(ms: number, abort?: AbortSignal): Promise<void>;
}

interface FeedParts {
  readonly api: ApiClient;
  readonly clock: FeedClock;
  /** Something happened to a topic; the index is that of the change. */
  readonly onChange: (topic: string, index: number) => void;
  /** Who is covered is another question than before. */
  readonly onCoverage: () => void;
}

interface Connection {
  readonly abort: AbortController;
  readonly topics: ReadonlySet<string>;
  /** Moves with every octet that comes. */
  heardMs: number;
}

/** Whole events of a stream out of pieces of it: their data as it came. */
function eventReader(onData: (data: string) => void): (piece: string) => void {
  let rest = '';
  return (piece) => {
    const blocks = (rest + piece).split('\n\n');
    rest = blocks.pop() ?? '';
    for (const block of blocks)
      for (const line of block.split('\n')) if (line.startsWith('data: ')) onData(line.slice(6));
  };
}

export class ChangeFeed {
  readonly #parts: FeedParts;
  #wanted: ReadonlySet<string> = new Set();
  /** The one that tells. */
  #current: Connection | undefined;
  /** The one that will take its place: while it is made, nothing that is told now goes untold. */
  #next: Connection | undefined;
  /** Ends the pause before the next connection. */
  #gathering: AbortController | undefined;
  #notBeforeMs = 0;

  constructor(parts: FeedParts) {
    this.#parts = parts;
  }

  /** Whether a change of any of these is told. */
  covers(topics: readonly string[]): boolean {
    const { topics: told } = this.#current ?? {};
    return told !== undefined && topics.length > 0 && topics.every((topic) => told.has(topic));
  }

  /** 1 while it holds a connection. */
  get held(): number {
    return this.#current === undefined && this.#next === undefined ? 0 : 1;
  }

  /** Follow these from now on; none gives the connection back. More than a stream can have are left to who asks. */
  want(topics: ReadonlySet<string>): void {
    this.#wanted = new Set([...topics].slice(0, MAX_TOPICS));
    if (this.#wanted.size === 0) {
      this.#drop();
      return;
    }
    const { topics: followed } = this.#next ?? this.#current ?? {};
    if (followed && [...this.#wanted].every((topic) => followed.has(topic))) return;
    void this.#gather();
  }

  /** Begin anew, as somebody else or at another agent. */
  restart(): void {
    this.#notBeforeMs = 0;
    this.#drop();
    if (this.#gathering) this.#gathering.abort();
    else if (this.#wanted.size > 0) void this.#gather();
  }

  #drop(): void {
    const wasTelling = this.#current !== undefined;
    this.#next?.abort.abort();
    this.#current?.abort.abort();
    this.#next = undefined;
    this.#current = undefined;
    if (wasTelling) this.#parts.onCoverage();
  }

  async #gather(): Promise<void> {
    if (this.#gathering) return;
    this.#gathering = new AbortController();
    const { clock } = this.#parts;
    await clock.pause(Math.max(GATHER_MS, this.#notBeforeMs - clock.now()), this.#gathering.signal);
    this.#gathering = undefined;
    if (this.#wanted.size > 0) void this.#connect();
  }

  async #connect(): Promise<void> {
    const { clock } = this.#parts;
    const connection: Connection = {
      abort: new AbortController(),
      topics: this.#wanted,
      heardMs: clock.now(),
    };
    this.#next?.abort.abort();
    this.#next = connection;
    void this.#watchSilence(connection);
    let pauseMs = RETRY_MS;
    try {
      await this.#read(connection);
    } catch (cause) {
      const isRefused = cause instanceof ApiError && cause.status >= 400 && cause.status < 500;
      if (isRefused) pauseMs = REFUSED_RETRY_MS;
    }
    connection.abort.abort();
    this.#ended(connection, pauseMs);
  }

  /** One that was replaced or given back has ended on purpose. */
  #ended(connection: Connection, pauseMs: number): void {
    const { clock, onCoverage } = this.#parts;
    const wasTelling = this.#current === connection;
    if (!wasTelling && this.#next !== connection) return;
    if (wasTelling) this.#current = undefined;
    else this.#next = undefined;
    this.#notBeforeMs = clock.now() + pauseMs;
    if (wasTelling) onCoverage();
    if (this.#wanted.size > 0) void this.#gather();
  }

  #read(connection: Connection): Promise<void> {
    const { api, clock, onChange } = this.#parts;
    const topics = [...connection.topics].map(encodeURIComponent).join(',');
    const take = eventReader((data) => {
      const { Topic, Index } = JSON.parse(data) as { Topic?: string; Index?: number };
      if (Topic !== undefined && Index !== undefined) onChange(Topic, Index);
    });
    return api.stream(`/v1/stream?topics=${topics}&values=false`, connection.abort.signal, (piece) => {
      connection.heardMs = clock.now();
      if (this.#next === connection) this.#begin(connection);
      take(piece);
    });
  }

  #begin(connection: Connection): void {
    const before = this.#current;
    this.#current = connection;
    this.#next = undefined;
    before?.abort.abort();
    this.#parts.onCoverage();
  }

  async #watchSilence(connection: Connection): Promise<void> {
    const { clock } = this.#parts;
    const { signal } = connection.abort;
    while (!signal.aborted) {
      await clock.pause(SILENCE_MS / 4, signal);
      if (clock.now() - connection.heardMs > SILENCE_MS) connection.abort.abort();
    }
  }
}
