/**
 * The system calls that move many datagrams at once, from the library in native/ (udp-batch.c says what each does).
 *
 * Where there is no library (lib/native-library.ts), or the system forbids the calls, node:dgram does the work. Results are
 * those of the system: a number, or -errno.
 */
import { getSystemErrorName } from 'node:util';
import { loadNativeLibrary } from '../../lib/native-library.ts';

/** Where what is, octets from the beginning of the memory of a batch. */
export interface Layout {
  readonly slots: number;
  readonly bytes: number;
  readonly lengthsAt: number;
  readonly repliesAt: number;
  readonly peersAt: number;
  readonly peerBytes: number;
  /** Within a peer. */
  readonly portAt: number;
  readonly ipv4At: number;
  readonly ipv6At: number;
  readonly scratchAt: number;
  readonly inAt: number;
  readonly inBytes: number;
  readonly inStride: number;
  readonly outAt: number;
  readonly outBytes: number;
  readonly outStride: number;
}

/** A socket in use by a thread; only the library looks inside. */
export type Batch = object;

/** What a thread can be told of a socket. */
export const READABLE = 1;
export const WRITABLE = 2;

export interface UdpLibrary {
  readonly layout: Layout;
  probe(): number;
  /** A bound socket, as descriptor. `scope` is the number of the interface of a link-local address, else 0. */
  open(octets: Uint8Array, scope: number, port: number, isShared: 0 | 1, receiveBytes: number): number;
  port(fd: number): number;
  close(fd: number): number;
  /** Use a socket in this thread. `onReady` gets what the socket is ready for, or -errno, which also ends the watch. */
  attach(fd: number, isV6: 0 | 1, memory: ArrayBuffer, onReady: (events: number) => void): Batch | number;
  receive(batch: Batch): number;
  send(batch: Batch, first: number, count: number): number;
  sendLate(batch: Batch, octets: Uint8Array, peer: Uint8Array): number;
  watch(batch: Batch, events: number): number;
  detach(batch: Batch): number;
}

/** The library of this platform, tried once; or why there is none. */
export function loadUdpLibrary(folder?: URL): UdpLibrary | string {
  const loaded = loadNativeLibrary(folder);
  if (typeof loaded === 'string') return loaded;
  const library = loaded as UdpLibrary;
  const tried = library.probe();
  return tried < 0 ? `the system forbids it: ${getSystemErrorName(tried)}` : library;
}
