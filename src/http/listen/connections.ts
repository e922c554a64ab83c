/**
 * Counts open connections, refuses those of a client that has too many (`limits.http_max_conns_per_client`), answers
 * what is not HTTP, lets those that leave go in turns, and cuts what is left when the server has to end.
 */
import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import type { Clock } from '../../lib/clock.ts';
import type { Turns } from '../../lib/fair-turns.ts';
import type { HttpParts } from '../http-parts.ts';
import { isForwarded } from './forwarded-socket.ts';
import { lingeringClose } from './lingering-close.ts';

const PLAIN = 'Content-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n';

const TOO_MANY = `HTTP/1.1 429 Too Many Requests\r\n${PLAIN}Your IP is issuing too many concurrent connections, please rate limit your calls\n`;

/** Time that a client with too many connections has to read so; all that come in it are open at once. */
const TOO_MANY_MS = 1_000;

/** What the parser complains of, and the status for it; 400 for everything else. */
const REFUSALS: Readonly<Record<string, string>> = {
  HPE_HEADER_OVERFLOW: '431 Request Header Fields Too Large',
  ERR_HTTP_REQUEST_TIMEOUT: '408 Request Timeout',
};

/** Answer bytes that the parser did not take, and close. */
export function refuseMalformed(
  error: NodeJS.ErrnoException,
  socket: Socket,
  clock: Pick<Clock, 'after'>,
): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const status = REFUSALS[error.code ?? ''] ?? '400 Bad Request';
  socket.write(`HTTP/1.1 ${status}\r\n${PLAIN}${status}`);
  lingeringClose(socket, clock);
}

/** Tell a client that it has too many connections, and be rid of this one. */
function refuseOneTooMany(socket: Socket, clock: Pick<Clock, 'after'>): void {
  socket.write(TOO_MANY);
  lingeringClose(socket, clock, TOO_MANY_MS);
}

/** What is asked of the connections of a server, by their end and by those that are encrypted. */
export interface Connections {
  /** Count a connection that is to be encrypted first; false when its client has too many, and it is gone. */
  admit(socket: Socket): boolean;
  /** Read an admitted connection, encrypted now, as HTTP/1.1. */
  read(socket: Socket): void;
  /** Resolves when every octet that was written is on its way, or its connection is gone. */
  sent(): Promise<void>;
  cut(): void;
}

async function isSent(socket: Socket): Promise<void> {
  while (!socket.destroyed && socket.writableLength > 0)
    await new Promise((resolve) => {
      socket.once('drain', resolve).once('close', resolve);
    });
}

/** Have what `attach` listens for on a socket's end done in turns: when a crowd leaves at once, others wait for all of it. */
function endingInTurns(socket: Socket, turns: Pick<Turns, 'add'>, attach: () => void): void {
  const events = ['end', 'close'] as const;
  const before = events.map((event) => new Set(socket.listeners(event)));
  attach();
  for (const [i, event] of events.entries())
    for (const listener of socket.listeners(event) as ((...args: unknown[]) => void)[]) {
      if (before[i]?.has(listener)) continue;
      socket.off(event, listener);
      socket.on(event, (...args: unknown[]) => {
        const step = (): false => {
          if (event === 'close' || !socket.destroyed) listener.apply(socket, args);
          return false;
        };
        turns.add({ step });
      });
    }
}

/** Watch over the connections of a server that does not listen yet. */
export function watchConnections(
  server: Server,
  { clock, config, metrics }: HttpParts,
  turns: Pick<Turns, 'add'>,
): Connections {
  const open = new Map<string, number>();
  const sockets = new Set<Socket>();
  const gauge = metrics.gauge('http_connections');
  const max = config.maxConnectionsPerClient;
  const accepting = server.listeners('connection');
  const track = (socket: Socket): void => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  };
  const read = (socket: Socket): void => {
    endingInTurns(socket, turns, () => {
      for (const listener of accepting) listener.call(server, socket);
    });
  };
  /** Whether a connection may stay; it is counted then. */
  const count = (socket: Socket): boolean => {
    const client = isForwarded(socket) ? '' : (socket.remoteAddress ?? '');
    const held = (open.get(client) ?? 0) + 1;
    if (max > 0 && client !== '' && held > max) return false;
    open.set(client, held);
    gauge.add(0, 1);
    track(socket);
    socket.once('close', () => {
      const left = (open.get(client) ?? 1) - 1;
      if (left === 0) open.delete(client);
      else open.set(client, left);
      gauge.add(0, -1);
    });
    return true;
  };
  // In place of the parser's own listeners: it must not see the requests of a connection that is refused.
  server.removeAllListeners('connection');
  server.on('connection', (socket) => {
    if (count(socket)) read(socket);
    else refuseOneTooMany(socket, clock);
  });
  return {
    admit: (socket) => {
      const isAdmitted = count(socket);
      if (!isAdmitted) socket.destroy(); // there is no way to say why before the handshake, and that is work
      return isAdmitted;
    },
    read: (socket) => {
      track(socket);
      read(socket);
    },
    sent: async () => {
      await Promise.all(Array.from(sockets, isSent));
    },
    cut: () => {
      for (const socket of sockets) socket.destroy();
    },
  };
}
