/**
 * One HTTP/2 connection to one endpoint of etcd, and calls of gRPC on it.
 *
 * Knows exactly what the store must know and a gRPC library does not tell: whether a request may have reached the other
 * side. Until the connection stands nothing is sent, so everything before is `refused`; afterwards a broken connection
 * or a time that is up is `unknown`. Nothing is repeated here. Every call has an end: its deadline, or that of the
 * connection; every stream is ended by its owner or with the connection.
 */
import http2 from 'node:http2';
import type { Clock } from '../../lib/clock.ts';
import { systemErrorText } from '../../lib/system-error.ts';
import { type Answer, type EtcdFault, faultOfStatus, refused, unknown } from './etcd-fault.ts';
import { FrameReader, frame } from './grpc-frames.ts';

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
  readonly clock: Clock;
}

export interface CallRequest {
  readonly path: string;
  readonly message: Buffer;
  /** Metadata of etcd: `token`, `hasleader`. */
  readonly metadata: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  readonly maxReplyBytes: number;
}

export type OpenRequest = Omit<CallRequest, 'timeoutMs' | 'message'>;

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

const { NGHTTP2_CANCEL, NGHTTP2_REFUSED_STREAM } = http2.constants;

/** Octets that etcd may send ahead on a connection; the default of 64 KiB makes large ranges wait for round trips. */
const WINDOW_BYTES = 4 * 1024 * 1024;

/** Node refuses new streams on a session that holds more than this, in MiB; its default is 10. */
const MAX_SESSION_MEMORY_MIB = 64;

/** A call that begins although its connection was told to end: it was never sent. */
const goneText = (url: string): string => `${url}: the connection has ended`;

function percentDecoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** What the headers and trailers of a stream that ended say. */
function endOf(url: string, headers: http2.IncomingHttpHeaders): EtcdFault | undefined {
  const httpStatus = Number(headers[':status'] ?? 200);
  const status = headers['grpc-status'];
  if (status === undefined) {
    if (httpStatus === 200)
      return unknown('connection-lost', `${url}: the connection was lost before the answer`);
    return unknown('malformed', `${url}: is no etcd: HTTP status ${httpStatus}`);
  }
  if (status === '0') return undefined;
  return faultOfStatus(
    Number(status),
    `${url}: ${percentDecoded(String(headers['grpc-message'] ?? status))}`,
  );
}

class Session implements GrpcSession {
  readonly url: string;
  readonly #http: http2.ClientHttp2Session;
  readonly #clock: Clock;
  #isRetired = false;

  constructor(http: http2.ClientHttp2Session, { url, clock }: ConnectRequest) {
    this.url = url;
    this.#http = http;
    this.#clock = clock;
    // The streams tell what an error means for them.
    http.on('error', () => {});
    http.on('goaway', () => this.retire(0));
    http.setLocalWindowSize(WINDOW_BYTES);
  }

  get isOpen(): boolean {
    return !this.#isRetired && !this.#http.closed && !this.#http.destroyed;
  }

  retire(graceMs: number): void {
    if (this.#isRetired) return;
    this.#isRetired = true;
    if (!this.#http.destroyed) this.#http.close();
    if (graceMs > 0) this.#clock.after(graceMs, () => this.close());
  }

  close(): void {
    this.#isRetired = true;
    this.#http.destroy();
  }

  call(request: CallRequest): Promise<Answer<Buffer>> {
    const { timeoutMs } = request;
    return new Promise((resolve) => {
      let reply: Buffer | undefined;
      const settle = (answer: Answer<Buffer>): void => {
        deadline.cancel();
        resolve(answer);
      };
      const stream = this.open(request, {
        onMessage: (message) => {
          reply ??= message;
        },
        onEnd: (fault) => {
          if (fault) settle(fault);
          else if (reply) settle({ kind: 'done', reply });
          else settle(unknown('malformed', `${this.url}: an answer without a message`));
        },
      });
      const deadline = this.#clock.after(timeoutMs, () => {
        stream.cancel();
        resolve(unknown('timeout', `${this.url}: no answer within ${timeoutMs} ms`));
      });
      stream.send(request.message);
      stream.endSending();
    });
  }

