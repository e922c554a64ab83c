/**
 * HTTP/2 on connections that were encrypted and chose it: its requests go the same way as all others.
 *
 * A connection carries many requests at once, so what bounds connections does not bound them: there are so many for a
 * connection, so many for a client, each has to arrive in time, and they are begun in turns (lib/fair-turns.ts). What only one
 * of the two protocols has is translated here, so that nobody behind looks for `:authority`.
 */
import { once } from 'node:events';
import type { IncomingHttpHeaders, RequestListener } from 'node:http';
import http2, {
  type Http2ServerRequest,
  type Http2ServerResponse,
  type ServerHttp2Session,
} from 'node:http2';
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { Clock } from '../../lib/clock.ts';
import type { Turns } from '../../lib/fair-turns.ts';

/** Requests under way on one connection, as in Consul. */
const MAX_STREAMS = 250;
/** Of one client, whatever the number of its connections. */
const MAX_CLIENT_STREAMS = 2_000;
/** How long a connection may have no request, as over HTTP/1.1. */
const IDLE_MS = 72_000;
const TOO_MANY = 'Your IP is issuing too many concurrent requests, please rate limit your calls\n';
const CANCEL = http2.constants.NGHTTP2_CANCEL;

export interface Http2Parts {
  /** What requests over HTTP/1.1 are given to. */
  readonly listeners: readonly RequestListener[];
  readonly turns: Pick<Turns, 'add'>;
  readonly clock: Pick<Clock, 'after'>;
  /** Time in which a request must have arrived, body included. */
  readonly requestTimeoutMs: number;
  readonly maxHeaderBytes: number;
}

export interface Http2Sessions {
  /** Speak HTTP/2 on a connection. */
  take(socket: TLSSocket): void;
  /** Take no more requests; resolves when those that are under way are answered and their connections gone. */
  end(): Promise<void>;
}

/** Names and values of headers, in one list or by name, without what only HTTP/1.1 has. */
function withoutConnection(headers: unknown): object {
  if (Array.isArray(headers)) {
    const flat = headers as readonly string[];
    return flat.filter((_, i) => flat[i - (i % 2)]?.toLowerCase() !== 'connection');
  }
  return Object.fromEntries(
    Object.entries((headers ?? {}) as object).filter(([name]) => name.toLowerCase() !== 'connection'),
  );
}

/** `Connection: close` means here: what is left of the request need not be sent. */
function translateClosing(response: Http2ServerResponse): void {
  const { stream } = response;
  const setHeader = response.setHeader.bind(response);
  const writeHead = response.writeHead.bind(response) as (status: number, headers: object) => unknown;
  Object.defineProperties(response, {
    writeHead: { value: (status: number, headers: unknown) => writeHead(status, withoutConnection(headers)) },
    setHeader: {
      value: (name: string, value: string) => {
        if (name.toLowerCase() !== 'connection') setHeader(name, value);
        else stream.once('finish', () => stream.close());
      },
    },
  });
}

/** The headers as HTTP/1.1 has them: one name for the host, none that begins with a colon, a mark for a body of unknown length. */
function plainHeaders({ stream, headers }: Http2ServerRequest): IncomingHttpHeaders {
  const plain: IncomingHttpHeaders = Object.create(null);
  for (const name in headers) if (!name.startsWith(':')) plain[name] = headers[name];
  const authority = headers[':authority'];
  if (authority !== undefined) plain.host = authority;
  if (!stream.endAfterHeaders && plain['content-length'] === undefined)
    plain['transfer-encoding'] = 'chunked';
  return plain;
}

/** As those behind know a request, which may be passed on to another server, and its response. */
function translate(request: Http2ServerRequest, response: Http2ServerResponse, socket: Socket): void {
  const { stream } = request;
  const own = { socket: { value: socket }, destroyed: { get: () => stream.destroyed } };
  Object.defineProperties(request, { ...own, headers: { value: plainHeaders(request) } });
  Object.defineProperties(response, own);
  translateClosing(response);
}

/** End a connection that nobody asks anything on. */
function endIdle(session: ServerHttp2Session): void {
  let streams = 0;
  session.on('stream', (stream) => {
    streams += 1;
    stream.once('close', () => {
      streams -= 1;
    });
  });
  session.setTimeout(IDLE_MS, () => {
    if (streams === 0) session.close();
  });
}

/** Ready to take connections. What a connection does wrong ends it and is nobody else's business. */
export function makeHttp2Sessions(parts: Http2Parts): Http2Sessions {
  const { listeners, turns, clock, requestTimeoutMs, maxHeaderBytes } = parts;
  const sockets = new WeakMap<ServerHttp2Session, Socket>();
  const sessions = new Set<ServerHttp2Session>();
  /** Requests under way, by client. */
  const held = new Map<string, number>();
  const server = http2.createServer({
    maxSessionInvalidFrames: 10,
    maxSessionRejectedStreams: 100,
    settings: { maxConcurrentStreams: MAX_STREAMS, maxHeaderListSize: maxHeaderBytes, enablePush: false },
  });

  function enter(client: string, stream: { once(event: 'close', fn: () => void): unknown }): boolean {
    const count = (held.get(client) ?? 0) + 1;
    if (client !== '' && count > MAX_CLIENT_STREAMS) return false;
    held.set(client, count);
    stream.once('close', () => {
      const left = (held.get(client) ?? 1) - 1;
      if (left === 0) held.delete(client);
      else held.set(client, left);
    });
    return true;
  }

  function begin(request: Http2ServerRequest, response: Http2ServerResponse): false {
    if (request.stream.destroyed) return false;
    for (const listener of listeners) listener.call(server as never, request as never, response as never);
    return false;
  }

  server.on('session', (session) => {
    sessions.add(session);
    session.once('close', () => sessions.delete(session));
    endIdle(session);
  });
  server.on('request', (request, response) => {
    const { stream } = request;
    const socket = stream.session && sockets.get(stream.session as ServerHttp2Session);
    if (socket === undefined) return stream.close(CANCEL);
    translate(request, response, socket);
    if (!enter(socket.remoteAddress ?? '', stream)) {
      response.writeHead(429, { 'Content-Type': 'text/plain; charset=utf-8' }).end(TOO_MANY);
      return;
    }
    if (!stream.endAfterHeaders) {
      const timer = clock.after(requestTimeoutMs, () => stream.close(CANCEL));
      request.once('end', () => timer.cancel());
      stream.once('close', () => timer.cancel());
    }
    turns.add({ step: () => begin(request, response) });
  });
  return {
    take: (socket) => {
      const remember = (session: ServerHttp2Session): void => void sockets.set(session, socket);
      server.once('session', remember); // emitted within the next call, if at all
      server.emit('connection', socket);
      server.off('session', remember);
    },
    end: async () => {
      await Promise.all(
        Array.from(sessions, (session) => {
          const closed = once(session, 'close');
          session.close();
          return closed;
        }),
      );
    },
  };
}
