/**
 * Which endpoint of etcd is spoken to: one connection that all calls share, moved to the next endpoint when it fails.
 *
 * A connection is made when it is first needed, at most one at a time; all who need it meanwhile share the attempt. An
 * endpoint is left when it cannot be connected to, when a call on it timed out or when it says that it is unavailable;
 * calls that are under way there may still end. Nothing waits for an endpoint that is down: when all have refused, the
 * answer is `unreachable`, and when to try again is for the caller to say.
 */
import type { Clock } from '../../lib/clock.ts';
import { type EtcdFault, refused } from './etcd-fault.ts';
import { connectSession, type EtcdTls, type GrpcSession } from './grpc-session.ts';

export interface ConnectionParts {
  /** `http://host:port` or `https://host:port`, at least one; tried in this order. */
  readonly endpoints: readonly string[];
  /** Asked for each connection, so that certificates which are renewed count from the next one on. */
  readonly tls: (() => EtcdTls) | undefined;
  readonly clock: Clock;
  /** For one endpoint; when it is silent the next one is tried. */
  readonly connectTimeoutMs: number;
  /** After this a connection that was left is cut, whatever hangs on it. */
  readonly retireMs: number;
  /** Octets of one message beyond which it is refused. */
  readonly maxMessageBytes: number;
}

const CLOSED = refused('closed', 'the connection to etcd was closed');

export class EtcdConnections {
  readonly #parts: ConnectionParts;
  /** Position of the endpoint to try first. */
  #next = 0;
  #shared: GrpcSession | undefined;
  #connecting: Promise<GrpcSession | EtcdFault> | undefined;
  /** Connections of streams, which end with their streams. */
  readonly #own = new Set<GrpcSession>();
  #isClosed = false;

  constructor(parts: ConnectionParts) {
    this.#parts = parts;
  }

  get endpointCount(): number {
    return this.#parts.endpoints.length;
  }

  /** The connection that calls share. */
  async shared(): Promise<GrpcSession | EtcdFault> {
    if (this.#isClosed) return CLOSED;
    if (this.#shared?.isOpen) return this.#shared;
    this.#connecting ??= this.#connectShared();
    return this.#connecting;
  }

  /** A connection for one stream alone, so that what happens to calls does not happen to it; its user closes it. */
  async own(): Promise<GrpcSession | EtcdFault> {
    if (this.#isClosed) return CLOSED;
    return this.#remember(await this.#connectAny());
  }

  /** One connection to one endpoint, outside all choosing; its user closes it. */
  async to(url: string): Promise<GrpcSession | EtcdFault> {
    if (this.#isClosed) return CLOSED;
    return this.#remember(await this.#connect(url));
  }

  /** Begin nothing more on this connection; the next call goes to the next endpoint. */
  leave(session: GrpcSession): void {
    if (this.#shared === session) this.#shared = undefined;
    if (this.#parts.endpoints[this.#next] === session.url) this.#moveOn();
    session.retire(this.#parts.retireMs);
  }

  /** Cut everything; whatever comes later is refused. */
  close(): void {
    this.#isClosed = true;
    this.#shared?.close();
    for (const session of this.#own) session.close();
    this.#own.clear();
  }

  #remember(session: GrpcSession | EtcdFault): GrpcSession | EtcdFault {
    for (const old of this.#own) if (!old.isOpen) this.#own.delete(old);
    if (!('kind' in session)) this.#own.add(session);
    return session;
  }

  #moveOn(): void {
    this.#next = (this.#next + 1) % this.#parts.endpoints.length;
  }

  async #connectShared(): Promise<GrpcSession | EtcdFault> {
    const session = await this.#connectAny();
    this.#connecting = undefined;
    if (!('kind' in session)) this.#shared = session;
    return session;
  }

  async #connectAny(): Promise<GrpcSession | EtcdFault> {
    const texts: string[] = [];
    for (let tried = 0; tried < this.#parts.endpoints.length; tried += 1) {
      const url = this.#parts.endpoints[this.#next] as string;
      const session = await this.#connect(url);
      if (!('kind' in session)) return session;
      if (session.reason === 'closed') return session;
      texts.push(session.text);
      if (this.#parts.endpoints[this.#next] === url) this.#moveOn();
    }
    return refused('unreachable', texts.join('; '));
  }

  async #connect(url: string): Promise<GrpcSession | EtcdFault> {
    const { tls, clock, connectTimeoutMs: timeoutMs, maxMessageBytes } = this.#parts;
    const session = await connectSession({ url, tls: tls?.(), clock, timeoutMs, maxMessageBytes });
    if (!this.#isClosed || 'kind' in session) return session;
    session.close();
    return CLOSED;
  }
}
