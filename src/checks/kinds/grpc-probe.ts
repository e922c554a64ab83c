/**
 * gRPC checks: the standard health protocol (grpc.health.v1.Health/Check), for the server or for one service of it.
 *
 * Two tiny messages over one HTTP/2 stream; spoken here rather than by a library, which would keep channels, retries and
 * resolvers of its own and cost ten times as much for a connection that is used once.
 * Wire: 1 octet compressed flag, 4 octets length, message. Request: field 1 (string) service. Answer: field 1 (varint)
 * status, 1 is SERVING. github.com/grpc/grpc/blob/master/doc/{health-checking,PROTOCOL-HTTP2}.md
 */
import type http2 from 'node:http2';
import type { Probe, ProbeResult } from '../check.ts';
import type { Dial } from '../dial.ts';
import { splitHostPort } from '../host-port.ts';
import { withHttp2 } from '../http2-session.ts';

const SERVING = 1;

/** Octets of an answer beyond which it is no health answer. */
const MAX_ANSWER_BYTES = 4_096;

/** Names of the status codes (grpc/doc/statuscodes.md). */
const CODES = [
  'OK',
  'Canceled',
  'Unknown',
  'InvalidArgument',
  'DeadlineExceeded',
  'NotFound',
  'AlreadyExists',
  'PermissionDenied',
  'ResourceExhausted',
  'FailedPrecondition',
  'Aborted',
  'OutOfRange',
  'Unimplemented',
  'Internal',
  'Unavailable',
  'DataLoss',
  'Unauthenticated',
] as const;

const UNAVAILABLE = String(CODES.indexOf('Unavailable'));

const critical = (output: string): ProbeResult => ({ status: 'critical', output });

function rpcFault(code: string, description: string): ProbeResult {
  return critical(`rpc error: code = ${code} desc = ${description}`);
}

function varint(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...varint(value >>> 7)];
}

/** A request for the health of a service; '' asks for the server as a whole. */
export function healthRequest(service: string): Buffer {
  const name = Buffer.from(service, 'utf8');
  const message = service === '' ? name : Buffer.concat([Buffer.from([0x0a, ...varint(name.length)]), name]);
  const prefix = Buffer.alloc(5);
  prefix.writeUInt32BE(message.length, 1);
  return Buffer.concat([prefix, message]);
}

/** The serving status in an answer; 0 (unknown) when it is not there. */
export function healthStatus(answer: Buffer): number {
  const isWhole = answer.length >= 5 && answer[0] === 0 && answer.readUInt32BE(1) <= answer.length - 5;
  return isWhole && answer[5] === 0x08 ? (answer[6] ?? 0) : 0;
}

/** The message of a status, percent-decoded where it is such a text. */
function descriptionOf(headers: http2.IncomingHttpHeaders): string {
  const message = String(headers['grpc-message'] ?? '');
  try {
    return decodeURIComponent(message);
  } catch {
    return message;
  }
}

function resultOf(target: string, headers: http2.IncomingHttpHeaders, answer: Buffer): ProbeResult {
  const code = Number(headers['grpc-status'] ?? 2);
  if (code !== 0) {
    return rpcFault(CODES[code] ?? `Code(${code})`, descriptionOf(headers));
  }
  if (healthStatus(answer) !== SERVING) return critical("gRPC application didn't report service healthy");
  return { status: 'passing', output: `gRPC check ${target}: success` };
}

function call(
  session: http2.ClientHttp2Session,
  { authority, service }: { authority: string; service: string },
  onAnswer: (headers: http2.IncomingHttpHeaders, answer: Buffer) => void,
): void {
  const stream = session.request({
    ':method': 'POST',
    ':path': '/grpc.health.v1.Health/Check',
    ':authority': authority,
    'content-type': 'application/grpc',
    te: 'trailers',
    'user-agent': 'Consul Health Check',
  });
  const chunks: Buffer[] = [];
  let headers: http2.IncomingHttpHeaders = {};
  let bytes = 0;
  stream.on('response', (first) => {
    headers = { ...headers, ...first };
  });
  stream.on('trailers', (last) => {
    headers = { ...headers, ...last };
  });
  stream.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes <= MAX_ANSWER_BYTES) chunks.push(chunk);
    else stream.close();
  });
  // Without a listener an error of the stream would end the process; it is told like a status of the target.
  stream.on('error', ({ message }) => {
    headers = { 'grpc-status': UNAVAILABLE, 'grpc-message': message };
  });
  stream.once('close', () => onAnswer(headers, Buffer.concat(chunks)));
  stream.end(healthRequest(service));
}

/** A probe of kind grpc. */
export function grpcProbe(dial: Dial): Probe<'grpc'> {
  return ({ target: address, useTls, tls }, limits) => {
    const slash = address.indexOf('/');
    const authority = slash < 0 ? address : address.slice(0, slash);
    const service = slash < 0 ? '' : address.slice(slash + 1);
    const target = splitHostPort(authority);
    if ('fault' in target) return Promise.resolve(rpcFault('Unavailable', `dial tcp: ${target.fault}`));
    return withHttp2(dial, limits, {
      target,
      tls: useTls ? tls : undefined,
      onFault: (fault, isDial) => {
        if (fault === undefined) return rpcFault('DeadlineExceeded', 'context deadline exceeded');
        const dialing = `connection error: desc = "transport: Error while dialing ${fault}"`;
        return rpcFault('Unavailable', isDial ? dialing : fault);
      },
      use: (session, done) => {
        call(session, { authority, service }, (headers, answer) => done(resultOf(address, headers, answer)));
      },
    });
  };
}
