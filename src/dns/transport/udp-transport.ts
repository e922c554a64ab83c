/**
 * Which way UDP datagrams go: many with one system call where the library is, else one by one through node:dgram.
 *
 * The choice is made once at the start and said in the log only when it is not what everybody gets. Another way is a row
 * in UDP_TRANSPORTS and a branch in `openUdp`.
 */
import type { Clock } from '../../lib/clock.ts';
import type { Logger } from '../../lib/logger.ts';
import { AppError } from '../../model/errors.ts';
import type { Counters } from '../counters.ts';
import type { Handler } from '../handle.ts';
import { type Endpoint, isWildcard, type Listener } from './endpoint.ts';
import { serveBatches } from './udp-batch.ts';
import { openDgram } from './udp-dgram.ts';
import { loadUdpLibrary, type UdpLibrary } from './udp-library.ts';
import { closeSocket, openSocket } from './udp-sockets.ts';

export const UDP_TRANSPORTS = ['auto', 'batch', 'dgram'] as const;
export type UdpTransport = (typeof UDP_TRANSPORTS)[number];

export interface UdpParts {
  /** null: there is none, or it is not wanted. */
  readonly library: UdpLibrary | null;
  readonly handler: Pick<Handler, 'handle'>;
  readonly counters: Pick<Counters, 'dropped'>;
  readonly clock: Pick<Clock, 'after'>;
  readonly log: Pick<Logger, 'info' | 'warn'>;
}

/** The library to use; null for node:dgram. Throws config_invalid when batches are wanted and cannot be had. */
export function chooseLibrary(
  wanted: UdpTransport,
  log: Pick<Logger, 'info'>,
  load: () => UdpLibrary | string = loadUdpLibrary,
): UdpLibrary | null {
  if (wanted === 'dgram') return null;
  const loaded = load();
  if (typeof loaded !== 'string') return loaded;
  if (wanted === 'batch') throw new AppError('config_invalid', `dns_config.transport: batch: ${loaded}`);
  log.info({ reason: loaded }, 'DNS over UDP uses node:dgram, which costs about twice the processor time');
  return null;
}

/**
 * Say what node:dgram cannot do for these addresses: a reply from a socket of all addresses leaves from the one that the
 * system chooses, and a client that asked another one does not take it.
 */
export function warnOfWildcards(addresses: readonly string[], log: Pick<Logger, 'warn'>): void {
  const wildcards = addresses.filter(isWildcard);
  if (wildcards.length === 0) return;
  log.warn(
    { addresses: wildcards },
    'with node:dgram, DNS answers over UDP may leave from another address than the one that was asked; list addresses in addresses.dns',
  );
}

/** Listen on one address and answer in this thread. Rejects with the system's error when the address cannot be had. */
export async function openUdp(endpoint: Endpoint, parts: UdpParts): Promise<Listener> {
  const { library, handler, log } = parts;
  if (library === null) return openDgram(endpoint, { handler, log, isShared: false });
  const socket = openSocket(library, endpoint, false);
  const stop = serveBatches(socket, { ...parts, library });
  return {
    port: socket.port,
    close: async () => {
      stop();
      closeSocket(library, socket);
    },
  };
}
