/**
 * Answers what comes to a UDP socket, many datagrams with one system call: receive, handle each, send.
 *
 * In the event loop, whenever the socket is readable; nothing ever waits for more to come. When the send buffer is full,
 * reading pauses until there is room: the queue is then the kernel's receive buffer, which is bounded and whose losses
 * are counted (kernel-drops.ts). A reply that the system refuses is left out, and the others go. The socket belongs to
 * whoever opened it (udp-sockets.ts); here it is only used.
 */
import os from 'node:os';
import type { Clock, Timer } from '../../lib/clock.ts';
import type { Logger } from '../../lib/logger.ts';
import type { Counters } from '../counters.ts';
import type { Client, Handler } from '../handle.ts';
import { type Batch, READABLE, type UdpLibrary, WRITABLE } from './udp-library.ts';
import { Slots } from './udp-slots.ts';
import { type BoundSocket, systemError } from './udp-sockets.ts';

export interface BatchParts {
  readonly library: UdpLibrary;
  readonly handler: Pick<Handler, 'handle'>;
  readonly counters: Pick<Counters, 'dropped'>;
  readonly clock: Pick<Clock, 'after'>;
  readonly log: Pick<Logger, 'warn'>;
}

/** Batches in a row before the loop looks at everything else: some milliseconds when all of them are full. */
const MAX_BATCHES = 8;
/** Whoever sent two may have sent more meanwhile; after a lone datagram another look is seldom worth the call. */
const WORTH_ANOTHER_LOOK = 2;
/** Replies of upstream servers that wait for room in the send buffer; as many may be under way at a time by default. */
const MAX_LATE = 1_000;
/** After an error of the socket itself, in ms: one that stays must not take a whole core. */
const WATCH_AGAIN_MS = 100;

const { EAGAIN, EINTR } = os.constants.errno;

/** A reply that was made when the slot of its question had been used again. */
interface LateReply {
  readonly octets: Uint8Array;
  readonly peer: Uint8Array;
}

class BatchServer {
  readonly #parts: BatchParts;
  readonly #slots: Slots;
  readonly #batch: Batch;
  readonly #client: Client = { transport: 'udp', address: () => this.#slots.address(this.#slot) };
  readonly #saidErrors = new Set<number>();
  /** Slot of the datagram that is being handled. */
  #slot = 0;
  /** Replies of the present batch, and how many of them are gone. */
  #replies = 0;
  #sent = 0;
  readonly #late: LateReply[] = [];
  #isPaused = false;
  #isClosed = false;
  #retry: Timer | undefined;

  constructor({ fd, isV6 }: BoundSocket, parts: BatchParts) {
    const { library } = parts;
    this.#parts = parts;
    this.#slots = new Slots(library.layout, isV6);
    const batch = library.attach(fd, isV6 ? 1 : 0, this.#slots.memory, (events) => this.#onReady(events));
    if (typeof batch === 'number') throw systemError('attach', batch);
    this.#batch = batch;
    library.watch(batch, READABLE);
  }

  close(): void {
    this.#isClosed = true;
    this.#retry?.cancel();
    this.#parts.library.detach(this.#batch);
  }

  #onReady(events: number): void {
    if (this.#isClosed) return;
    if (events < 0) this.#watchAgain(events);
    else if (!this.#isPaused) this.#answer();
    else if (this.#flush()) this.#pause(false);
  }

  #answer(): void {
    for (let batches = 0; batches < MAX_BATCHES; batches += 1) {
      const count = this.#parts.library.receive(this.#batch);
      if (count < 0) {
        if (count !== -EAGAIN && count !== -EINTR) this.#say(count, 'receive');
        return;
      }
      this.#handle(count);
      if (!this.#flush()) {
        this.#pause(true);
        return;
      }
      if (count < WORTH_ANOTHER_LOOK) return;
    }
  }

  #handle(count: number): void {
    const slots = this.#slots;
    const { handler, counters } = this.#parts;
    this.#replies = 0;
    this.#sent = 0;
    for (let slot = 0; slot < count; slot += 1) {
      if (slots.isCut(slot)) {
        counters.dropped('udp', 'too_large');
        continue;
      }
      // Nothing can be sent to port 0; a packet that claims to come from there is forged.
      if (slots.port(slot) === 0) continue;
      this.#slot = slot;
      const out = slots.outs[this.#replies] as Uint8Array;
      const handled = handler.handle(slots.packet(slot), this.#client, out);
      if (typeof handled !== 'number') void this.#replyLater(handled, slots.peer(slot));
      else if (handled > 0) {
        slots.reply(this.#replies, slot, handled);
        this.#replies += 1;
      }
    }
  }

  /** Send what is ready; false when there is no room for the rest. */
  #flush(): boolean {
    const { library } = this.#parts;
    while (this.#sent < this.#replies) {
      const result = library.send(this.#batch, this.#sent, this.#replies - this.#sent);
      if (result === -EAGAIN) return false;
      this.#sent += result > 0 ? result : this.#giveUp(result);
    }
    for (let next = this.#late[0]; next !== undefined; next = this.#late[0]) {
      const result = library.sendLate(this.#batch, next.octets, next.peer);
      if (result === -EAGAIN) return false;
      if (result >= 0 || this.#giveUp(result) > 0) this.#late.shift();
    }
    return true;
  }

  /** How many replies are left out because of this error: the one that caused it, or none when a signal did. */
  #giveUp(error: number): number {
    if (error === -EINTR) return 0;
    this.#parts.counters.dropped('udp', 'unsendable');
    this.#say(error, 'send');
    return 1;
  }

  async #replyLater(reply: Promise<Uint8Array | null>, peer: Uint8Array): Promise<void> {
    const octets = await reply;
    if (octets === null || octets.length === 0 || this.#isClosed) return;
    if (this.#late.length >= MAX_LATE) {
      this.#parts.counters.dropped('udp', 'too_many');
      return;
    }
    this.#late.push({ octets, peer });
    if (!this.#isPaused && !this.#flush()) this.#pause(true);
  }

  /** Stop reading until there is room to send, or go on. */
  #pause(isPaused: boolean): void {
    this.#isPaused = isPaused;
    this.#parts.library.watch(this.#batch, isPaused ? WRITABLE : READABLE);
  }

  /** An error of the socket has ended the watch; receiving takes the error from the socket. */
  #watchAgain(error: number): void {
    this.#say(error, 'watch');
    this.#retry = this.#parts.clock.after(WATCH_AGAIN_MS, () => {
      this.#answer();
      this.#pause(this.#isPaused);
    });
  }

  /** Log an error of the system the first time that it happens. */
  #say(error: number, call: string): void {
    if (this.#saidErrors.has(error)) return;
    this.#saidErrors.add(error);
    this.#parts.log.warn({ err: systemError(call, error) }, 'UDP socket');
  }
}

/** Answer on a bound socket in this thread until the returned function is called, which leaves the socket open. */
export function serveBatches(socket: BoundSocket, parts: BatchParts): () => void {
  const server = new BatchServer(socket, parts);
  return () => server.close();
}
