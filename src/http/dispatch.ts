/**
 * From a request of the HTTP library to its answer: kept bytes when they still hold, else the route's handler; errors
 * become replies here and nowhere else. A bug is logged once and answered with a 500 that tells nothing.
 */
import type { IncomingHttpHeaders } from 'node:http';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { LRUCache } from 'lru-cache';
import { callOf } from './call.ts';
import type { HttpParts, LiveHttpConfig } from './http-parts.ts';
import { KeptBodies } from './kept-bodies.ts';
import type { RouteMeter } from './listen/route-meter.ts';
import { isPrintablePath } from './paths/printable-path.ts';
import { replyOfError, text } from './reply.ts';
import { type AccessRule, accessRule } from './request/access-rule.ts';
import { has } from './request/query-values.ts';
import { requireDefaultTenancy } from './request/tenancy.ts';
import type { Call, Operation, Query, Reply } from './route.ts';
import { type Headers, type Rendered, render, sendGzip, sendPlain, sendStream, wantsGzip } from './send.ts';

/** URLs asked for with `?cached` that are remembered, to tell a MISS from a HIT. */
const MAX_SEEN_READS = 10_000;

/** Headers of every answer, which http_config.response_headers may replace. */
const ALWAYS: Headers = { Vary: 'Accept-Encoding', 'X-Consul-Default-ACL-Policy': 'allow' };

const UNPRINTABLE: Reply = Object.freeze({ status: 400 });

/** A secret in a URL, as old clients send it. */
const TOKEN = /([?&]token=)[^&]*/g;

/** An operation and where its answers are counted. */
export interface Target {
  readonly operation: Operation;
  readonly meter: RouteMeter;
}

export class Dispatcher {
  readonly #parts: HttpParts;
  readonly #kept: KeptBodies;
  readonly #seen = new LRUCache<string, true>({ max: MAX_SEEN_READS });
  readonly #access: AccessRule | undefined;
  #live: LiveHttpConfig;
  #baseHeaders: Headers;
  #isClosing = false;

  constructor(parts: HttpParts) {
    this.#parts = parts;
    this.#kept = new KeptBodies(parts.indexes);
    this.#access = accessRule(parts.config);
    this.#live = parts.live();
    this.#baseHeaders = this.#headersNow();
  }

  #headersNow(): Headers {
    return {
      ...ALWAYS,
      ...this.#live.responseHeaders,
      ...(this.#isClosing && { Connection: 'close' }),
    };
  }

  /** After a reload the headers may be others, and kept answers hold the old ones. */
  #followReload(): void {
    const live = this.#parts.live();
    if (live === this.#live) return;
    this.#live = live;
    this.#baseHeaders = this.#headersNow();
    this.#kept.clear();
  }

  /** Answer a request with an operation. Resolves when the answer is handed over, or does so at once; never rejects. */
  dispatch({ operation, meter }: Target, request: FastifyRequest, reply: FastifyReply): void | Promise<void> {
    const startedMs = this.#parts.clock.monotonic();
    this.#followReload();
    const kept = operation.isCacheable ? this.#keptFor(request) : undefined;
    const sending = kept
      ? this.#send(kept, request.headers, reply)
      : this.#handle(operation, callOf(request, reply), reply);
    const count = (): void => {
      const isBlocking = (request.query as Query)['index'] !== undefined;
      const elapsedMs = this.#parts.clock.monotonic() - startedMs;
      meter.count(reply.raw.statusCode, isBlocking ? undefined : elapsedMs);
      if (this.#parts.log.isDebug()) this.#logAnswer(request, reply, elapsedMs);
    };
    if (sending !== undefined) return sending.then(count);
    count();
  }

  #logAnswer({ method, raw }: FastifyRequest, reply: FastifyReply, elapsedMs: number): void {
    const url = (raw.url ?? '').replace(TOKEN, '$1<hidden>');
    const fields = {
      method,
      url,
      from: raw.socket.remoteAddress ?? '',
      status: reply.raw.statusCode,
      latencyMs: Math.round(elapsedMs * 1_000) / 1_000,
    };
    this.#parts.log.debug(fields, 'request finished');
  }

