/**
 * The system calls that move many datagrams at once, from the library in native/ (udp-batch.c says what each does).
 *
 * There is a library for Linux on x64 and arm64; elsewhere, and where the system forbids the calls, there is none and
 * node:dgram does the work. Another platform is a row in native/build.mjs and its file. Results are those of the
 * system: a number, or -errno.
 */
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { getSystemErrorName } from 'node:util';

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

/** From src/ and from dist/ alike. */
const FOLDER = new URL('../../../native/', import.meta.url);

/** The library of this platform, tried once; or why there is none. */
export function loadUdpLibrary(folder: URL = FOLDER): UdpLibrary | string {
  const platform = `${process.platform}-${process.arch}`;
  let library: UdpLibrary;
  try {
    library = createRequire(import.meta.url)(
      fileURLToPath(new URL(`${platform}.node`, folder)),
    ) as UdpLibrary;
  } catch (cause) {
    const [line = ''] = (cause as Error).message.split('\n');
    return `no library for ${platform}: ${line}`;
  }
  const tried = library.probe();
  return tried < 0 ? `the system forbids it: ${getSystemErrorName(tried)}` : library;
}
