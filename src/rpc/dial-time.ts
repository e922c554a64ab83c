/**
 * How long the way to another agent and back is, by opening a connection and saying nothing on it: the other machine's
 * kernel answers, whatever its agent is busy with.
 */
import net from 'node:net';
import type { Clock } from '../lib/clock.ts';
import type { RpcAddress } from './rpc-connection.ts';

/** Time in ms after which nobody is there. */
const DIAL_MS = 5_000;

/** The round trip in ms; undefined when nobody answers. Never rejects. */
export function dialTimeMs({ host, port }: RpcAddress, clock: Clock): Promise<number | undefined> {
  return new Promise((resolve) => {
    const begunMs = clock.monotonic();
    const socket = net.connect({ host, port });
    const timer = clock.after(DIAL_MS, () => socket.destroy());
    socket.once('connect', () => {
      resolve(clock.monotonic() - begunMs);
      socket.destroy();
    });
    socket.on('error', () => {}); // its close says the same
    socket.once('close', () => {
      timer.cancel();
      resolve(undefined);
    });
  });
}
