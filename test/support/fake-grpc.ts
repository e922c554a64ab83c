/**
 * A server of gRPC whose behaviour a test writes: what it answers to each request, or how it misbehaves.
 */
import { once } from 'node:events';
import http2 from 'node:http2';
import type net from 'node:net';

const PREFIX_BYTES = 5;

/** A message as gRPC sends it: whether it is compressed, its length, itself. */
function frame(message: Buffer): Buffer {
  const prefix = Buffer.alloc(PREFIX_BYTES);
  prefix.writeUInt32BE(message.length, 1);
  return Buffer.concat([prefix, message]);
}

/** Gives the whole messages among the octets that have arrived. */
function frameReader(): (piece: Buffer) => Buffer[] {
  let rest: Buffer = Buffer.alloc(0);
  return (piece) => {
    rest = Buffer.concat([rest, piece]);
    const whole: Buffer[] = [];
    while (rest.length >= PREFIX_BYTES && rest.length >= PREFIX_BYTES + rest.readUInt32BE(1)) {
      const end = PREFIX_BYTES + rest.readUInt32BE(1);
      whole.push(rest.subarray(PREFIX_BYTES, end));
      rest = rest.subarray(end);
    }
    return whole;
  };
}

export interface FakeStream {
  readonly path: string;
  readonly headers: http2.IncomingHttpHeaders;
  readonly raw: http2.ServerHttp2Stream;
  send(message: Buffer): void;
  /** End it with a status of gRPC. */
  end(status?: number, text?: string): void;
}

export interface FakeGrpc {
  readonly url: string;
  /** Streams that were begun so far, by path. */
  readonly seen: readonly string[];
  /** End every connection without warning. */
  cut(): void;
  close(): Promise<void>;
}

/** Listen on a free port of 127.0.0.1 and give every message that arrives to `onMessage`. */
export async function fakeGrpc(onMessage: (stream: FakeStream, message: Buffer) => void): Promise<FakeGrpc> {
  const server = http2.createServer();
  const sessions = new Set<http2.ServerHttp2Session>();
  const seen: string[] = [];
  server.on('session', (session) => {
    sessions.add(session);
    session.on('error', () => {});
    session.on('close', () => sessions.delete(session));
  });
  server.on('stream', (raw, headers) => {
    const path = String(headers[':path']);
    seen.push(path);
    raw.on('error', () => {});
    const trailers: Record<string, string> = { 'grpc-status': '0' };
    const begin = (): void => {
      if (raw.headersSent) return;
      raw.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
      raw.on('wantTrailers', () => raw.sendTrailers(trailers));
    };
    const stream: FakeStream = {
      path,
      headers,
      raw,
      send: (message) => {
        begin();
        raw.write(frame(message));
      },
      end: (status = 0, text = '') => {
        trailers['grpc-status'] = String(status);
        if (text !== '') trailers['grpc-message'] = encodeURI(text);
        begin();
        raw.end();
      },
    };
    const read = frameReader();
    raw.on('data', (piece: Buffer) => {
      for (const message of read(piece)) onMessage(stream, message);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const cut = (): void => {
    for (const session of sessions) session.destroy();
  };
  return {
    url: `http://127.0.0.1:${(server.address() as net.AddressInfo).port}`,
    seen,
    cut,
    close: async () => {
      cut();
      server.close();
      await once(server, 'close');
    },
  };
}
