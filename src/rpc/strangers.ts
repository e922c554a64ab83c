/**
 * Who may stay connected: not more than fit, of all addresses and of each; and how strangers are spoken of in the log.
 */
import type { Socket } from 'node:net';
import type { Clock } from '../lib/clock.ts';
import type { Logger } from '../lib/logger.ts';

/** Connections at once, of all peers. A peer opens one; beyond this, new ones are cut at once. */
const MAX_CONNECTIONS = 20_000;
const SAY_STRANGERS_EVERY_MS = 10_000;

/** Says that somebody was refused, and why. */
export type SayRefused = (from: string | undefined, why: string) => void;

/** Into the log now and then, with how many they were: how often is the stranger's choice. */
export function sayStrangers(clock: Clock, log: Logger): SayRefused {
  let saidMs = clock.monotonic() - SAY_STRANGERS_EVERY_MS;
  let unsaid = 0;
  return (from = '', why) => {
    unsaid += 1;
    if (clock.monotonic() - saidMs < SAY_STRANGERS_EVERY_MS) return;
    log.warn({ from, why, times: unsaid }, 'a connection to ports.server was refused');
    saidMs = clock.monotonic();
    unsaid = 0;
  };
}

/** Takes a new connection, or cuts it: `maxPerAddress` at once from one address, 0 is no limit. */
export function admitConnections(maxPerAddress: number, sayRefused: SayRefused): (socket: Socket) => void {
  const held = new Map<string, number>();
  let all = 0;
  const count = (address: string, by: 1 | -1): void => {
    all += by;
    const ofAddress = (held.get(address) ?? 0) + by;
    if (ofAddress === 0) held.delete(address);
    else held.set(address, ofAddress);
  };
  return (socket) => {
    // One that is gone already has no address.
    const address = socket.remoteAddress;
    if (address === undefined) return void socket.destroy();
    const isTooMany = maxPerAddress > 0 && (held.get(address) ?? 0) >= maxPerAddress;
    if (isTooMany || all >= MAX_CONNECTIONS) {
      sayRefused(address, 'too many connections');
      return void socket.destroy();
    }
    count(address, 1);
    socket.once('close', () => count(address, -1));
  };
}
