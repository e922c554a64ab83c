/**
 * Answers calls of other agents: over HTTP/2, one stream for each call, TLS with certificates on both ends where there
 * is an identity.
 *
 * A call is POST /<method> with one frame; the answer is messages and an end, or an error (message-codec.ts). Knows
 * nothing of services: methods come as a table. What a stranger can hold is bounded: connections, calls of each, octets
 * of requests that are not complete, and the time to send one.
 */
import type { Http2Server, IncomingHttpHeaders, ServerHttp2Session, ServerHttp2Stream } from 'node:http2';
import http2 from 'node:http2';
import type { AddressInfo, Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { Clock } from '../lib/clock.ts';
import type { Logger } from '../lib/logger.ts';
import { AppError } from '../model/errors.ts';
import { type Heartbeat, watchHeartbeat } from './heartbeat.ts';
import { endFrame, errorFrame, type Frame, FrameReader, messageFrame } from './message-codec.ts';
import { isProof, PROOF_HEADER, PROOF_PATH, proofOf } from './secret-proof.ts';
import { admitConnections, type SayRefused, sayStrangers } from './strangers.ts';
import { isServer, listenOptions, type TlsIdentity } from './tls-identity.ts';

/** Calls of one connection at once. */
const MAX_CALLS = 4_096;
/** Octets of incomplete requests of one connection; the call that goes beyond is refused. */
const MAX_HELD_BYTES = 64 * 1024 * 1024;
/** Time to send a request in ms. */
const REQUEST_TIMEOUT_MS = 30_000;
/**
 * Connections that wait to be taken. The agents of a server that has gone come all at once, and whom the queue has no room for tries
 * again after one second, then three. The system's own limit (net.core.somaxconn) is 4,096 as a rule.
 */
const BACKLOG = 16_384;
/** Time that calls under way get at the end in ms. */
const CLOSE_GRACE_MS = 1_000;

/** The connection that a call came on; the same object for all of its calls. */
export interface RpcPeer {
  readonly remoteAddress: string;
  /** Aborts when the connection has ended. */
  readonly gone: AbortSignal;
  /** When the other end was heard last, on the monotonic clock; true also after the connection has ended. */
  readonly heardMs: number;
  /**
   * Whether it may do what servers of this datacenter do, or of any (ANY_DATACENTER): its certificate has the name of one,
   * or that is not asked of anybody.
   */
  isServer(datacenter?: string): boolean;
  /** End the connection: its other end is not who it should be. */
  cut(): void;
}

export interface RpcCall {
  readonly peer: RpcPeer;
  /** Aborts when nobody waits for the answer any more. */
  readonly signal: AbortSignal;
  /** Send one message; resolves when there is room for another. Rejects with the reason of `signal` when it aborts. */
  send(message: unknown): Promise<void>;
}

/** Answers one call: what it resolves to, when not undefined, is the last message. AppErrors travel to the caller. */
export type RpcMethod = (request: unknown, call: RpcCall) => Promise<unknown>;

export interface RpcServerParts {
  readonly host: string;
  /** 0 for any free one. */
  readonly port: number;
  readonly identity: TlsIdentity | undefined;
  readonly methods: Readonly<Record<string, RpcMethod>>;
  readonly limits: RpcLimits;
  readonly clock: Clock;
  readonly log: Logger;
}

export interface RpcLimits {
  /** Connections at once from one address; 0 is no limit. */
  readonly maxConnectionsPerClient: number;
  /** Time to show a certificate, and again to prove that one knows the secret, ms; a stranger holds a place for as long. */
  readonly handshakeMs: number;
}

export interface RpcServer {
  readonly port: number;
  /** Connections that stand now. */
  readonly connections: number;
  /** Take no more calls, give those under way a moment, then cut. Never rejects. */
  close(): Promise<void>;
}

class Connection implements RpcPeer {
  readonly #session: ServerHttp2Session;
  readonly #gone = new AbortController();
  readonly #heartbeat: Heartbeat;
  readonly #identity: TlsIdentity | undefined;
  /** Whether it is a server of this datacenter; a certificate is read once, commands are many. */
  #isOwnServer: boolean | undefined;
  heldBytes = 0;

  constructor(session: ServerHttp2Session, { clock, identity }: Pick<RpcServerParts, 'clock' | 'identity'>) {
    this.#session = session;
    this.#identity = identity;
    this.#heartbeat = watchHeartbeat(session, clock, () => session.destroy());
    session.once('close', () => this.#gone.abort(new Error('connection closed')));
  }

  get remoteAddress(): string {
    return this.#session.socket?.remoteAddress ?? '';
  }

  get gone(): AbortSignal {
    return this.#gone.signal;
  }

  isServer(datacenter?: string): boolean {
    if (datacenter !== undefined) return this.#shows(datacenter);
    this.#isOwnServer ??= this.#shows(undefined);
    return this.#isOwnServer;
  }

  #shows(datacenter: string | undefined): boolean {
    if (this.#identity === undefined) return true;
    const { socket } = this.#session as unknown as { readonly socket: TLSSocket | undefined };
    return isServer(this.#identity, socket?.getPeerX509Certificate(), datacenter);
  }

  get heardMs(): number {
    return this.#heartbeat.heardMs();
  }

  cut(): void {
    this.#session.destroy();
  }
}

/** The one message of a request. Rejects with AppError, or with the stream's error. */
function readRequest(stream: ServerHttp2Stream, connection: Connection): Promise<unknown> {
  const reader = new FrameReader();
  let held = 0;
  let isRead = false;
  const hold = (octets: number): void => {
    connection.heldBytes += octets - held;
    held = octets;
  };
  return new Promise<unknown>((resolve, reject) => {
    const take = (frame: Frame): void => {
      isRead = true;
      if (frame.kind === 'message') resolve(frame.value);
      else reject(new AppError('bad_request', 'a request is one message'));
    };
    const read = (piece: Buffer): void => {
      try {
        const [frame] = reader.take(piece);
        if (frame === undefined) hold(reader.held);
        else settle(() => take(frame));
        if (connection.heldBytes > MAX_HELD_BYTES)
          throw new AppError('too_large', 'too many large requests at once');
      } catch (error) {
        settle(() => reject(error));
      }
    };
    // What is sent after that is read and forgotten: nobody counts it any more.
    const settle = (how: () => void): void => {
      stream.off('data', read).resume();
      how();
    };
    stream.on('data', read);
    stream.once('error', reject);
    // Nearly every request is read by then; an error that nobody sees still costs its stack.
    stream.once('close', () => isRead || reject(new Error('the request was given up')));
    stream.once('end', () => isRead || reject(new AppError('bad_request', 'the request is not complete')));
  }).finally(() => hold(0));
}

function drained(stream: ServerHttp2Stream, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const settle = (): void => {
      stream.off('drain', settle);
      signal.removeEventListener('abort', settle);
      if (signal.aborted) reject(signal.reason);
      else resolve();
    };
    stream.once('drain', settle);
    signal.addEventListener('abort', settle);
    if (signal.aborted) settle();
  });
}

function refusalOf(error: unknown, log: Logger, method: string): AppError {
  if (error instanceof AppError) return error;
  log.error({ err: error, method }, 'a call of another agent failed');
  return new AppError('store_failed', 'internal error');
}

/** Every call ends with it, so it is made once. */
const NOBODY_WAITS = Object.freeze(new Error('nobody waits for the answer any more'));

class Call implements RpcCall {
  readonly peer: RpcPeer;
  readonly #stream: ServerHttp2Stream;
  readonly #over = new AbortController();

  constructor(stream: ServerHttp2Stream, peer: RpcPeer) {
    this.#stream = stream;
    this.peer = peer;
    stream.once('close', () => this.#over.abort(NOBODY_WAITS));
  }

  get signal(): AbortSignal {
    return this.#over.signal;
  }

  async send(message: unknown): Promise<void> {
    this.signal.throwIfAborted();
    if (!this.#stream.write(messageFrame(message))) await drained(this.#stream, this.signal);
  }
}

/** Serve one stream. Never rejects. */
async function serve(stream: ServerHttp2Stream, path: string, serving: Serving): Promise<void> {
  const { parts, connection } = serving;
  const method = path.slice(1);
  const timer = parts.clock.after(REQUEST_TIMEOUT_MS, () => stream.close(http2.constants.NGHTTP2_CANCEL));
  try {
    const request = await readRequest(stream, connection).finally(() => timer.cancel());
    const run = Object.hasOwn(parts.methods, method) ? parts.methods[method] : undefined;
    if (run === undefined) throw new AppError('unsupported', `there is no method ${JSON.stringify(method)}`);
    const call = new Call(stream, connection);
    const last = await run(request, call);
    if (last !== undefined) stream.write(messageFrame(last));
    stream.end(endFrame());
  } catch (error) {
    if (!stream.writable) return; // whoever asked has gone
    // What is still on its way of the request is not wanted any more (RFC 9113 §8.1).
    const stop = (): void => stream.close(http2.constants.NGHTTP2_NO_ERROR);
    stream.end(errorFrame(refusalOf(error, parts.log, method)), stop);
  }
}

interface Serving {
  readonly parts: RpcServerParts;
  readonly connection: Connection;
}

/** Answer the caller's proof with one's own, and say whether it was one. */
function takeProof(stream: ServerHttp2Stream, headers: IncomingHttpHeaders, secret: Uint8Array): boolean {
  const socket = stream.session?.socket as unknown as TLSSocket;
  if (headers[':path'] !== PROOF_PATH || !isProof(headers[PROOF_HEADER], proofOf(secret, socket, 'caller')))
    return false;
  stream.respond({ ':status': 200, [PROOF_HEADER]: proofOf(secret, socket, 'called') }, { endStream: true });
  return true;
}

function onSession(session: ServerHttp2Session, parts: RpcServerParts, sayRefused: SayRefused): void {
  const connection = new Connection(session, parts);
  const secret = parts.identity?.secret;
  let isProven = secret === undefined;
  const refuse = (why: string): void => {
    sayRefused(connection.remoteAddress, why);
    session.destroy();
  };
  if (!isProven) {
    const late = parts.clock.after(
      parts.limits.handshakeMs,
      () => isProven || refuse('no proof of the secret'),
    );
    session.once('close', () => late.cancel());
  }
  // Whatever breaks a connection ends it; its calls learn it by their signal.
  session.on('error', () => session.destroy());
  session.on('stream', (stream, headers) => {
    stream.on('error', () => stream.destroy());
    if (!isProven && secret !== undefined) {
      isProven = takeProof(stream, headers, secret);
      return isProven ? undefined : refuse('another secret');
    }
    stream.respond({ ':status': 200 });
    void serve(stream, String(headers[':path'] ?? ''), { parts, connection });
  });
}

function makeServer({ identity, limits }: RpcServerParts): Http2Server {
  const options = { settings: { maxConcurrentStreams: MAX_CALLS, enablePush: false } };
  if (identity === undefined) return http2.createServer(options);
  const handshakeTimeout = limits.handshakeMs;
  const server = http2.createSecureServer({ ...options, ...listenOptions(identity), handshakeTimeout });
  // Connections that stand go on under what they began with.
  identity.onChange?.(() => server.setSecureContext(listenOptions(identity)));
  return server as unknown as Http2Server;
}

function closeServer(
  server: Http2Server,
  sessions: ReadonlySet<ServerHttp2Session>,
  clock: Clock,
): Promise<void> {
  return new Promise((resolve) => {
    const cut = clock.after(CLOSE_GRACE_MS, () => {
      for (const session of sessions) session.destroy();
    });
    server.close(() => {
      cut.cancel();
      resolve();
    });
    for (const session of sessions) session.close();
  });
}

/** Listen. Rejects with the system's error when the address cannot be had. */
export async function startRpcServer(parts: RpcServerParts): Promise<RpcServer> {
  const server = makeServer(parts);
  const sessions = new Set<ServerHttp2Session>();
  const sayRefused = sayStrangers(parts.clock, parts.log);
  // Before the listener that makes a session of it.
  server.prependListener('connection', admitConnections(parts.limits.maxConnectionsPerClient, sayRefused));
  server.on('tlsClientError', (error: NodeJS.ErrnoException, socket: Socket) => {
    // Who hangs up before he has said anything measures the way here, or looks whether anybody listens.
    if (error.code !== 'ECONNRESET') sayRefused(socket.remoteAddress, error.message);
    socket.destroy();
  });
  server.on('sessionError', () => {}); // said to the session itself
  server.on('session', (session) => {
    sessions.add(session);
    session.once('close', () => sessions.delete(session));
    onSession(session, parts, sayRefused);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ port: parts.port, host: parts.host, backlog: BACKLOG }, () => {
      server.off('error', reject);
      resolve();
    });
  });
  server.on('error', (error: Error) => parts.log.error({ err: error }, 'the port for other agents failed'));
  return {
    port: (server.address() as AddressInfo).port,
    get connections() {
      return sessions.size;
    },
    close: () => closeServer(server, sessions, parts.clock),
  };
}
