/**
 * DNS over TCP (RFC 7766): messages with two octets of length, as many on a connection as the client likes.
 *
 * Queries may be pipelined and their replies may overtake each other. A connection ends when it has been idle, when the
 * client does not read what it asked for, or when it is one too many. There is no limit on queries of a connection.
 */
import net from 'node:net';
import type { Logger } from '../lib/log.ts';
import { MAX_MESSAGE_BYTES } from '../wire/constants.ts';
import type { DnsConfig } from './config.ts';
import type { Counters } from './counters.ts';
import type { Client, Handler } from './handle.ts';
import type { Endpoint, Listener } from './udp.ts';

export interface TcpParts {
  readonly handler: Pick<Handler, 'handle'>;
  readonly config: () => DnsConfig;
  readonly counters: Pick<Counters, 'dropped'>;
  readonly log: Logger;
}

/** Unsent octets that a client may leave unread; more ends its connection. */
const MAX_UNREAD_BYTES = 1024 * 1024;
/** Questions of one connection that wait for upstream servers; reading stops until one is answered. */
const MAX_WAITING = 128;
const LENGTH_BYTES = 2;

function frame(reply: Uint8Array): Buffer {
  const framed = Buffer.allocUnsafe(LENGTH_BYTES + reply.length);
  framed.writeUInt16BE(reply.length);
  framed.set(reply, LENGTH_BYTES);
  return framed;
}

/** Take complete messages off `received`; gives what is left over. */
function eachMessage(received: Buffer, onMessage: (message: Buffer) => void): Buffer {
  let at = 0;
  while (received.length - at >= LENGTH_BYTES) {
    const end = at + LENGTH_BYTES + received.readUInt16BE(at);
    if (end > received.length) break;
    onMessage(received.subarray(at + LENGTH_BYTES, end));
    at = end;
  }
  return at === 0 ? received : received.subarray(at);
}

function serve(socket: net.Socket, parts: TcpParts, scratch: Uint8Array): void {
  const client: Client = { transport: 'tcp', address: socket.remoteAddress ?? '' };
  let received: Buffer = Buffer.alloc(0);
  let waiting = 0;
  let hasEnded = false;

  function reply(bytes: Uint8Array): void {
    if (socket.destroyed) return;
    socket.write(frame(bytes));
    if (socket.writableLength <= MAX_UNREAD_BYTES) return;
    parts.counters.dropped('tcp', 'too_slow');
    socket.destroy();
  }

  async function replyLater(later: Promise<Uint8Array | null>): Promise<void> {
    waiting += 1;
    if (waiting >= MAX_WAITING) socket.pause();
    const bytes = await later;
    waiting -= 1;
    if (waiting < MAX_WAITING) socket.resume();
    if (bytes !== null && bytes.length > 0) reply(bytes);
    if (hasEnded && waiting === 0) socket.end();
  }

  function onMessage(message: Buffer): void {
    if (socket.destroyed) return;
    const handled = parts.handler.handle(message, client, scratch);
    if (typeof handled !== 'number') void replyLater(handled);
    else if (handled > 0) reply(scratch.subarray(0, handled));
  }

  socket.setNoDelay(true);
  socket.setTimeout(parts.config().tcpIdleTimeoutMs, () => socket.destroy());
  socket.on('error', () => socket.destroy());
  socket.on('data', (chunk) => {
    received = eachMessage(received.length === 0 ? chunk : Buffer.concat([received, chunk]), onMessage);
  });
  socket.on('end', () => {
    hasEnded = true;
    if (waiting === 0) socket.end();
  });
}

/** Listen and answer. Rejects with the system's error when the address cannot be had. */
export function openTcp(endpoint: Endpoint, parts: TcpParts): Promise<Listener> {
  const scratch = new Uint8Array(MAX_MESSAGE_BYTES);
  const open = new Set<net.Socket>();
  const server = net.createServer({ allowHalfOpen: true }, (socket) => {
    if (open.size >= parts.config().tcpMaxConnections) {
      parts.counters.dropped('tcp', 'too_many');
      socket.destroy();
      return;
    }
    open.add(socket);
    socket.once('close', () => open.delete(socket));
    serve(socket, parts, scratch);
  });
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ port: endpoint.port, host: endpoint.address, ipv6Only: true }, () => {
      server.removeListener('error', reject);
      server.on('error', (error) => parts.log.warn({ err: error }, 'TCP listener'));
      const address = server.address() as net.AddressInfo;
      resolve({
        port: address.port,
        close: () =>
          new Promise((closed) => {
            server.close(() => closed());
            for (const socket of open) socket.destroy();
          }),
      });
    });
  });
}
