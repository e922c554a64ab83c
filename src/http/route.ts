/**
 * What a route is: a path, and for each method an operation. Groups (`routes/x.ts`) export a list of routes; the
 * server mounts the lists. Method tables, OPTIONS, errors, gzip and headers are the server's business.
 *
 * A handler gets a Call and the parts and gives a Reply; it throws AppError to refuse. Paths are fastify's:
 * `:name` is one segment, a last `*` is the rest (names may contain slashes, also when empty).
 */
import type { IncomingHttpHeaders } from 'node:http';
import type { Readable } from 'node:stream';
import type { HttpConfig, HttpParts } from './http-parts.ts';

export const METHODS = ['GET', 'PUT', 'POST', 'DELETE'] as const;
export type Method = (typeof METHODS)[number];

/** Decoded query parameters; one that is given twice is a list, one without a value is ''. */
export type Query = Readonly<Record<string, string | readonly string[] | undefined>>;

/** One request, as handlers see it. */
export interface Call {
  readonly method: string;
  /** Path and query as sent. */
  readonly url: string;
  /** Decoded parts of the path; the last `*` is under '*'. */
  readonly params: Readonly<Record<string, string>>;
  readonly query: Query;
  readonly headers: IncomingHttpHeaders;
  /** As sent; empty when there is none. */
  readonly body: Buffer;
  /** IP address of the client; '' over a UNIX socket. */
  readonly remoteAddress: string;
  /** Aborts when the client goes away. */
  signal(): AbortSignal;
}

/** An answer. Exactly one of `value` (made to JSON), `text` (text/plain) and `body` is given; none is an empty answer. */
export interface Reply {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Made to JSON as Consul does; `undefined` inside objects leaves a field out. */
  readonly value?: unknown;
  readonly text?: string;
  /** Set a Content-Type in `headers` with it. */
  readonly body?: Buffer | Readable;
  /** Makes the rest of the reply, when no answer that was kept under the same URL, topics and index can be sent. */
  readonly make?: () => Reply;
  /** With `index`: the answer stays the same until one of these topics moves, so its bytes may be kept. */
  readonly topics?: readonly string[];
  readonly index?: number;
  /** The client asked for a cached answer: say whether this URL was asked for before. */
  readonly isCacheRequested?: boolean;
}

export type Handler = (call: Call, parts: HttpParts) => Reply | Promise<Reply>;

/** A query parameter for the API description. */
export interface QueryParameter {
  readonly name: string;
  readonly about: string;
  readonly isRepeatable?: boolean;
}

export interface Operation {
  /** One sentence for the API description. */
  readonly about: string;
  readonly handle: Handler;
  readonly query?: readonly QueryParameter[];
  /** What the body is: a JSON document or bytes. None when absent. */
  readonly body?: 'json' | 'bytes';
  /** Bodies above this many octets are refused with 413; the server's limit when absent. */
  readonly maxBodyBytes?: (config: HttpConfig) => number;
  /** The answer depends on nothing but the URL and the topics of its Reply, so its bytes may be kept. */
  readonly isCacheable?: boolean;
}

export interface Route {
  readonly path: string;
  readonly operations: { readonly [M in Method]?: Operation };
  /** HEAD is answered like GET, without the body. Routes of the API refuse it, as Consul does. */
  readonly answersHead?: boolean;
}
