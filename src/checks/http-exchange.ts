/**
 * One HTTP request on a connection of its own, and its answer with the end of the body.
 *
 * The time limit is the caller's signal and covers everything from the name lookup to the last octet. A body is read up
 * to a limit and then dropped, so that an endless one costs no more than its time. Rejects with RequestFault in
 * Consul's words. node:http does the parsing: against undici it costs a third less for connections that are used
 * once, and it is loaded anyway.
 */
import type http from 'node:http';
import type { Socket } from 'node:net';
import type { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { builtinHttp } from '../lib/builtin-http.ts';
import type { ProbeTls } from '../model/types.ts';
import type { ProbeLimits } from './check.ts';
import type { Dial } from './dial.ts';
import type { HostPort } from './host-port.ts';
import type { Headers } from './http-headers.ts';
import { RequestFault } from './request-fault.ts';
import { socketFault } from './socket-fault.ts';
import { Tail } from './tail.ts';

/** Octets of a body, uncompressed, after which the answer is judged as it is. */
const MAX_BODY_BYTES = 1024 * 1024;

export interface HttpRequest {
  readonly url: URL;
  readonly method: string;
  readonly headers: Headers;
  readonly body: string;
  readonly tls: ProbeTls;
}

export interface HttpAnswer {
  readonly code: number;
  /** As the target wrote it. */
  readonly reason: string;
  readonly location: string | undefined;
  /** The end of the body. */
  readonly output: string;
}

const TIMEOUT = 'context deadline exceeded';

function targetOf({ protocol, hostname, port }: URL): HostPort {
  const host = hostname.startsWith('[') ? hostname.slice(1, -1) : hostname;
  return { host, port: port === '' ? (protocol === 'https:' ? 443 : 80) : Number(port) };
}

/** Percent-decoded, or as it is where it is no such text. */
function unescaped(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** The header lines, with credentials of the URL and, unless the check asks itself, an offer to take gzip. */
function wireHeaders({ url, headers }: HttpRequest): Record<string, string | string[]> {
  const lines: Record<string, string | string[]> = Object.create(null);
  Object.assign(lines, { host: url.host, connection: 'close' });
  if (headers['accept-encoding'] === undefined) lines['accept-encoding'] = 'gzip';
  if (url.username !== '' && headers['authorization'] === undefined) {
    const credentials = `${unescaped(url.username)}:${unescaped(url.password)}`;
    lines['authorization'] = `Basic ${Buffer.from(credentials).toString('base64')}`;
  }
  for (const [name, values] of Object.entries(headers))
    lines[name] = values.length === 1 ? (values[0] as string) : [...values];
  return lines;
}

function faultOf(error: Error & { code?: string }, isTls: boolean, target: HostPort): string {
  const { code = '' } = error;
  if (isTls && code === 'ERR_SSL_WRONG_VERSION_NUMBER')
    return 'http: server gave HTTP response to HTTPS client';
  if (code.startsWith('HPE_')) return `net/http: HTTP/1.x transport connection broken: ${error.message}`;
  return socketFault(error, target);
}

/** The body as it was before compression; the request offered gzip only when the check did not say itself. */
function decoded(response: http.IncomingMessage, { headers }: HttpRequest): Readable {
  const isOurs = headers['accept-encoding'] === undefined;
  if (!isOurs || response.headers['content-encoding']?.toLowerCase() !== 'gzip') return response;
  const gunzip = createGunzip();
  response.on('error', (error) => gunzip.destroy(error));
  return response.pipe(gunzip);
}

/** Do one request. The connection is closed when it settles. */
export function exchange(dial: Dial, request: HttpRequest, limits: ProbeLimits): Promise<HttpAnswer> {
  const { url, tls } = request;
  const target = targetOf(url);
  const isTls = url.protocol === 'https:';
  return new Promise((resolve, reject) => {
    const socket = dial(target, { tls: isTls ? tls : undefined });
    let phase = 'while awaiting headers';
    const end = (): void => {
      limits.signal.removeEventListener('abort', onAbort);
      socket.destroy();
    };
    const fail = (error: Error): void => {
      end();
      reject(new RequestFault(faultOf(error, isTls, target)));
    };
    const onAbort = (): void => {
      end();
      reject(new RequestFault(`${TIMEOUT} (Client.Timeout exceeded ${phase})`));
    };
    const finish = (answer: HttpAnswer): void => {
      end();
      resolve(answer);
    };
    limits.signal.addEventListener('abort', onAbort, { once: true });
    socket.on('error', fail);
    // Nothing is sent before the handshake is done, so that its errors can be told from those of the request.
    socket.once(isTls ? 'secureConnect' : 'connect', () => {
      const sent = sendOr(fail, socket, request);
      if (sent === undefined) return;
      sent.on('error', fail);
      sent.on('upgrade', (response) => finish(answerOf(response, '')));
      sent.on('response', (response) => {
        phase = 'while reading body';
        const tail = new Tail(limits.outputMaxBytes);
        const stream = decoded(response, request);
        stream.on('data', (chunk: Buffer) => {
          tail.push(chunk);
          if (tail.totalBytes > MAX_BODY_BYTES) finish(answerOf(response, tail.text()));
        });
        stream.once('end', () => finish(answerOf(response, tail.text())));
        stream.on('error', fail);
      });
    });
    if (limits.signal.aborted) onAbort();
  });
}

/** What node:http does not take after all must not be thrown at the event loop. */
function sendOr(
  fail: (error: Error) => void,
  socket: Socket,
  request: HttpRequest,
): http.ClientRequest | undefined {
  try {
    return send(socket, request);
  } catch (error) {
    fail(error as Error);
    return undefined;
  }
}

function send(socket: Socket, request: HttpRequest): http.ClientRequest {
  const { url, method, body } = request;
  const sent = builtinHttp.request({
    createConnection: () => socket,
    method,
    path: url.pathname + url.search,
    headers: wireHeaders(request),
    setHost: false,
  });
  sent.end(body === '' ? undefined : body);
  return sent;
}

function answerOf(response: http.IncomingMessage, output: string): HttpAnswer {
  const { statusCode = 0, statusMessage = '' } = response;
  const reason = statusMessage || (builtinHttp.STATUS_CODES[statusCode] ?? '');
  return { code: statusCode, reason, location: response.headers.location, output };
}
