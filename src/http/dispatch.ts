/**
 * From a request of the HTTP library to its answer: kept bytes when they still hold, else the route's handler; errors
 * become replies here and nowhere else. A bug is logged once and answered with a 500 that tells nothing.
 */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { LRUCache } from 'lru-cache';
import { type AccessRule, accessRule } from './access.ts';
import { callOf } from './call.ts';
import { KeptBodies } from './kept-bodies.ts';
import type { HttpParts } from './parts.ts';
import { has } from './query-values.ts';
import { replyOfError, text } from './reply.ts';
import type { Call, Operation, Reply } from './route.ts';
import { render, sendBytes, sendKept, sendStream, wantsGzip } from './send.ts';

/** URLs asked for with `?cached` that are remembered, to tell a MISS from a HIT. */
const MAX_SEEN_READS = 10_000;

export class Dispatcher {
  readonly #parts: HttpParts;
  readonly #kept: KeptBodies;
  readonly #seen = new LRUCache<string, true>({ max: MAX_SEEN_READS });
  readonly #access: AccessRule | undefined;
  readonly #baseHeaders: Readonly<Record<string, string>>;

  constructor(parts: HttpParts) {
    this.#parts = parts;
    this.#kept = new KeptBodies(parts.indexes);
    this.#access = accessRule(parts.config);
    this.#baseHeaders = { Vary: 'Accept-Encoding', ...parts.config.responseHeaders };
  }

  /** Answer a request with an operation. Resolves when the answer is handed over; never rejects. */
  dispatch(operation: Operation, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    if (operation.isCacheable && this.#access === undefined && !request.headers['cache-control']) {
      const kept = this.#kept.get(request.raw.url as string);
      if (kept) return sendKept(reply, kept, wantsGzip(request.headers, kept.body.length));
    }
    return this.#handle(operation, callOf(request, reply), reply);
  }

  /** Send a reply that no handler made. */
  answer(reply: Reply, call: Call, to: FastifyReply): Promise<FastifyReply> {
    return this.#send(reply, call, to, false);
  }

  /** The reply to whatever was thrown. */
  replyTo(error: unknown, call: Call): Reply {
    const refusal = replyOfError(error);
    if (refusal) return refusal;
    this.#parts.log.error({ err: error, method: call.method, url: call.url }, 'request failed');
    return text(500, 'internal error');
  }

  async #handle(operation: Operation, call: Call, to: FastifyReply): Promise<FastifyReply> {
    let reply: Reply;
    try {
      this.#access?.(call.method, pathOf(call.url), call.remoteAddress);
      reply = await operation.handle(call, this.#parts);
    } catch (error) {
      reply = this.replyTo(error, call);
    }
    return this.#send(reply, call, to, operation.isCacheable === true);
  }

  async #send(reply: Reply, call: Call, to: FastifyReply, isCacheable: boolean): Promise<FastifyReply> {
    if (reply.body !== undefined && !Buffer.isBuffer(reply.body)) {
      return sendStream(to, reply.status, { ...this.#baseHeaders, ...reply.headers }, reply.body);
    }
    const rendered = render(reply, this.#parts.config.isAlwaysPretty || has(call.query, 'pretty'));
    const headers: Record<string, string> = { ...this.#baseHeaders, ...reply.headers };
    if (rendered.type !== undefined) headers['Content-Type'] ??= rendered.type;
    if (reply.isCacheRequested) Object.assign(headers, this.#cacheHeaders(call.url));
    const isGzip = wantsGzip(call.headers, rendered.body.length);
    const { topics, index } = reply;
    if (isCacheable && topics !== undefined && index !== undefined) {
      const kept = { status: reply.status, headers, body: rendered.body, topics, index, gzipped: undefined };
      this.#kept.put(call.url, kept);
      return sendKept(to, kept, isGzip);
    }
    return sendBytes(to, { status: reply.status, headers, body: rendered.body }, isGzip);
  }

  #cacheHeaders(url: string): Record<string, string> {
    const isKnown = this.#seen.has(url);
    this.#seen.set(url, true);
    return isKnown ? { 'X-Cache': 'HIT', Age: '0' } : { 'X-Cache': 'MISS' };
  }
}

function pathOf(url: string): string {
  const query = url.indexOf('?');
  return query === -1 ? url : url.slice(0, query);
}
