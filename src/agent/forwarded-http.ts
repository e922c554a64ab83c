/**
 * Requests of the API that came over another agent's connection: they are put to this agent's own HTTP server, over a
 * connection that never leaves the process, so that limits, rights and answers are those of any other request.
 *
 * A body is in the request, or follows in pieces under a name that the asker made up. Small answers are one message; of
 * others each piece waits until there is room for it. What is held for them counts by the address of the agent that asks.
 */

import { once } from 'node:events';
import type http from 'node:http';
import { duplexPair, PassThrough } from 'node:stream';
import { markForwarded } from '../http/listen/forwarded-socket.ts';
import { builtinHttp } from '../lib/builtin-http.ts';
import { hasFields, isMapOf, isText, orNull } from '../lib/shape.ts';
import { AppError, refuse } from '../model/errors.ts';
import type { RpcCall, RpcMethod, RpcPeer } from '../rpc/rpc-server.ts';

export interface HttpRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
  /** The body comes in pieces under this name. */
  readonly uploadId?: string;
}

/** A part of an answer; the first has the status. */
export interface HttpPiece {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly isWhole?: boolean;
  readonly body?: Uint8Array;
}

const isHttpRequest = hasFields<Pick<HttpRequest, 'method' | 'url' | 'headers' | 'uploadId'>>({
  method: isText,
  url: isText,
  headers: isMapOf(isText),
  uploadId: orNull(isText),
});

/** Answers up to this go in one message. */
const WHOLE_BYTES = 256 * 1024;
/** Octets of one piece of a larger answer. */
const PIECE_BYTES = 1024 * 1024;
/** Time in ms that a piece of a body may be waited for. */
const PIECE_TIMEOUT_MS = 60_000;
/** Bodies that are sent in pieces at once by one agent. */
const MAX_UPLOADS = 64;
/** Requests under way that come from one address, over however many connections: as many as one connection may carry. */
const MAX_REQUESTS = 4_096;

/** What of the HTTP server is used. */
export interface LocalHttp {
  readonly server: http.Server;
}

export class ForwardedHttp {
  readonly #local: () => LocalHttp;
  /** Requests under way, by address. */
  readonly #held = new Map<string, number>();
  readonly #uploads = new Map<RpcPeer, Map<string, PassThrough>>();

  constructor(local: () => LocalHttp) {
    this.#local = local;
  }

  methods(): Readonly<Record<'http' | 'http-piece', RpcMethod>> {
    return {
      http: (request, call) => this.#serve(request, call),
      'http-piece': (request, call) => this.#takePiece(request, call),
    };
  }

  async #serve(given: unknown, call: RpcCall): Promise<void> {
    const fault = isHttpRequest(given, 'request');
    if (fault !== undefined) refuse('bad_request', fault);
    const request = given as HttpRequest;
    const from = call.peer.remoteAddress;
    this.#enter(from);
    try {
      await this.#serveEntered(request, call);
    } finally {
      this.#leave(from);
    }
  }

  #enter(from: string): void {
    const held = (this.#held.get(from) ?? 0) + 1;
    if (held > MAX_REQUESTS) refuse('over_budget', 'too many requests of your address are under way');
    this.#held.set(from, held);
  }

  #leave(from: string): void {
    const left = (this.#held.get(from) ?? 1) - 1;
    if (left === 0) this.#held.delete(from);
    else this.#held.set(from, left);
  }

  async #serveEntered(request: HttpRequest, call: RpcCall): Promise<void> {
    const { uploadId } = request;
    const body = uploadId === undefined ? undefined : this.#openUpload(call.peer, uploadId);
    try {
      await this.#put(request, body, call);
    } finally {
      body?.destroy();
      if (uploadId !== undefined) this.#closeUpload(call.peer, uploadId);
    }
  }

  async #put({ method, url, headers, body }: HttpRequest, upload: PassThrough | undefined, call: RpcCall) {
    const [near, far] = duplexPair();
    markForwarded(far, call.peer.remoteAddress);
    near.on('error', () => {});
    far.on('error', () => {});
    const length = body?.length ?? 0;
    const framing = upload === undefined ? { 'content-length': String(length) } : {};
    const asked = requestOf({
      method,
      path: url,
      headers: { ...headers, ...framing, host: 'localhost', connection: 'close' },
      createConnection: () => near as never,
    });
    this.#local().server.emit('connection', far);
    asked.on('error', () => {}); // also rejects the wait below
    const giveUp = (): void => {
      near.destroy();
      far.destroy();
    };
    call.signal.addEventListener('abort', giveUp, { once: true });
    try {
      if (upload === undefined) asked.end(body ?? Buffer.alloc(0));
      else upload.pipe(asked);
      const [response] = (await once(asked, 'response', { signal: call.signal })) as [http.IncomingMessage];
      await passOn(response, call);
    } finally {
      call.signal.removeEventListener('abort', giveUp);
      giveUp();
    }
  }

  #openUpload(peer: RpcPeer, id: string): PassThrough {
    const ofPeer = this.#uploads.get(peer) ?? new Map<string, PassThrough>();
    if (ofPeer.size >= MAX_UPLOADS || ofPeer.has(id)) refuse('over_budget', 'too many large bodies at once');
    const body = new PassThrough();
    body.on('error', () => {});
    ofPeer.set(id, body);
    this.#uploads.set(peer, ofPeer);
    return body;
  }

  #closeUpload(peer: RpcPeer, id: string): void {
    const ofPeer = this.#uploads.get(peer);
    ofPeer?.delete(id);
    if (ofPeer?.size === 0) this.#uploads.delete(peer);
  }

  async #takePiece(given: unknown, { peer }: RpcCall): Promise<void> {
    const { id, piece } = (given ?? {}) as { id?: unknown; piece?: unknown };
    const body = this.#uploads.get(peer)?.get(String(id));
    if (body === undefined || body.destroyed)
      throw new AppError('bad_request', 'nobody takes this body any more');
    if (piece === null) body.end();
    else if (!(piece instanceof Uint8Array)) refuse('bad_request', 'a piece of a body is octets');
    else if (!body.write(piece)) {
      const signal = AbortSignal.timeout(PIECE_TIMEOUT_MS);
      await Promise.race([once(body, 'drain', { signal }), once(body, 'close', { signal })]).catch(() => {
        body.destroy();
        throw new AppError('over_budget', 'the body is not read');
      });
    }
  }
}

/** Throws bad_request for what cannot be said in HTTP. */
function requestOf(options: http.RequestOptions): http.ClientRequest {
  try {
    return builtinHttp.request(options);
  } catch (error) {
    throw new AppError('bad_request', (error as Error).message);
  }
}

async function passOn(response: http.IncomingMessage, call: RpcCall): Promise<void> {
  const headers: Record<string, string> = {};
  for (let i = 0; i < response.rawHeaders.length; i += 2)
    headers[response.rawHeaders[i] as string] = response.rawHeaders[i + 1] as string;
  const status = response.statusCode ?? 500;
  const declared = Number(response.headers['content-length'] ?? Number.NaN);
  if (declared <= WHOLE_BYTES) {
    const body = Buffer.concat(await response.toArray());
    await call.send({ status, headers, isWhole: true, body } satisfies HttpPiece);
    return;
  }
  await call.send({ status, headers } satisfies HttpPiece);
  for await (const chunk of response as AsyncIterable<Buffer>)
    for (let at = 0; at < chunk.length; at += PIECE_BYTES)
      await call.send({ body: chunk.subarray(at, at + PIECE_BYTES) } satisfies HttpPiece);
}
