/**
 * Calls to etcd as values: a method and its message go in, a decoded reply or a fault comes out. Never rejects.
 *
 * Repeats only what is safe. A call that was refused because nobody could be reached, or because its token had expired,
 * was not done and may go elsewhere; an answer that was lost is asked for again only when the method says that asking
 * twice is as good as asking once. All attempts share the caller's time.
 */
import type { Clock } from '../../lib/clock.ts';
import type { EtcdConnections } from './etcd-connections.ts';
import { type Answer, type EtcdFault, type FaultReason, refused, unknown } from './etcd-fault.ts';
import { METHODS, type Method } from './etcd-messages.ts';
import type { GrpcSession } from './grpc-session.ts';
import { type Draft, decode, encode, type Message, type Schema } from './protobuf.ts';

export interface Credentials {
  readonly username: string;
  readonly password: string;
}

export interface CallParts {
  readonly connections: EtcdConnections;
  readonly clock: Clock;
  readonly credentials: Credentials | undefined;
  readonly timeoutMs: number;
}

/** What makes an endpoint one to leave. */
const ENDPOINT_FAULTS: ReadonlySet<FaultReason> = new Set<FaultReason>([
  'unreachable',
  'timeout',
  'connection-lost',
  'malformed',
  'unavailable',
]);

/** Reasons for which a token may be too old; etcd says "invalid" when users or roles changed since it was given. */
const TOKEN_FAULTS: ReadonlySet<FaultReason> = new Set<FaultReason>(['unauthenticated', 'invalid']);

/** The decoded form of a reply that arrived. */
export function decodeReply<S extends Schema>(schema: S, octets: Buffer, url: string): Answer<Message<S>> {
  try {
    return { kind: 'done', reply: decode(schema, octets) };
  } catch (error) {
    return unknown('malformed', `${url}: not a reply of etcd: ${(error as Error).message}`);
  }
}

export class EtcdCalls {
  readonly #parts: CallParts;
  #token: Promise<Answer<string>> | undefined;

  constructor(parts: CallParts) {
    this.#parts = parts;
  }

  /** Ask whichever endpoint is there. `timeoutMs` is for everything: connecting, a new token, repetitions. */
  async call<Request extends Schema, Response extends Schema>(
    method: Method<Request, Response>,
    request: Draft<Request>,
    timeoutMs = this.#parts.timeoutMs,
  ): Promise<Answer<Message<Response>>> {
    const deadlineMs = this.#parts.clock.monotonic() + timeoutMs;
    const message = encode(method.request, request);
    let isTokenFresh = false;
    let answer: Answer<Message<Response>>;
    let left = this.#parts.connections.endpointCount + 1;
    do {
      left -= 1;
      answer = await this.#attempt(method, message, deadlineMs);
      if (answer.kind === 'done') return answer;
      if (this.#mayBeToken(answer, method.path) && !isTokenFresh) {
        this.#token = undefined;
        isTokenFresh = true;
      } else if (!mayRepeat(answer, method.isRepeatable)) return answer;
    } while (left > 0 && this.#parts.clock.monotonic() < deadlineMs);
    return answer;
  }

  /** Ask one endpoint and no other, on a connection for this one question. */
  async callAt<Request extends Schema, Response extends Schema>(
    url: string,
    method: Method<Request, Response>,
    request: Draft<Request>,
    timeoutMs = this.#parts.timeoutMs,
  ): Promise<Answer<Message<Response>>> {
    const deadlineMs = this.#parts.clock.monotonic() + timeoutMs;
    const session = await this.#parts.connections.to(url);
    if ('kind' in session) return session;
    const answer = await this.#send(session, method, encode(method.request, request), deadlineMs);
    session.close();
    return answer;
  }

  /** The metadata that a stream begins with: the token, where there is one. */
  async metadata(): Promise<Answer<Readonly<Record<string, string>>>> {
    if (this.#parts.credentials === undefined) return { kind: 'done', reply: {} };
    this.#token ??= this.#authenticate(this.#parts.credentials);
    const answer = await this.#token;
    if (answer.kind === 'done') return { kind: 'done', reply: { token: answer.reply } };
    this.#token = undefined;
    return answer;
  }

  /** Ask for a new token before the next call: a stream was refused with this one. */
  forgetToken(): void {
    this.#token = undefined;
  }

  async #authenticate({ username, password }: Credentials): Promise<Answer<string>> {
    const answer = await this.call(METHODS.authenticate, { name: username, password });
    return answer.kind === 'done' ? { kind: 'done', reply: answer.reply.token } : answer;
  }

  #mayBeToken({ kind, reason }: EtcdFault, path: string): boolean {
    if (this.#parts.credentials === undefined || path === METHODS.authenticate.path) return false;
    return kind === 'refused' && TOKEN_FAULTS.has(reason);
  }

  async #attempt<Request extends Schema, Response extends Schema>(
    method: Method<Request, Response>,
    message: Buffer,
    deadlineMs: number,
  ): Promise<Answer<Message<Response>>> {
    const session = await this.#withinTime(this.#parts.connections.shared(), deadlineMs);
    if ('kind' in session) return session;
    const answer = await this.#send(session, method, message, deadlineMs);
    if (answer.kind !== 'done' && ENDPOINT_FAULTS.has(answer.reason)) this.#parts.connections.leave(session);
    return answer;
  }

  async #send<Request extends Schema, Response extends Schema>(
    session: GrpcSession,
    { path, response }: Method<Request, Response>,
    message: Buffer,
    deadlineMs: number,
  ): Promise<Answer<Message<Response>>> {
    const metadata = path === METHODS.authenticate.path ? undefined : await this.metadata();
    if (metadata && metadata.kind !== 'done') return refused(metadata.reason, metadata.text);
    const timeoutMs = Math.max(deadlineMs - this.#parts.clock.monotonic(), 0);
    const answer = await session.call({ path, message, metadata: metadata?.reply ?? {}, timeoutMs });
    return answer.kind === 'done' ? decodeReply(response, answer.reply, session.url) : answer;
  }

  /** Connecting goes on for the others who wait for it, but this caller has waited long enough. */
  #withinTime(
    connecting: Promise<GrpcSession | EtcdFault>,
    deadlineMs: number,
  ): Promise<GrpcSession | EtcdFault> {
    const { clock } = this.#parts;
    return new Promise((resolve) => {
      const late = refused('timeout', 'no endpoint of etcd could be connected to in time');
      const timer = clock.after(Math.max(deadlineMs - clock.monotonic(), 0), () => resolve(late));
      void connecting.then((session) => {
        timer.cancel();
        resolve(session);
      });
    });
  }
}

/** Whether another attempt can do no harm and may do better. */
function mayRepeat({ kind, reason }: EtcdFault, isRepeatable: boolean): boolean {
  if (kind === 'refused') return reason === 'unreachable';
  return isRepeatable && ENDPOINT_FAULTS.has(reason);
}
