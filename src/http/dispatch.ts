/**
 * From a request of the HTTP library to its answer: kept bytes when they still hold, else the pipeline; errors become
 * replies here and nowhere else. A bug is logged once and answered with a 500 that tells nothing.
 *
 * What no operation takes (other methods, unclean and unknown paths) is answered here too, under the same rules.
 */
import type { IncomingHttpHeaders } from 'node:http';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { LRUCache } from 'lru-cache';
import { stackOf } from '../lib/logger.ts';
import type { Authorizer } from './access/right.ts';
import type { Answers } from './answer/answers.ts';
import type { LongList } from './answer/list-writer.ts';
import { MakingLists } from './answer/making-lists.ts';
import { AnswerHeaders } from './answer-headers.ts';
import { callOf } from './call.ts';
import type { Call, Query, Reply } from './call-and-reply.ts';
import { mayAnswerKept } from './catalog-copy.ts';
import type { HttpParts, LiveHttpConfig } from './http-parts.ts';
import { isToldByUrl, KeptBodies, keyOf, shortKeyOf } from './kept-bodies.ts';
import { isForwarded } from './listen/forwarded-socket.ts';
import type { RouteMeter } from './listen/route-meter.ts';
import { decodedPath, pathOf } from './paths/canonical-url.ts';
import { redirectToCleanPath } from './paths/clean-path.ts';
import { withoutSecrets } from './paths/hidden-secrets.ts';
import type { PathTable } from './paths/path-table.ts';
import { isPrintablePath } from './paths/printable-path.ts';
import { replyToOtherMethod, replyUnrouted } from './paths/unrouted.ts';
import { filterReply, perform } from './pipeline.ts';
import { replyOfError, text } from './reply.ts';
import { type AccessRule, accessRule } from './request/access-rule.ts';
import { type BrowserRule, browserRule } from './request/browser-rule.ts';
import { has } from './request/query-values.ts';
import type { Operation } from './route.ts';
import {
  contentOf,
  JSON_TYPE,
  type Rendered,
  render,
  sendGzip,
  sendPlain,
  sendStream,
  sendUnfinished,
  wantsGzip,
} from './send.ts';

/** URLs asked for with `?cached` that are remembered, to tell a MISS from a HIT. */
const MAX_SEEN_READS = 10_000;

const UNPRINTABLE: Reply = Object.freeze({ status: 400 });

/** Paths of the API, as far as headers go. */
const isApiPath = (url: string): boolean => url.startsWith('/v1/');

/** An operation and where its answers are counted. */
export interface Target {
  readonly operation: Operation;
  readonly meter: RouteMeter;
}

/** Where a reply goes, and what is added to it on the way. */
interface Sending {
  readonly call: Call;
  readonly to: FastifyReply;
  readonly isApi: boolean;
  /** Keep the bytes under this key. */
  readonly key?: string | undefined;
}

export class Dispatcher {
  readonly #parts: HttpParts;
  readonly #paths: PathTable;
  readonly #kept: KeptBodies;
  readonly #answers: Answers;
  readonly #making = new MakingLists();
  readonly #hold: Answers['hold'];
  readonly #seen = new LRUCache<string, true>({ max: MAX_SEEN_READS });
  readonly #access: AccessRule | undefined;
  readonly #browserFault: BrowserRule;
  /** Ends of answers that are being sent and have none of their own. */
  readonly #endless = new Set<() => void>();
  #live: LiveHttpConfig;
  #headers: AnswerHeaders;
  #isClosing = false;

  constructor(parts: HttpParts, paths: PathTable, answers: Answers) {
    this.#parts = parts;
    this.#paths = paths;
    this.#answers = answers;
    this.#hold = (body, response) => answers.hold(body, response);
    this.#kept = new KeptBodies(parts.indexes);
    this.#access = accessRule(parts.config);
    this.#browserFault = browserRule(parts.config, parts.live);
    this.#live = parts.live();
    this.#headers = this.#headersNow();
  }

