/**
 * Ends a connection whose client may still be sending, so that the client reads what it was told last.
 *
 * Closing a socket with octets unread resets the connection: the client's writes fail, and many clients then never look
 * at the answer. So this side ends first, and what still comes is thrown away, for a bounded time and number of octets;
 * no parser sees it any more.
 */
import type { Socket } from 'node:net';
import type { Clock } from '../../lib/clock.ts';

/** Time that a client has to notice, and octets that it may send until then. */
const LINGER_MS = 3_000;
const LINGER_BYTES = 32 * 1024 * 1024;

/** End this side of a connection once what was written is out, and be rid of the other whatever the client does. */
export function lingeringClose(socket: Socket, clock: Pick<Clock, 'after'>, lingerMs = LINGER_MS): void {
  if (socket.destroyed) return;
  let bytes = 0;
  const drain = (piece: Buffer): void => {
    bytes += piece.length;
    if (bytes > LINGER_BYTES) socket.destroy();
  };
  socket.on('data', drain); // first: Node's HTTP parser lets go of a socket when somebody else wants its octets
  for (const listener of socket.listeners('data'))
    if (listener !== drain) socket.off('data', listener as () => void);
  socket.on('error', () => socket.destroy());
  const timer = clock.after(lingerMs, () => socket.destroy());
  socket.once('close', () => timer.cancel());
  socket.resume();
  socket.end();
}
