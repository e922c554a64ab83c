/**
 * One connection to one endpoint of etcd, and calls of gRPC on it (@grpc/grpc-js, loaded when the first one is made).
 *
 * The library connects again by itself and says "unavailable" to whatever happens; a store must know whether a request
 * may have reached the other side. So a session is one connection: until it stands nothing is sent, and everything
 * before is `refused`; when it ends, the session has ended, and what was under way is `unknown`. Nothing is repeated
 * here. Every call has an end: its deadline, or that of the connection; every stream is ended by its owner or with it.
 */
import { isIP } from 'node:net';
import { checkServerIdentity } from 'node:tls';
import type {
  ChannelOptions,
  Client,
  Metadata,
  ServiceError,
  StatusObject,
  VerifyOptions,
} from '@grpc/grpc-js';
import type { Clock } from '../../lib/clock.ts';
import { type Answer, type EtcdFault, faultOfStatus, refused, unknown } from './etcd-fault.ts';

/** Certificates as PEM text. */
export interface EtcdTls {
  /** Authorities that the server's certificate is checked against; those of the system when absent. */
  readonly ca?: string;
  /** What this client shows, where etcd asks for it. */
  readonly cert?: string;
  readonly key?: string;
  /** The name in the server's certificate, when it is not that of the endpoint. */
  readonly serverName?: string;
}

export interface ConnectRequest {
  /** `http://host:port` or `https://host:port`. */
  readonly url: string;
  readonly tls: EtcdTls | undefined;
  readonly timeoutMs: number;
  /** Octets of one message beyond which it is refused. */
  readonly maxMessageBytes: number;
  readonly clock: Clock;
}

export interface OpenRequest {
  readonly path: string;
  /** Metadata of etcd: `token`, `hasleader`. */
  readonly metadata: Readonly<Record<string, string>>;
}

export interface CallRequest extends OpenRequest {
  readonly message: Buffer;
  readonly timeoutMs: number;
}

/** Told of what comes on a stream; `onEnd` is called exactly once and nothing after it. */
export interface StreamListener {
  onMessage(message: Buffer): void;
  /** undefined: the other side ended it well. */
  onEnd(fault: EtcdFault | undefined): void;
}

export interface GrpcStream {
  send(message: Buffer): void;
  /** Say that nothing more will be sent. */
  endSending(): void;
  /** Stop reading until `resume`, so that what comes waits on the other side. */
  pause(): void;
  resume(): void;
  /** End it from here; `onEnd` is not called any more. */
  cancel(): void;
}

export interface GrpcSession {
  readonly url: string;
  /** Whether a new call may be begun on it. */
  readonly isOpen: boolean;
  /** One message there, one message back. */
  call(request: CallRequest): Promise<Answer<Buffer>>;
  open(request: OpenRequest, listener: StreamListener): GrpcStream;
  /** Take no new calls; those under way may end, but after `graceMs` the connection is cut. */
  retire(graceMs: number): void;
  /** Cut the connection; whatever is under way ends as `unknown`. */
  close(): void;
}

type Grpc = typeof import('@grpc/grpc-js');

/** A call that begins although its connection has ended: it was never sent. */
const gone = (url: string): EtcdFault => refused('unreachable', `${url}: the connection has ended`);

/** gRPC's status of a call that went well. */
const OK = 0;

const asIs = (message: Buffer): Buffer => message;

class Session implements GrpcSession {
  readonly url: string;
  readonly #grpc: Grpc;
  readonly #client: Client;
  readonly #clock: Clock;
  /** Calls and streams under way, and how to cut them. */
  readonly #underWay = new Set<() => void>();
  #isRetired = false;

  constructor(grpc: Grpc, client: Client, { url, clock }: ConnectRequest) {
    this.url = url;
    this.#grpc = grpc;
    this.#client = client;
    this.#clock = clock;
    // The library would connect again; then it would not be this connection any more.
    client.getChannel().watchConnectivityState(grpc.connectivityState.READY, Infinity, () => this.retire(0));
  }

  get isOpen(): boolean {
    return !this.#isRetired;
  }