  /** Send a reply that no operation made. */
  answer(reply: Reply, call: Call, to: FastifyReply): void | Promise<void> {
    this.#followReload();
    return this.#sendReply(this.#takes(call) ? reply : UNPRINTABLE, call, to, false);
  }

  #takes({ url }: Call): boolean {
    return this.#parts.config.isEveryPathTaken || isPrintablePath(pathOf(url));
  }

  /** The reply to whatever was thrown. */
  replyTo(error: unknown, call: Call): Reply {
    const refusal = replyOfError(error);
    if (refusal) return refusal;
    const url = call.url.replace(TOKEN, '$1<hidden>');
    this.#parts.log.error({ err: error, method: call.method, url }, 'request failed');
    return text(500, 'internal error');
  }

  /** From now on every answer ends its connection, so that the server can close. */
  beginClosing(): void {
    this.#isClosing = true;
    this.#baseHeaders = this.#headersNow();
    this.#kept.clear();
  }

  /** Access needs no look here: what it forbids was never answered, so never kept. */
  #keptFor({ headers, raw }: FastifyRequest): Rendered | undefined {
    if (headers['cache-control'] !== undefined || headers['x-consul-namespace'] !== undefined)
      return undefined;
    return this.#kept.get(raw.url as string);
  }

  async #handle(operation: Operation, call: Call, to: FastifyReply): Promise<void> {
    if (!this.#takes(call)) return this.#sendReply(UNPRINTABLE, call, to, false);
    let reply: Reply;
    const isKeepable = operation.isCacheable === true;
    try {
      this.#access?.(call.method, pathOf(call.url), call.remoteAddress);
      requireDefaultTenancy(call);
      reply = await operation.handle(call, this.#parts);
      if (reply.make !== undefined) {
        const kept = isKeepable ? this.#kept.get(keyOf(call.url)) : undefined;
        if (kept) return await this.#send(kept, call.headers, to);
        reply = { ...reply, ...reply.make() };
      }
    } catch (error) {
      reply = this.replyTo(error, call);
    }
    return this.#sendReply(reply, call, to, isKeepable);
  }

  #sendReply(reply: Reply, call: Call, to: FastifyReply, isKeepable: boolean): void | Promise<void> {
    const { body, topics, index } = reply;
    const more = reply.isCacheRequested
      ? { ...this.#baseHeaders, ...this.#cacheHeaders(call.url) }
      : this.#baseHeaders;
    if (body !== undefined && !Buffer.isBuffer(body))
      return sendStream(to, { ...reply, headers: { ...more, ...reply.headers } }, body);
    const isPretty = this.#parts.config.isAlwaysPretty || has(call.query, 'pretty');
    const rendered = render(reply, more, isPretty);
    if (isKeepable && topics !== undefined && index !== undefined)
      this.#kept.put(keyOf(call.url), { rendered, topics, index });
    return this.#send(rendered, call.headers, to);
  }

  #send(rendered: Rendered, headers: IncomingHttpHeaders, to: FastifyReply): void | Promise<void> {
    return wantsGzip(headers, rendered.body.length) ? sendGzip(to, rendered) : sendPlain(to, rendered);
  }

  #cacheHeaders(url: string): Record<string, string> {
    const isKnown = this.#seen.has(url);
    this.#seen.set(url, true);
    return isKnown ? { 'X-Cache': 'HIT', Age: '0' } : { 'X-Cache': 'MISS' };
  }
}

const IS_WAIT = /^(?:index|wait)=/;

/** A URL without what says how long to wait: those who were parked together get the same bytes. */
function keyOf(url: string): string {
  const query = url.indexOf('?');
  if (query === -1 || !url.includes('index=', query)) return url;
  const kept = url
    .slice(query + 1)
    .split('&')
    .filter((parameter) => !IS_WAIT.test(parameter));
  return kept.length === 0 ? url.slice(0, query) : `${url.slice(0, query)}?${kept.join('&')}`;
}

function pathOf(url: string): string {
  const query = url.indexOf('?');
  return query === -1 ? url : url.slice(0, query);
}
