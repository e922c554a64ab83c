/**
 * UDP sockets as plain descriptors, for batches: opened, asked for their port and closed by the main thread alone.
 *
 * Threads that answer are given the number of a descriptor. So a thread that dies takes no socket with it: what was sent
 * to it waits in the socket until another thread uses that.
 */
import os from 'node:os';
import { getSystemErrorName } from 'node:util';
import { parseIp } from '../../lib/ip.ts';
import { type Endpoint, RECEIVE_BUFFER_BYTES } from './endpoint.ts';
import type { UdpLibrary } from './udp-library.ts';

/** A descriptor, in a form that other threads can be told. */
export interface BoundSocket {
  readonly fd: number;
  readonly isV6: boolean;
}

/** One that this thread has opened and has to close. */
export interface OwnSocket extends BoundSocket {
  readonly port: number;
}

/** An error as Node makes it: `code`, `errno`, `syscall`. `result` is -errno. */
export function systemError(syscall: string, result: number, place: Partial<Endpoint> = {}): Error {
  const code = getSystemErrorName(result);
  const where = place.address === undefined ? '' : ` ${place.address}:${place.port}`;
  return Object.assign(new Error(`${syscall} ${code}${where}`), { code, errno: result, syscall, ...place });
}

/** The number of the interface in `fe80::1%eth0` or `fe80::1%2`; 0 when none is named, undefined when there is none so. */
function scopeOf(zone: string | undefined): number | undefined {
  if (zone === undefined) return 0;
  if (/^\d+$/.test(zone)) return Number(zone);
  return os.networkInterfaces()[zone]?.find(({ family }) => family === 'IPv6')?.scopeid;
}

/** Open a socket and bind it. Throws the system's error when the address cannot be had. */
export function openSocket(library: UdpLibrary, endpoint: Endpoint, isShared: boolean): OwnSocket {
  const [address = '', zone] = endpoint.address.split('%');
  const [octets, scope] = [parseIp(address), scopeOf(zone)];
  const fd =
    octets === undefined || scope === undefined
      ? -os.constants.errno.EADDRNOTAVAIL
      : library.open(octets, scope, endpoint.port, isShared ? 1 : 0, RECEIVE_BUFFER_BYTES);
  if (fd < 0) throw systemError('bind', fd, endpoint);
  return { fd, isV6: octets?.length === 16, port: library.port(fd) };
}

/** Close a socket that no thread uses any more. */
export function closeSocket(library: UdpLibrary, { fd }: OwnSocket): void {
  library.close(fd);
}
