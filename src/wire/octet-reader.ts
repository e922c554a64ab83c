/**
 * A cursor over the octets of a received message that cannot read past their end.
 *
 * The first read that would leave the message sets `failed`; that read and all later ones give zeros, so a decoder
 * reads straight on and asks once at the end. Never throws. Numbers are big-endian (RFC 1035 §2.3.2).
 * Extend with a method for each new shape of field, each going through `#take`.
 */
import { expandName } from './name.ts';

const NOTHING = new Uint8Array(0);

export class Reader {
  readonly #bytes: Uint8Array;
  readonly #end: number;
  #offset: number;
  #failed = false;

  /** Read `bytes` from `offset` up to `end` (default: all). Names may point back anywhere in `bytes`. */
  constructor(bytes: Uint8Array, offset = 0, end: number = bytes.length) {
    this.#bytes = bytes;
    this.#offset = offset;
    this.#end = Math.min(end, bytes.length);
  }

  get offset(): number {
    return this.#offset;
  }

  get failed(): boolean {
    return this.#failed;
  }

  get remaining(): number {
    return this.#end - this.#offset;
  }

  u8(): number {
    const at = this.#take(1);
    return at < 0 ? 0 : (this.#bytes[at] as number);
  }

  u16(): number {
    const at = this.#take(2);
    return at < 0 ? 0 : ((this.#bytes[at] as number) << 8) | (this.#bytes[at + 1] as number);
  }

  u32(): number {
    return this.u16() * 0x10000 + this.u16();
  }

  /** A view of the next `count` octets. */
  bytes(count: number): Uint8Array {
    const at = this.#take(count);
    return at < 0 ? NOTHING : this.#bytes.subarray(at, at + count);
  }

  /** The next name, expanded (RFC 1035 §4.1.4); empty octets when it is malformed. */
  name(): Uint8Array {
    const found = this.#failed ? undefined : expandName(this.#bytes, this.#offset);
    if (found === undefined || found.end > this.#end) {
      this.#failed = true;
      return NOTHING;
    }
    this.#offset = found.end;
    return found.name;
  }

  #take(count: number): number {
    const at = this.#offset;
    if (this.#failed || at + count > this.#end) {
      this.#failed = true;
      return -1;
    }
    this.#offset = at + count;
    return at;
  }
}
