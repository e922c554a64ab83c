/**
 * What a route is: a path, and for each method an operation. Groups (`routes/x.ts`) export a list of routes; the
 * server mounts the lists. Method tables, OPTIONS, errors, gzip and headers are the server's business.
 *
 * An operation declares, beside its handler, where it is answered (place.ts), who may do it (access/permission.ts) and
 * whose kept answers it may get; dispatch.ts obeys, in the same order for all. Whoever adds one picks from the words of
 * those two files, runs `npm run docs`, and reads in docs/api.md what was declared.
 *
 * A handler gets a Call and the parts and gives a Reply; it throws AppError to refuse. An operation whose body says
 * what it is about (a name, a datacenter) has `prepare` instead: it reads the body and does nothing yet. Paths are
 * fastify's: `:name` is one segment, a last `*` is the rest (names may contain slashes, also when empty).
 */
import type { BodyPermission, FilteringPermission, Permission } from './access/permission.ts';
import type { Right } from './access/right.ts';
import type { Call, Method, Reply } from './call-and-reply.ts';
import type { HttpConfig, HttpParts } from './http-parts.ts';
import type { Place } from './place.ts';

export type Handler = (call: Call, parts: HttpParts) => Reply | Promise<Reply>;

/** A query parameter for the API description. */
export interface QueryParameter {
  readonly name: string;
  readonly about: string;
  readonly isRepeatable?: boolean;
}

/** A request whose body has been read; nothing has been done yet. */
export interface Prepared {
  /** Where it is to be done, as the body says; '' or undefined is here. */
  readonly datacenter?: string | undefined;
  /** What has to be allowed; asked only where not everything is. */
  readonly rights: () => readonly Right[];
  /** Do it; `may` is for what is refused or left out piece by piece. */
  readonly run: (may: (right: Right) => boolean) => Reply | Promise<Reply>;
}

export type Prepare = (call: Call, parts: HttpParts) => Prepared;

interface Described {
  /** One sentence for the API description. */
  readonly about: string;
  /** Where it is answered. */
  readonly place: Place;
  /** What everybody is answered, before anything is looked at, where the configuration switches it off. */
  readonly whenOff?: (config: HttpConfig) => Reply | undefined;
  /**
   * The topic whose rows are all that the answer is made of, so that whoever follows it can answer without a server;
   * undefined when the parameters ask for more.
   */
  readonly followed?: (call: Call) => string | undefined;
  readonly query?: readonly QueryParameter[];
  /** What the body is: a JSON document, bytes, or so many that they are kept in a file. None when absent. */
  readonly body?: 'json' | 'bytes' | 'file';
  /** Bodies above this many octets are refused with 413; the server's limit when absent. */
  readonly maxBodyBytes?: (config: HttpConfig) => number;
}

/**
 * `keyedBy` says what the bytes of an answer depend on beside the topics of its Reply, so whom kept ones may be sent to:
 * whoever asks for the same URL, or only those of them who have the same rights. Answers of operations without it are
 * never kept. What is filtered cannot be keyed by its URL alone.
 */
type HandledOperation = Described & { readonly handle: Handler } & (
    | { readonly permission: Permission; readonly keyedBy?: 'url' }
    | { readonly permission: FilteringPermission; readonly keyedBy?: 'url-and-rights' }
  );

export type PreparedOperation = Described & {
  readonly permission: BodyPermission;
  readonly keyedBy?: undefined;
  readonly prepare: Prepare;
};

export type Operation = HandledOperation | PreparedOperation;

export interface Route {
  readonly path: string;
  readonly operations: { readonly [M in Method]?: Operation };
  /** HEAD is answered like GET, without the body. Routes of the API refuse it, as Consul does. */
  readonly answersHead?: boolean;
}
