/**
 * Calls to one other agent, over one connection that is made when it is needed and made again when it broke.
 *
 * How a call ended is a value, because the difference decides what may be done next: *unsent* may be tried elsewhere,
 * *unknown* may have happened. A refusal of the other agent is its AppError. Nothing here tries again by itself.
 */
import http2, { type ClientHttp2Session, type ClientHttp2Stream } from 'node:http2';
import net from 'node:net';
import tls from 'node:tls';
import type { Clock } from '../lib/clock.ts';
import type { AppError } from '../model/errors.ts';
import { type Heartbeat, watchHeartbeat } from './heartbeat.ts';
import { type Frame, FrameReader, messageFrame } from './message-codec.ts';
import { isProof, PROOF_HEADER, PROOF_PATH, proofOf } from './secret-proof.ts';
import { dialOptions, type TlsIdentity } from './tls-identity.ts';

/** Time for TCP and TLS together in ms. */
const CONNECT_TIMEOUT_MS = 2_000;

export interface RpcAddress {
  readonly host: string;
  readonly port: number;
}

/** Of a server of another datacenter. */
export interface FarAddress extends RpcAddress {
  /** Where it has to be by its certificate; ANY_DATACENTER while that is yet to be found out. */
  readonly datacenter: string;
}

/** How a call ended. */
export type CallEnd =
  /** The answer is complete; `value` is its last message, null when it had none. */
  | { readonly kind: 'answered'; readonly value: unknown }
  /** The other agent refused, or would have; nothing was changed unless the error says so. */
  | { readonly kind: 'refused'; readonly error: AppError }
  /** The other agent never saw it. */
  | { readonly kind: 'unsent'; readonly why: string }
  /** The connection broke or the time was over: it may have happened. */
  | { readonly kind: 'unknown'; readonly why: string };

export interface CallOptions {
  /** Time for the whole call in ms; none for a subscription, which lasts. */
  readonly timeoutMs?: number;
  /** Gives the call up; it then ends as unknown. */
  readonly signal?: AbortSignal;
  /**
   * Gets each message but, in calls without it, the last one is all that counts. Must not throw. A promise, which must
   * not reject, holds back what the other agent sends until it resolves.
   */
  readonly onMessage?: (message: unknown) => void | Promise<void>;
}

export interface ConnectionParts {
  readonly address: RpcAddress;
  readonly identity: TlsIdentity | undefined;
  /** See FarAddress; undefined is the own datacenter. */
  readonly datacenter?: string | undefined;
  readonly clock: Clock;
  /** The connection broke; not called for one that could not be made. */
  readonly onBroken?: () => void;
}

function dial({ address, identity, datacenter }: ConnectionParts): net.Socket {
  const { host, port } = address;
  if (identity === undefined) return net.connect({ host, port, noDelay: true });
  return tls.connect({ host, port, ...dialOptions(identity, datacenter) }).setNoDelay(true);
}

/** Prove to the other end that one knows the secret, and have it prove the same. Rejects when it cannot. */
function exchangeProofs(
  session: ClientHttp2Session,
  socket: tls.TLSSocket,
  secret: Uint8Array,
): Promise<void> {
  const headers = {
    ':method': 'POST',
    ':path': PROOF_PATH,
    [PROOF_HEADER]: proofOf(secret, socket, 'caller'),
  };
  const expected = proofOf(secret, socket, 'called');
  return new Promise((resolve, reject) => {
    const refuse = (): void => reject(new Error('the other agent has another secret'));
    const stream = session.request(headers, { endStream: true });
    stream.once('response', (answer) => (isProof(answer[PROOF_HEADER], expected) ? resolve() : refuse()));
    stream.once('error', refuse);
    stream.once('close', refuse);
    stream.resume();
  });
}

/** Reads the frames of one answer. */
function takeAnswer(stream: ClientHttp2Stream, { onMessage }: CallOptions): Promise<CallEnd> {
  const reader = new FrameReader();
  let last: unknown = null;
  return new Promise((resolve) => {
    const take = (frame: Frame): void => {
      if (frame.kind === 'end') resolve({ kind: 'answered', value: last });
      else if (frame.kind === 'error') resolve({ kind: 'refused', error: frame.error });
      else {
        last = onMessage === undefined ? frame.value : null;
        const taking = onMessage?.(frame.value);
        if (taking instanceof Promise) {
          stream.pause();
          void taking.then(() => stream.resume());
        }
      }
    };
    stream.on('data', (piece: Buffer) => {
      try {
        for (const frame of reader.take(piece)) take(frame);
      } catch (error) {
        resolve({ kind: 'unknown', why: (error as Error).message });
        stream.close(http2.constants.NGHTTP2_PROTOCOL_ERROR);
      }
    });
    stream.once('error', (error) => resolve({ kind: 'unknown', why: error.message }));
    stream.once('close', () => resolve({ kind: 'unknown', why: 'the connection broke before the answer' }));
  });
}