  open(request: OpenRequest, listener: StreamListener): GrpcStream {
    let isEnded = false;
    const end = (fault: EtcdFault | undefined): void => {
      if (isEnded) return;
      isEnded = true;
      listener.onEnd(fault);
    };
    if (!this.isOpen) return this.#neverOpened(end);
    let stream: http2.ClientHttp2Stream;
    try {
      stream = this.#http.request({
        ':method': 'POST',
        ':path': request.path,
        'content-type': 'application/grpc',
        te: 'trailers',
        ...request.metadata,
      });
    } catch {
      // Between two turns of the loop the connection may have ended without having said so yet.
      return this.#neverOpened(end);
    }
    this.#listen(stream, request.maxReplyBytes, { onMessage: listener.onMessage, onEnd: end });
    return {
      send: (message) => {
        if (!stream.destroyed && !stream.writableEnded) stream.write(frame(message));
      },
      endSending: () => {
        stream.end();
      },
      pause: () => {
        stream.pause();
      },
      resume: () => {
        stream.resume();
      },
      cancel: () => {
        isEnded = true;
        stream.close(NGHTTP2_CANCEL);
      },
    };
  }

  #listen(stream: http2.ClientHttp2Stream, maxBytes: number, { onMessage, onEnd }: StreamListener): void {
    const frames = new FrameReader(maxBytes);
    let headers: http2.IncomingHttpHeaders = {};
    let failure: EtcdFault | undefined;
    const keep = (more: http2.IncomingHttpHeaders): void => {
      headers = { ...headers, ...more };
    };
    stream.on('response', keep);
    stream.on('trailers', keep);
    stream.on('data', (piece: Buffer) => {
      if (failure !== undefined) return;
      try {
        for (const message of frames.push(piece)) onMessage(message);
      } catch (error) {
        failure = unknown('malformed', `${this.url}: ${(error as Error).message}`);
        stream.close(NGHTTP2_CANCEL);
      }
    });
    // The other side has said its last word, the trailers; what this side might still say interests nobody.
    stream.once('end', () => stream.close());
    stream.on('error', (error) => {
      failure ??= unknown('connection-lost', `${this.url}: ${systemErrorText(error)}`);
    });
    stream.once('close', () => {
      // RFC 9113, 8.7: a stream that was refused was not processed at all.
      if (stream.rstCode === NGHTTP2_REFUSED_STREAM) onEnd(refused('unreachable', goneText(this.url)));
      else onEnd(failure ?? endOf(this.url, headers));
    });
  }

  #neverOpened(end: (fault: EtcdFault) => void): GrpcStream {
    queueMicrotask(() => end(refused('unreachable', goneText(this.url))));
    const nothing = (): void => {};
    return { send: nothing, endSending: nothing, pause: nothing, resume: nothing, cancel: nothing };
  }
}

/** Connect. A failure is `refused`: nothing was asked. Never rejects. */
export function connectSession(request: ConnectRequest): Promise<GrpcSession | EtcdFault> {
  const { url, tls, timeoutMs, clock } = request;
  return new Promise((resolve) => {
    const http = http2.connect(url, {
      ca: tls?.ca,
      cert: tls?.cert,
      key: tls?.key,
      ...(tls?.serverName !== undefined && { servername: tls.serverName }),
      maxSessionMemory: MAX_SESSION_MEMORY_MIB,
      settings: { enablePush: false, initialWindowSize: WINDOW_BYTES },
    });
    const fail = (why: string): void => {
      deadline.cancel();
      http.destroy();
      resolve(refused('unreachable', `${url}: ${why}`));
    };
    const onError = (error: Error): void => fail(systemErrorText(error));
    const onClose = (): void => fail('the connection ended at once');
    const deadline = clock.after(timeoutMs, () => fail(`cannot be connected to within ${timeoutMs} ms`));
    http.on('error', onError);
    http.once('close', onClose);
    // Settings of the other side prove that HTTP/2 is spoken there; a connection alone proves only a listener.
    http.once('remoteSettings', () => {
      deadline.cancel();
      const session = new Session(http, request);
      http.off('error', onError);
      http.off('close', onClose);
      resolve(session);
    });
  });
}
