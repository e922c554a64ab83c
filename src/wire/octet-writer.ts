/**
 * A cursor that fills a message, with name compression.
 *
 * Writing past the limit sets `isFull` and writes nothing more, so an encoder writes a whole record, asks, and takes it
 * back with `rewind` when it did not fit. Suffixes are found again by their exact octets: pointing at a name that differs
 * in case would change the case that a client sees. Pointers reach 14 bits (RFC 1035 §4.1.4); names beyond that are
 * written but not remembered. Never throws.
 */
import { MAX_POINTER } from './constants.ts';
import type { WireName } from './name.ts';

/** Names as text from each label on, which is what names are compared by; kept for those that are written again. */
export class Suffixes {
  readonly #texts = new Map<WireName, readonly string[]>();

  /** One text for each label, leftmost first; one character per octet. */
  of(name: WireName): readonly string[] {
    let texts = this.#texts.get(name);
    if (texts === undefined) {
      texts = suffixesOf(name);
      this.#texts.set(name, texts);
    }
    return texts;
  }
}

function suffixesOf(name: WireName): readonly string[] {
  const whole = String.fromCharCode(...name);
  const texts: string[] = [];
  for (let at = 0; name[at] !== 0; at += (name[at] as number) + 1) texts.push(whole.slice(at));
  return texts;
}

export class Writer {
  readonly #out: Uint8Array;
  readonly #limit: number;
  readonly #compress: boolean;
  readonly #suffixes: Suffixes;
  /** Suffix to the offset where it stands. */
  readonly #known = new Map<string, number>();
  #offset = 0;
  #isFull = false;

  /** Fill `out` up to `limit` octets; `suffixes` is shared by those who write the same names. */
  constructor(out: Uint8Array, limit: number, compress = true, suffixes = new Suffixes()) {
    this.#out = out;
    this.#limit = Math.min(limit, out.length);
    this.#compress = compress;
    this.#suffixes = suffixes;
  }

  get offset(): number {
    return this.#offset;
  }

  get isFull(): boolean {
    return this.#isFull;
  }

  u8(value: number): void {
    if (this.#reserve(1)) this.#out[this.#offset++] = value;
  }

  u16(value: number): void {
    if (!this.#reserve(2)) return;
    this.#out[this.#offset++] = value >>> 8;
    this.#out[this.#offset++] = value;
  }

  u32(value: number): void {
    this.u16(value >>> 16);
    this.u16(value & 0xffff);
  }

  bytes(octets: Uint8Array): void {
    if (!this.#reserve(octets.length)) return;
    this.#out.set(octets, this.#offset);
    this.#offset += octets.length;
  }

  /** Overwrite two octets that were written before. */
  patchU16(at: number, value: number): void {
    this.#out[at] = value >>> 8;
    this.#out[at + 1] = value;
  }

  /** A name that may point at an earlier one. */
  name(name: WireName): void {
    if (this.#compress) this.#name(name, true);
    else this.bytes(name);
  }

  /** A name in full, which later ones may point at. */
  plainName(name: WireName): void {
    if (this.#compress) this.#name(name, false);
    else this.bytes(name);
  }

  /** Go back to `offset` and forget the names after it; clears `isFull`. */
  rewind(offset: number): void {
    this.#offset = offset;
    this.#isFull = false;
    for (const [suffix, at] of this.#known) if (at >= offset) this.#known.delete(suffix);
  }

  #name(name: WireName, mayPoint: boolean): void {
    let at = 0;
    for (const suffix of this.#suffixes.of(name)) {
      const known = this.#known.get(suffix);
      if (known !== undefined && mayPoint) {
        this.u16(0xc000 | known);
        return;
      }
      if (known === undefined && this.#offset <= MAX_POINTER) this.#known.set(suffix, this.#offset);
      const end = at + (name[at] as number) + 1;
      this.bytes(name.subarray(at, end));
      at = end;
    }
    this.u8(0);
  }

  #reserve(count: number): boolean {
    if (this.#offset + count > this.#limit) this.#isFull = true;
    return !this.#isFull;
  }
}