  #headersNow(): AnswerHeaders {
    const { isTranslating, acl } = this.#parts.config;
    const defaultPolicy = acl.isEnabled && !acl.defaultAllows ? 'deny' : 'allow';
    const of = { isTranslating, isClosing: this.#isClosing, defaultPolicy } as const;
    return new AnswerHeaders(this.#live.responseHeaders, of);
  }

  /** After a reload the headers may be others, and kept answers hold the old ones. */
  #followReload(): void {
    const live = this.#parts.live();
    if (live === this.#live) return;
    this.#live = live;
    this.#headers = this.#headersNow();
    this.#kept.clear();
  }

  /** Answer a request with an operation. Resolves when the answer is handed over, or does so at once; never rejects. */
  dispatch({ operation, meter }: Target, request: FastifyRequest, reply: FastifyReply): void | Promise<void> {
    const startedMs = this.#parts.clock.monotonic();
    this.#followReload();
    const sending = this.#answerWith(operation, request, reply);
    const count = (): void => {
      const isBlocking = (request.query as Query)['index'] !== undefined;
      const elapsedMs = this.#parts.clock.monotonic() - startedMs;
      meter.count(reply.raw.statusCode, isBlocking ? undefined : elapsedMs);
      if (this.#parts.log.isDebug()) this.#logAnswer(request, reply, elapsedMs);
    };
    if (sending !== undefined) return sending.then(count);
    count();
  }

  #answerWith(operation: Operation, request: FastifyRequest, reply: FastifyReply): void | Promise<void> {
    const fault = this.#browserFault(request.raw);
    if (fault !== undefined) return this.answer(text(403, fault), callOf(request, reply), reply);
    const kept = this.#keptFor(operation, request);
    if (kept) return this.#send(kept, request.headers, reply);
    return this.#handle(operation, callOf(request, reply), reply);
  }

  #logAnswer({ method, raw }: FastifyRequest, reply: FastifyReply, elapsedMs: number): void {
    const url = withoutSecrets(raw.url ?? '');
    const fields = {
      method,
      url,
      from: raw.socket.remoteAddress ?? '',
      status: reply.raw.statusCode,
      latencyMs: Math.round(elapsedMs * 1_000) / 1_000,
    };
    this.#parts.log.debug(fields, 'request finished');
  }

