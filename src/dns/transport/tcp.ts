/**
 * DNS over TCP (RFC 7766): messages with two octets of length, as many on a connection as the client likes.
 *
 * Queries may be pipelined and their replies may overtake each other. A connection ends when it has been idle, when the
 * client does not read what it asked for, or when there are too many (connection-table.ts). There is no limit on queries of a
 * connection; they take their turns with those of others (fair-turns.ts).
 */
import net from 'node:net';
import type { Turns } from '../../lib/fair-turns.ts';
import type { Logger } from '../../lib/logger.ts';
import { MAX_MESSAGE_BYTES } from '../../wire/constants.ts';
import type { Counters } from '../counters.ts';
import type { DnsConfig } from '../dns-config.ts';
import type { Client, Handler } from '../handle.ts';
import type { Places } from './connection-table.ts';
import type { Endpoint, Listener } from './endpoint.ts';

export interface StreamParts {
  readonly handler: Pick<Handler, 'handle'>;
  readonly config: () => DnsConfig;
  readonly turns: Turns;
  readonly counters: Pick<Counters, 'dropped'>;
}

export interface TcpParts extends StreamParts {
  /** Those of all listeners. */
  readonly places: Places<net.Socket>;
  readonly log: Logger;
}

/** Unsent octets that a client may leave unread; more ends its connection. */
const MAX_UNREAD_BYTES = 1024 * 1024;
/** Octets of questions that a connection may have waiting for their turn; reading stops until they are handled. */
const MAX_INBOX_BYTES = 4 * 1024;
/** Questions of one connection that wait for upstream servers; no others are handled until one is answered. */
const MAX_WAITING = 128;
const LENGTH_BYTES = 2;

function frame(reply: Uint8Array): Buffer {
  const framed = Buffer.allocUnsafe(LENGTH_BYTES + reply.length);
  framed.writeUInt16BE(reply.length);
  framed.set(reply, LENGTH_BYTES);
  return framed;
}

/** What a connection sent and nobody has handled yet. */
class Inbox {
  #received: Buffer = Buffer.alloc(0);
  #at = 0;

  get length(): number {
    return this.#received.length - this.#at;
  }

  put(chunk: Buffer): void {
    this.#received = this.length === 0 ? chunk : Buffer.concat([this.#received.subarray(this.#at), chunk]);
    this.#at = 0;
  }

  /** The next complete message, or undefined. */
  take(): Buffer | undefined {
    if (this.length < LENGTH_BYTES) return undefined;
    const begin = this.#at + LENGTH_BYTES;
    const end = begin + this.#received.readUInt16BE(this.#at);
    if (end > this.#received.length) return undefined;
    this.#at = end;
    return this.#received.subarray(begin, end);
  }
}

/** Answer what comes over a connection, which may be an encrypted one, in the same manner. */
export function serveStream(
  socket: net.Socket,
  parts: StreamParts,
  scratch: Uint8Array,
  finish: (reply: Uint8Array) => Uint8Array = (bytes) => bytes,
): void {
  const { turns } = parts;
  const client: Client = { transport: 'tcp', address: () => socket.remoteAddress ?? '' };
  const inbox = new Inbox();
  let waiting = 0;
  let hasEnded = false;
  const work = { step };

  function reply(bytes: Uint8Array): void {
    if (socket.destroyed) return;
    socket.write(frame(bytes));
    if (socket.writableLength <= MAX_UNREAD_BYTES) return;
    parts.counters.dropped('tcp', 'too_slow');
    socket.destroy();
  }

  async function replyLater(later: Promise<Uint8Array | null>): Promise<void> {
    waiting += 1;
    const bytes = await later;
    waiting -= 1;
    if (bytes !== null && bytes.length > 0) reply(finish(bytes));
    turns.add(work);
  }

  /** Nothing complete is left: read on, or end when the client has ended and has all its answers. */
  function rest(): void {
    if (hasEnded && waiting === 0) socket.end();
    else if (socket.isPaused()) socket.resume();
  }

  function step(): boolean {
    if (socket.destroyed || waiting >= MAX_WAITING) return false;
    const message = inbox.take();
    if (message === undefined) {
      rest();
      return false;
    }
    const handled = parts.handler.handle(message, client, scratch);
    if (typeof handled !== 'number') void replyLater(handled);
    else if (handled > 0) reply(finish(scratch.subarray(0, handled)));
    return true;
  }

  socket.setNoDelay(true);
  socket.setTimeout(parts.config().tcpIdleTimeoutMs, () => socket.destroy());
  socket.on('error', () => socket.destroy());
  socket.on('data', (chunk) => {
    inbox.put(chunk);
    if (inbox.length > MAX_INBOX_BYTES) socket.pause();
    turns.add(work);
  });
  socket.on('end', () => {
    hasEnded = true;
    turns.add(work);
  });
}

/** Listen and answer. Rejects with the system's error when the address cannot be had. */
export function openTcp(endpoint: Endpoint, parts: TcpParts): Promise<Listener> {
  const { places } = parts;
  const scratch = new Uint8Array(MAX_MESSAGE_BYTES);
  const open = new Set<net.Socket>();
  const server = net.createServer({ allowHalfOpen: true }, (socket) => {
    const place = places.enter(socket.remoteAddress ?? '', socket);
    open.add(socket);
    socket.once('close', () => {
      open.delete(socket);
      place.leave();
    });
    socket.on('data', place.use);
    serveStream(socket, parts, scratch);
    if (places.size <= parts.config().tcpMaxConnections) return;
    parts.counters.dropped('tcp', 'too_many');
    places.evict()?.destroy();
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
