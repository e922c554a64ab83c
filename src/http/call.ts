/**
 * A request of the HTTP library as a Call. Nothing is copied; what has to be made (the abort signal, the
 * options of a read) is made when somebody asks for it, once.
 */
import type { TLSSocket } from 'node:tls';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Call, Query, ReadOptions } from './call-and-reply.ts';
import { isForwarded } from './listen/forwarded-socket.ts';
import { Upload } from './listen/upload.ts';
import { readOptions } from './request/read-options.ts';

const NO_BODY = Buffer.alloc(0);
/** A URL that cannot be decoded has no query either. */
const NO_QUERY: Query = Object.freeze({});

class HttpCall implements Call {
  readonly #request: FastifyRequest;
  readonly #reply: FastifyReply;
  #controller: AbortController | undefined;
  #readOptions: ReadOptions | undefined;

  constructor(request: FastifyRequest, reply: FastifyReply) {
    this.#request = request;
    this.#reply = reply;
  }

  get method(): string {
    return this.#request.method;
  }

  get url(): string {
    return this.#request.raw.url ?? '/';
  }

  get params(): Call['params'] {
    return this.#request.params as Call['params'];
  }

  get query(): Query {
    return (this.#request.query as Query | null) ?? NO_QUERY;
  }

  get headers(): Call['headers'] {
    return this.#request.headers;
  }

  get body(): Buffer {
    const { body } = this.#request;
    return Buffer.isBuffer(body) ? body : NO_BODY;
  }

  get upload(): Upload | undefined {
    const { body } = this.#request;
    return body instanceof Upload ? body : undefined;
  }

  get remoteAddress(): string {
    return this.#request.raw.socket.remoteAddress ?? '';
  }

  get isForwarded(): boolean {
    return isForwarded(this.#request.raw.socket);
  }

  get isEncrypted(): boolean {
    return (this.#request.raw.socket as Partial<TLSSocket>).encrypted === true;
  }

  get readOptions(): ReadOptions {
    this.#readOptions ??= readOptions(this);
    return this.#readOptions;
  }

  signal(): AbortSignal {
    if (this.#controller === undefined) {
      const controller = new AbortController();
      this.#controller = controller;
      if (this.#reply.raw.destroyed) controller.abort();
      else this.#reply.raw.once('close', () => controller.abort());
    }
    return this.#controller.signal;
  }
}

/** The Call of a request. */
export function callOf(request: FastifyRequest, reply: FastifyReply): Call {
  return new HttpCall(request, reply);
}