  /** Answer a request that no operation takes. Never rejects. */
  answerOther(request: FastifyRequest, to: FastifyReply): void | Promise<void> {
    const call = callOf(request, to);
    const fault = this.#browserFault(request.raw);
    if (fault !== undefined) return this.answer(text(403, fault), call, to);
    const methods = this.#paths.methodsOf(pathOf(call.url));
    const sending = { call, to, isApi: methods !== undefined && isApiPath(call.url) };
    try {
      const early = this.#beforeRoutes(call);
      if (early) return this.answer(early, call, to);
      if (methods === undefined) return this.answer(replyUnrouted(call, this.#paths, this.#parts), call, to);
      this.#requireAccess(call);
      return this.#sendReply(replyToOtherMethod(call.method, methods), sending);
    } catch (error) {
      return this.#sendReply(this.replyTo(error, call), sending);
    }
  }

  /** Send a reply that no operation made. */
  answer(reply: Reply, call: Call, to: FastifyReply): void | Promise<void> {
    this.#followReload();
    return this.#sendReply(reply, { call, to, isApi: false });
  }

  /** What is answered whether there is such a path or not. */
  #beforeRoutes(call: Call): Reply | undefined {
    const isTaken = this.#parts.config.isEveryPathTaken || isPrintablePath(pathOf(call.url));
    return isTaken ? redirectToCleanPath(call, this.#paths) : UNPRINTABLE;
  }

  #requireAccess({ method, url, remoteAddress, isForwarded }: Call): void {
    this.#access?.(method, decodedPath(url), isForwarded ? '' : remoteAddress);
  }

  /** The reply to whatever was thrown. */
  replyTo(error: unknown, call: Call): Reply {
    const refusal = replyOfError(error);
    if (refusal) return refusal;
    const url = withoutSecrets(call.url);
    const fields = { err: error, method: call.method, url, stack: stackOf(error) };
    this.#parts.log.error(fields, 'request failed');
    return text(500, 'internal error');
  }

  /** From now on every answer ends its connection, and those that have no end get one, so that the server can close. */
  beginClosing(): void {
    this.#isClosing = true;
    this.#headers = this.#headersNow();
    this.#kept.clear();
    for (const end of this.#endless) end();
  }

  /**
   * The shortest way: bytes for askers of the same rights, found by the URL as it stands. The access rule needs no look here:
   * what it forbids was never answered, so never kept.
   */
  #keptFor(operation: Operation, { headers, query, raw }: FastifyRequest): Rendered | undefined {
    if (operation.keyedBy === undefined || !isToldByUrl(headers)) return undefined;
    if (!mayAnswerKept(this.#parts.copy, raw.url as string)) return undefined;
    const url = raw.url as string;
    const asked = { headers, query: query as Query, url, isForwarded: isForwarded(raw.socket) };
    if (operation.permission.kind !== 'open' && this.#parts.knowAsker?.(asked) !== undefined)
      return undefined;
    const asker = (): Authorizer => this.#parts.authorizerOf(asked);
    const key = shortKeyOf(operation, url, asker);
    return key === undefined ? undefined : this.#kept.get(key);
  }

  async #handle(operation: Operation, call: Call, to: FastifyReply): Promise<void> {
    const early = this.#beforeRoutes(call);
    if (early) return this.answer(early, call, to);
    const sending = { call, to, isApi: isApiPath(call.url) };
    let reply: Reply;
    let key: string | undefined;
    try {
      this.#requireAccess(call);
      const performed = await perform(operation, call, this.#parts);
      ({ reply } = performed);
      key = keyOf(operation, call.url, performed.authorizer);
      if (reply.make !== undefined) {
        const kept = key === undefined ? undefined : this.#kept.get(key);
        if (kept) return await this.#send(kept, call.headers, to);
        reply = { ...reply, ...reply.make() };
      }
      reply = filterReply(operation, { ...performed, reply }, call, this.#parts);
    } catch (error) {
      reply = this.replyTo(error, call);
    }
    return this.#sendReply(reply, { ...sending, key });
  }

  #sendReply(reply: Reply, { call, to, isApi, key }: Sending): void | Promise<void> {
    const { status, body, topics, index } = reply;
    if (reply.list !== undefined) return this.#sendList(reply, reply.list, { call, to, isApi, key });
    const cache = this.#cacheHeaders(reply, call);
    if (body !== undefined && !Buffer.isBuffer(body)) {
      const sending = sendStream(to, status, this.#headers.of(reply, cache, isApi), body);
      return reply.endBody === undefined ? sending : this.#untilClosing(sending, reply.endBody);
    }
    const isPretty = this.#parts.config.isAlwaysPretty || has(call.query, 'pretty');
    const content = contentOf(reply, isPretty);
    const headers = this.#headers.of(reply, { ...cache, ...content.headers }, isApi);
    const rendered = render(status, headers, content.body);
    if (key !== undefined && topics !== undefined && index !== undefined)
      this.#kept.put(key, { rendered, topics, index });
    return this.#send(rendered, call.headers, to);
  }

  async #untilClosing(sending: Promise<void>, end: () => void): Promise<void> {
    this.#endless.add(end);
    if (this.#isClosing) end();
    await sending;
    this.#endless.delete(end);
  }

  #send(rendered: Rendered, headers: IncomingHttpHeaders, to: FastifyReply): void | Promise<void> {
    const send = wantsGzip(headers, rendered.body.length) ? sendGzip : sendPlain;
    return send(to, rendered, this.#hold);
  }

  async #sendList(reply: Reply, list: LongList, sending: Sending): Promise<void> {
    const { call, to, isApi, key } = sending;
    if (key !== undefined && (await this.#making.wait(key, reply.index))) {
      const kept = this.#kept.get(key);
      if (kept) return this.#send(kept, call.headers, to);
    }
    const isPretty = this.#parts.config.isAlwaysPretty || has(call.query, 'pretty');
    try {
      const making = this.#answers.make(list, isPretty, call.remoteAddress);
      if (key !== undefined) this.#making.begin(key, reply.index, making);
      const made = await making;
      const headers = { ...JSON_TYPE, ...reply.headers, ...reply.lateHeaders?.() };
      if (Buffer.isBuffer(made))
        return await this.#sendReply({ ...reply, list: undefined, body: made, headers }, sending);
      const head = this.#headers.of({ ...reply, headers }, this.#cacheHeaders(reply, call), isApi);
      return await sendUnfinished(to, reply.status, head, (response) => this.#answers.stream(made, response));
    } catch (error) {
      const refusal = this.replyTo(error, call);
      if (to.raw.headersSent)
        to.raw.destroy(); // a broken end is all that is left to tell
      else await this.#sendReply(refusal, { call, to, isApi });
    }
  }

  #cacheHeaders({ isCacheRequested }: Reply, { url }: Call): Record<string, string> {
    if (!isCacheRequested) return {};
    const isKnown = this.#seen.has(url);
    this.#seen.set(url, true);
    return isKnown ? { 'X-Cache': 'HIT', Age: '0' } : { 'X-Cache': 'MISS' };
  }
}
