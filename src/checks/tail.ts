/**
 * Keeps the last octets of what flows by, and how much that was. Memory stays below twice the limit and one chunk.
 */
export class Tail {
  readonly #maxBytes: number;
  #chunks: Buffer[] = [];
  #keptBytes = 0;
  #totalBytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Octets that flowed by. */
  get totalBytes(): number {
    return this.#totalBytes;
  }

  push(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#keptBytes += chunk.length;
    this.#totalBytes += chunk.length;
    if (this.#keptBytes > this.#maxBytes * 2) this.#squeeze();
  }

  /** The kept octets as text; a character that the limit splits is left out. */
  text(): string {
    this.#squeeze();
    const bytes = this.#chunks[0] ?? Buffer.alloc(0);
    let start = 0;
    if (this.#totalBytes > bytes.length)
      while (start < 3 && ((bytes[start] ?? 0) & 0xc0) === 0x80) start += 1;
    return bytes.toString('utf8', start);
  }

  #squeeze(): void {
    const all = this.#chunks.length === 1 ? (this.#chunks[0] as Buffer) : Buffer.concat(this.#chunks);
    // A copy, so that a small tail does not keep a large chunk alive.
    const kept = all.length > this.#maxBytes ? Buffer.from(all.subarray(all.length - this.#maxBytes)) : all;
    this.#chunks = [kept];
    this.#keptBytes = kept.length;
  }
}