export class RpcConnection {
  readonly #parts: ConnectionParts;
  #session: ClientHttp2Session | undefined;
  #heartbeat: Heartbeat | undefined;
  #connecting: Promise<ClientHttp2Session> | undefined;
  #isClosed = false;

  constructor(parts: ConnectionParts) {
    this.#parts = parts;
  }

  /** Whether a connection stands. */
  get isUp(): boolean {
    return this.#session !== undefined;
  }

  /** The newest round trip of its heartbeat in ms; undefined when there was none since it was taken last. */
  takeRoundTripMs(): number | undefined {
    return this.isUp ? this.#heartbeat?.takeRoundTripMs() : undefined;
  }

  /** For how long the other end has been silent, in ms; 0 while there is no connection. */
  get silentMs(): number {
    return this.isUp ? (this.#heartbeat?.silentMs() ?? 0) : 0;
  }

  /** Make the connection if there is none; resolves to why there is none, or undefined. Never rejects. */
  async connect(): Promise<string | undefined> {
    try {
      await this.#connected();
      return undefined;
    } catch (error) {
      return (error as Error).message;
    }
  }

  /** Ask the other agent. Never rejects. */
  async call(method: string, request: unknown, options: CallOptions = {}): Promise<CallEnd> {
    const { signal, timeoutMs } = options;
    if (signal?.aborted) return { kind: 'unsent', why: 'given up' };
    let body: Buffer;
    try {
      body = messageFrame(request);
    } catch (error) {
      return { kind: 'refused', error: error as AppError };
    }
    let session: ClientHttp2Session;
    try {
      session = await this.#connected();
    } catch (error) {
      return { kind: 'unsent', why: (error as Error).message };
    }
    if (session.destroyed || session.closed) return { kind: 'unsent', why: 'the connection broke' };
    const stream = session.request({ ':method': 'POST', ':path': `/${method}` });
    const giveUp = (): void => stream.close(http2.constants.NGHTTP2_CANCEL);
    const timer = timeoutMs === undefined ? undefined : this.#parts.clock.after(timeoutMs, giveUp);
    signal?.addEventListener('abort', giveUp, { once: true });
    stream.end(body);
    const end = await takeAnswer(stream, options);
    timer?.cancel();
    signal?.removeEventListener('abort', giveUp);
    return end;
  }

  /** End the connection; calls under way end as unknown, later ones as unsent. */
  close(): void {
    this.#isClosed = true;
    this.#session?.destroy();
  }

  #connected(): Promise<ClientHttp2Session> {
    if (this.#isClosed) return Promise.reject(new Error('closed'));
    if (this.#session !== undefined) return Promise.resolve(this.#session);
    this.#connecting ??= this.#open().finally(() => {
      this.#connecting = undefined;
    });
    return this.#connecting;
  }

  async #open(): Promise<ClientHttp2Session> {
    const socket = await this.#dialled();
    if (this.#isClosed) {
      socket.destroy();
      throw new Error('closed');
    }
    const session = http2.connect('http://agent', {
      createConnection: () => socket,
      settings: { enablePush: false },
    });
    session.on('error', () => session.destroy());
    await this.#prove(session, socket);
    session.once('close', () => this.#broken(session));
    this.#heartbeat = watchHeartbeat(session, this.#parts.clock, () => session.destroy());
    this.#session = session;
    return session;
  }

  async #prove(session: ClientHttp2Session, socket: net.Socket): Promise<void> {
    const secret = this.#parts.identity?.secret;
    if (secret === undefined) return;
    const timer = this.#parts.clock.after(CONNECT_TIMEOUT_MS, () => session.destroy());
    try {
      await exchangeProofs(session, socket as tls.TLSSocket, secret);
    } catch (error) {
      session.destroy();
      throw error;
    } finally {
      timer.cancel();
    }
    if (session.destroyed || this.#isClosed) {
      session.destroy();
      throw new Error('closed');
    }
  }

  #broken(session: ClientHttp2Session): void {
    if (this.#session !== session) return;
    this.#session = undefined;
    if (!this.#isClosed) this.#parts.onBroken?.();
  }

  #dialled(): Promise<net.Socket> {
    const socket = dial(this.#parts);
    return new Promise((resolve, reject) => {
      const timer = this.#parts.clock.after(CONNECT_TIMEOUT_MS, () =>
        socket.destroy(new Error('no connection within 2 s')),
      );
      socket.once(this.#parts.identity === undefined ? 'connect' : 'secureConnect', () => {
        timer.cancel();
        socket.off('error', fail);
        socket.off('close', fail);
        resolve(socket);
      });
      const fail = (error?: unknown): void => {
        timer.cancel();
        reject(error instanceof Error ? error : new Error('connection closed'));
      };
      socket.once('error', fail);
      socket.once('close', fail);
    });
  }
}
