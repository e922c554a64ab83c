/**
 * What a handler gets and what it gives: a request as a Call, an answer as a Reply. Both are values; how a Call comes from
 * the HTTP library is call.ts's business, how Replies are made reply.ts's, how they are put on the wire send.ts's.
 */

import type { IncomingHttpHeaders } from 'node:http';
import type { Readable } from 'node:stream';
import type { LongList } from './answer/list-writer.ts';
import type { Upload } from './listen/upload.ts';

export const METHODS = ['GET', 'PUT', 'POST', 'DELETE'] as const;
export type Method = (typeof METHODS)[number];

/** Decoded query parameters; one that is given twice is a list, one without a value is ''. */
export type Query = Readonly<Record<string, string | readonly string[] | undefined>>;

export type Consistency = 'leader' | 'stale' | 'consistent';

export interface ReadOptions {
  readonly consistency: Consistency;
  readonly isCached: boolean;
  /** 0 does not block. */
  readonly minIndex: number;
  /** 0 when none is given. */
  readonly waitMs: number;
  /** How old a stale answer may be; 0 when it may be any age. */
  readonly maxStaleMs: number;
}

/** One request, as handlers see it. */
export interface Call {
  readonly method: string;
  /** The canonical path (paths/canonical-url.ts) and the query as sent. */
  readonly url: string;
  /** Decoded parts of the path; the last `*` is under '*'. */
  readonly params: Readonly<Record<string, string>>;
  readonly query: Query;
  readonly headers: IncomingHttpHeaders;
  /** As sent; empty when there is none. */
  readonly body: Buffer;
  /** The body of an operation that takes a file; undefined when there is none. Whoever takes it closes it. */
  readonly upload: Upload | undefined;
  /** IP address of the client, or of the agent that passed the request on; '' over a UNIX socket. */
  readonly remoteAddress: string;
  /** Whether another agent passed it on. */
  readonly isForwarded: boolean;
  /** Whether it came over TLS. */
  readonly isEncrypted: boolean;
  /** Consistency, index and wait. Throws bad_request. */
  readonly readOptions: ReadOptions;
  /** Aborts when the client goes away. */
  signal(): AbortSignal;
}

/** An answer. Exactly one of `value`, `list` (made to JSON), `text` (text/plain) and `body` is given; none is an empty answer. */
export interface Reply {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Made to JSON as Consul does; `undefined` inside objects leaves a field out. */
  readonly value?: unknown;
  /** Something was left out already because its asker may not see it. */
  readonly isFiltered?: boolean;
  /** Headers that are known once `list` is being made. */
  readonly lateHeaders?: () => Readonly<Record<string, string>>;
  /** A list that is made to JSON in turns, see answer/list-reply.ts. */
  readonly list?: LongList | undefined;
  readonly text?: string;
  /** Set a Content-Type in `headers` with it. */
  readonly body?: Buffer | Readable;
  /** Ends a `body` that goes on until its client has enough; called when the server closes. */
  readonly endBody?: () => void;
  /** Headers that `http_config.response_headers` may replace. */
  readonly defaultHeaders?: Readonly<Record<string, string>>;
  /** Makes the rest of the reply, when no answer that was kept under the same URL, topics and index can be sent. */
  readonly make?: () => Reply;
  /** With `index`: the answer stays the same until one of these topics moves, so its bytes may be kept. */
  readonly topics?: readonly string[];
  readonly index?: number;
  /** The client asked for a cached answer: say whether this URL was asked for before. */
  readonly isCacheRequested?: boolean;
}