  retire(graceMs: number): void {
    if (this.#isRetired) return;
    this.#isRetired = true;
    this.#client.close();
    if (graceMs > 0) this.#clock.after(graceMs, () => this.close());
  }

  close(): void {
    this.retire(0);
    for (const cut of this.#underWay) cut();
  }

  call({ path, metadata, message, timeoutMs }: CallRequest): Promise<Answer<Buffer>> {
    if (this.#isRetired) return Promise.resolve(gone(this.url));
    return new Promise((resolve) => {
      const settle = (answer: Answer<Buffer>): void => {
        deadline.cancel();
        this.#underWay.delete(cut);
        resolve(answer);
      };
      const deadline = this.#clock.after(timeoutMs, () => {
        settle(unknown('timeout', `${this.url}: no answer within ${timeoutMs} ms`));
        call.cancel();
      });
      const onAnswer = (error: ServiceError | null, reply: Buffer | undefined): void => {
        if (error !== null) settle(this.#faultOf(error));
        else if (reply !== undefined) settle({ kind: 'done', reply });
        else settle(unknown('malformed', `${this.url}: an answer without a message`));
      };
      const call = this.#client.makeUnaryRequest(
        path,
        asIs,
        asIs,
        message,
        this.#metadata(metadata),
        onAnswer,
      );
      const cut = (): void => {
        settle(unknown('connection-lost', `${this.url}: the connection was closed`));
        call.cancel();
      };
      this.#underWay.add(cut);
    });
  }

  open({ path, metadata }: OpenRequest, listener: StreamListener): GrpcStream {
    if (this.#isRetired) return neverOpened(() => listener.onEnd(gone(this.url)));
    const stream = this.#client.makeBidiStreamRequest(path, asIs, asIs, this.#metadata(metadata));
    let isEnded = false;
    const end = (fault: EtcdFault | undefined): void => {
      this.#underWay.delete(cut);
      if (isEnded) return;
      isEnded = true;
      listener.onEnd(fault);
    };
    const cut = (): void => {
      stream.cancel();
      end(unknown('connection-lost', `${this.url}: the connection was closed`));
    };
    this.#underWay.add(cut);
    stream.on('data', (message: Buffer) => {
      if (!isEnded) listener.onMessage(message);
    });
    // Its status says the same.
    stream.on('error', () => {});
    stream.on('status', (status: StatusObject) => {
      if (status.code !== OK) end(this.#faultOf(status));
      // The status overtakes messages that wait while the stream is paused; its end does not.
      else if (stream.readableEnded) end(undefined);
      else stream.once('end', () => end(undefined));
    });
    return {
      send: (message) => {
        if (!isEnded) stream.write(message);
      },
      endSending: () => stream.end(),
      pause: () => {
        stream.pause();
      },
      resume: () => {
        stream.resume();
      },
      cancel: () => {
        isEnded = true;
        this.#underWay.delete(cut);
        stream.cancel();
      },
    };
  }

  #metadata(given: Readonly<Record<string, string>>): Metadata {
    const metadata = new this.#grpc.Metadata();
    for (const [name, value] of Object.entries(given)) metadata.set(name, value);
    return metadata;
  }

  #faultOf({ code, details }: { readonly code: number; readonly details: string }): EtcdFault {
    return faultOfStatus(code, `${this.url}: ${details}`);
  }
}

function neverOpened(end: () => void): GrpcStream {
  queueMicrotask(end);
  const nothing = (): void => {};
  return { send: nothing, endSending: nothing, pause: nothing, resume: nothing, cancel: nothing };
}

/** Stands for an address where TLS sends a name: an address is none (RFC 6066 §3). */
const NAME_OF_ADDRESS = 'etcd';

const hostOf = (url: string): string => new URL(url).hostname.replace(/^\[|\]$/g, '');

/** The certificate is that of the name that was given, or of the address that was dialled. */
function verifying({ url, tls }: ConnectRequest): VerifyOptions {
  const name = tls?.serverName ?? hostOf(url);
  return { checkServerIdentity: (_name, certificate) => checkServerIdentity(name, certificate) };
}

/** One connection for each client, straight to the endpoint, without what the environment or DNS would add. */
function optionsOf({ url, tls, maxMessageBytes }: ConnectRequest): ChannelOptions {
  const serverName = tls?.serverName ?? (isIP(hostOf(url)) === 0 ? undefined : NAME_OF_ADDRESS);
  return {
    'grpc.use_local_subchannel_pool': 1,
    'grpc.enable_http_proxy': 0,
    'grpc.service_config_disable_resolution': 1,
    'grpc.enable_retries': 0,
    'grpc.max_receive_message_length': maxMessageBytes,
    ...(serverName !== undefined && { 'grpc.ssl_target_name_override': serverName }),
  };
}

const pem = (text: string | undefined): Buffer | null => (text === undefined ? null : Buffer.from(text));

function clientOf(grpc: Grpc, request: ConnectRequest): Client {
  const { protocol, host } = new URL(request.url);
  const { tls } = request;
  const credentials =
    protocol === 'https:'
      ? grpc.credentials.createSsl(pem(tls?.ca), pem(tls?.key), pem(tls?.cert), verifying(request))
      : grpc.credentials.createInsecure();
  return new grpc.Client(host, credentials, optionsOf(request));
}

/** Why a client could not connect, which only a call is told; this one asks for nothing. */
function whyNot(grpc: Grpc, client: Client): Promise<string> {
  return new Promise((resolve) => {
    client.makeUnaryRequest('/', asIs, asIs, Buffer.alloc(0), new grpc.Metadata(), (error) => {
      const { details } = error ?? { details: 'the connection ended at once' };
      // For an operator to read; the part of the library's sentence that says something.
      resolve(/Last error: (?:Error: )?(.*?)(?:\. Resolution note: .*)?$/s.exec(details)?.[1] ?? details);
    });
  });
}

/** Connect. A failure is `refused`: nothing was asked. Never rejects. */
export async function connectSession(request: ConnectRequest): Promise<GrpcSession | EtcdFault> {
  const { url, timeoutMs, clock } = request;
  const grpc = await import('@grpc/grpc-js');
  let client: Client;
  try {
    client = clientOf(grpc, request);
  } catch (error) {
    return refused('unreachable', `${url}: ${(error as Error).message}`);
  }
  const { READY, TRANSIENT_FAILURE } = grpc.connectivityState;
  const channel = client.getChannel();
  return new Promise((resolve) => {
    let isSettled = false;
    const settle = (result: GrpcSession | EtcdFault): void => {
      isSettled = true;
      deadline.cancel();
      if ('kind' in result) client.close();
      resolve(result);
    };
    const late = (): void =>
      settle(refused('unreachable', `${url}: cannot be connected to within ${timeoutMs} ms`));
    const deadline = clock.after(timeoutMs, late);
    const look = (): void => {
      if (isSettled) return;
      const state = channel.getConnectivityState(true);
      if (state === READY) settle(new Session(grpc, client, request));
      else if (state === TRANSIENT_FAILURE)
        void whyNot(grpc, client).then((why) => {
          if (!isSettled) settle(refused('unreachable', `${url}: ${why}`));
        });
      else channel.watchConnectivityState(state, Infinity, look);
    };
    look();
  });
}
