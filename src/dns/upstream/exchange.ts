/**
 * One question to one server over one transport: send, wait, check, close.
 *
 * Every question gets an id from the secure source and a socket, hence a port, of its own; a reply counts only when it
 * comes from the address that was asked, is a response, and carries that id and the same question (RFC 5452 §4, §9).
 * Others are ignored, not taken for a failure: they may be forged. The messages stay octets; nothing is decoded that
 * need not be. Never rejects.
 */
import dgram from 'node:dgram';
import net from 'node:net';
import type { Clock } from '../../lib/clock.ts';
import type { Random } from '../../lib/random.ts';
import { FLAG, HEADER_BYTES } from '../../wire/constants.ts';
import { foldByte, skipPlainName } from '../../wire/name.ts';
import type { Transport } from '../counters.ts';
import type { Recursor } from '../dns-config.ts';

export type Exchanged =
  | { readonly kind: 'reply'; readonly reply: Uint8Array }
  | { readonly kind: 'timeout' | 'error'; readonly why: string };

export interface ExchangeParts {
  readonly clock: Clock;
  readonly random: Random;
  readonly timeoutMs: number;
}

/** Octets of the question section, or 0 when it is malformed. */
function questionBytes(message: Uint8Array): number {
  const nameEnd = skipPlainName(message, HEADER_BYTES);
  return nameEnd < 0 || nameEnd + 4 > message.length ? 0 : nameEnd + 4 - HEADER_BYTES;
}

/** Whether `reply` answers `query`: both ids, QR, and the question without regard to case. */
function isReplyTo(reply: Uint8Array, query: Uint8Array): boolean {
  if (reply.length < HEADER_BYTES || ((reply[2] as number) & (FLAG.QR >>> 8)) === 0) return false;
  if (reply[0] !== query[0] || reply[1] !== query[1]) return false;
  const length = questionBytes(query);
  if (length === 0 || questionBytes(reply) !== length) return false;
  for (let i = HEADER_BYTES; i < HEADER_BYTES + length; i += 1)
    if (foldByte(reply[i] as number) !== foldByte(query[i] as number)) return false;
  return true;
}

function withFreshId(query: Uint8Array, random: Random): Uint8Array {
  const fresh = Uint8Array.from(query);
  fresh.set(random.bytes(2));
  return fresh;
}

/** Resolve with the first of: what `start` reports, the timeout. `start` gives a function that closes everything. */
function race(
  parts: ExchangeParts,
  start: (done: (result: Exchanged) => void) => () => void,
): Promise<Exchanged> {
  return new Promise((resolve) => {
    let close: (() => void) | undefined;
    let isDone = false;
    const done = (result: Exchanged): void => {
      if (isDone) return;
      isDone = true;
      timer.cancel();
      close?.();
      resolve(result);
    };
    const timer = parts.clock.after(parts.timeoutMs, () =>
      done({ kind: 'timeout', why: `no reply within ${parts.timeoutMs} ms` }),
    );
    close = start(done);
    if (isDone) close();
  });
}

function overUdp(query: Uint8Array, server: Recursor, parts: ExchangeParts): Promise<Exchanged> {
  return race(parts, (done) => {
    const socket = dgram.createSocket(net.isIPv6(server.address) ? 'udp6' : 'udp4');
    let isClosed = false;
    socket.on('error', (error) => done({ kind: 'error', why: error.message }));
    socket.on('message', (reply) => {
      if (isReplyTo(reply, query)) done({ kind: 'reply', reply });
    });
    // Not a callback of `connect`, which is called for failures too: the event is not, and those come as 'error'.
    socket.once('connect', () => {
      if (!isClosed) socket.send(query);
    });
    // A connected socket takes datagrams from this peer only, and learns of a closed port at once.
    socket.connect(server.port, server.address);
    return () => {
      isClosed = true;
      socket.close();
    };
  });
}

/** The message in front of `received` when all of it is there. */
function framedMessage(received: Buffer): Buffer | undefined {
  if (received.length < 2) return undefined;
  const end = 2 + received.readUInt16BE(0);
  return received.length >= end ? received.subarray(2, end) : undefined;
}

function overTcp(query: Uint8Array, server: Recursor, parts: ExchangeParts): Promise<Exchanged> {
  return race(parts, (done) => {
    const socket = net.connect(server.port, server.address);
    let received = Buffer.alloc(0);
    socket.on('error', (error) => done({ kind: 'error', why: error.message }));
    socket.on('close', () => done({ kind: 'error', why: 'connection closed before the reply' }));
    socket.on('data', (chunk) => {
      received = Buffer.concat([received, chunk]);
      const reply = framedMessage(received);
      if (reply === undefined) return;
      done(
        isReplyTo(reply, query)
          ? { kind: 'reply', reply }
          : { kind: 'error', why: 'reply to another question' },
      );
    });
    socket.write(Uint8Array.of(query.length >>> 8, query.length & 0xff));
    socket.write(query);
    return () => socket.destroy();
  });
}

/** Ask `server`; the reply keeps the id that was sent. Resolves within `timeoutMs`. */
export function exchange(
  query: Uint8Array,
  transport: Transport,
  server: Recursor,
  parts: ExchangeParts,
): Promise<Exchanged> {
  const fresh = withFreshId(query, parts.random);
  return transport === 'udp' ? overUdp(fresh, server, parts) : overTcp(fresh, server, parts);
}
