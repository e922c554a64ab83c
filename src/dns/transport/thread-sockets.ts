/**
 * The UDP sockets of DNS threads: one for each thread and address, opened and closed by the main thread.
 *
 * The sockets of an address share its port, and the system spreads clients over them. A thread only uses its sockets. While
 * it is dead the main thread answers in its place, so what was sent to it is not even late.
 */
import type { Endpoint } from './endpoint.ts';
import { type BatchParts, serveBatches } from './udp-batch.ts';
import { type BoundSocket, closeSocket, type OwnSocket, openSocket } from './udp-sockets.ts';

export interface ThreadSockets {
  /** Open a socket there for each thread. Throws the system's error when the address cannot be had. */
  open(endpoint: Endpoint): void;
  /** What a thread is told to use. */
  of(thread: number): readonly BoundSocket[];
  /** Answer in this thread what comes for a dead one; no more than that when this is done already. */
  standIn(thread: number): void;
  /** The thread answers again. */
  handBack(thread: number): void;
  /** Close everything; the threads have ended. */
  close(): void;
}

/** Sockets for `count` threads. */
export function makeThreadSockets(count: number, parts: BatchParts): ThreadSockets {
  const { library } = parts;
  const sockets: OwnSocket[][] = Array.from({ length: count }, () => []);
  const standIns = new Map<number, readonly (() => void)[]>();

  function handBack(thread: number): void {
    for (const stop of standIns.get(thread) ?? []) stop();
    standIns.delete(thread);
  }

  return {
    open(endpoint) {
      for (const own of sockets) own.push(openSocket(library, endpoint, count > 1));
    },
    of: (thread) => (sockets[thread] ?? []).map(({ fd, isV6 }) => ({ fd, isV6 })),
    standIn(thread) {
      if (standIns.has(thread)) return;
      standIns.set(
        thread,
        (sockets[thread] ?? []).map((socket) => serveBatches(socket, parts)),
      );
    },
    handBack,
    close() {
      for (const thread of sockets.keys()) handBack(thread);
      for (const own of sockets) for (const socket of own.splice(0)) closeSocket(library, socket);
    },
  };
}
