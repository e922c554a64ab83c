/**
 * The memory of a batch as JavaScript sees it: datagrams that came, replies that go, who they are from and for.
 *
 * The library writes received datagrams into slots and sends replies from others; each reply names the slot of the
 * datagram it answers. No object is made for a datagram: each is looked at through one scratch place, by views that are
 * kept by length. What is in a slot is true until the next receive.
 */
import { formatIp } from '../../lib/ip.ts';
import type { Layout } from './udp-library.ts';

const REPLY_NUMBERS = 2;

/** Lengths of ordinary queries; views for longer ones are made each time. */
const KEPT_LENGTHS = 512;

export class Slots {
  readonly memory: ArrayBuffer;
  /** Where replies are written. */
  readonly outs: readonly Uint8Array[];
  readonly #layout: Layout;
  readonly #octets: Uint8Array;
  readonly #lengths: Int32Array;
  readonly #replies: Int32Array;
  readonly #isV6: boolean;
  readonly #views: (Uint8Array | undefined)[] = new Array(KEPT_LENGTHS).fill(undefined);

  constructor(layout: Layout, isV6: boolean) {
    this.#layout = layout;
    this.#isV6 = isV6;
    this.memory = new ArrayBuffer(layout.bytes);
    this.#octets = new Uint8Array(this.memory);
    this.#lengths = new Int32Array(this.memory, layout.lengthsAt, layout.slots);
    this.#replies = new Int32Array(this.memory, layout.repliesAt, layout.slots * REPLY_NUMBERS);
    this.outs = Array.from(
      { length: layout.slots },
      (_, i) => new Uint8Array(this.memory, layout.outAt + i * layout.outStride, layout.outBytes),
    );
  }

  /** Whether the datagram was longer than a slot and has lost its end. */
  isCut(slot: number): boolean {
    return (this.#lengths[slot] as number) < 0;
  }

  /** The datagram of a slot; the octets are true until this is called again. */
  packet(slot: number): Uint8Array {
    const length = this.#lengths[slot] as number;
    const { inAt, inStride, scratchAt } = this.#layout;
    const start = inAt + slot * inStride;
    this.#octets.copyWithin(scratchAt, start, start + length);
    if (length >= KEPT_LENGTHS) return new Uint8Array(this.memory, scratchAt, length);
    let view = this.#views[length];
    if (view === undefined) {
      view = new Uint8Array(this.memory, scratchAt, length);
      this.#views[length] = view;
    }
    return view;
  }

  /** Port of who sent the datagram. */
  port(slot: number): number {
    const at = this.#peerAt(slot) + this.#layout.portAt;
    return ((this.#octets[at] as number) << 8) | (this.#octets[at + 1] as number);
  }

  /** Address of who sent the datagram, as text. */
  address(slot: number): string {
    const { ipv4At, ipv6At } = this.#layout;
    const at = this.#peerAt(slot) + (this.#isV6 ? ipv6At : ipv4At);
    return formatIp(this.#octets.subarray(at, at + (this.#isV6 ? 16 : 4)));
  }

  /** All that is needed to answer the datagram when its slot has been used again. */
  peer(slot: number): Uint8Array {
    const at = this.#peerAt(slot);
    return this.#octets.slice(at, at + this.#layout.peerBytes);
  }

  /** The first `length` octets of `outs[index]` are the reply to the datagram in `slot`. */
  reply(index: number, slot: number, length: number): void {
    this.#replies[index * REPLY_NUMBERS] = length;
    this.#replies[index * REPLY_NUMBERS + 1] = slot;
  }

  #peerAt(slot: number): number {
    return this.#layout.peersAt + slot * this.#layout.peerBytes;
  }
}
