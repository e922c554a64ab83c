/**
 * Reads a tar archive (tar.ts) as it arrives, in pieces of any length; holds one header and nothing else.
 *
 * It ends with the first empty block; what follows is left alone.
 */
import { BLOCK, paddingOf, readHeader, type TarHeader } from './tar.ts';

/** Told of the contents of files, piece by piece; `file` is the same object for all pieces of one. */
export type ContentListener = (file: TarHeader, piece: Buffer) => void;

export class TarReader {
  readonly #onContent: ContentListener;
  readonly #header = Buffer.alloc(BLOCK);
  #headerLength = 0;
  #file: TarHeader | undefined;
  /** Octets of the file that are to come, and of what fills its last block up. */
  #left = 0;
  #padding = 0;
  #state: 'reading' | 'ended' | 'damaged' = 'reading';

  constructor(onContent: ContentListener) {
    this.#onContent = onContent;
  }

  /** Whether the archive was whole. */
  get hasEnded(): boolean {
    return this.#state === 'ended';
  }

  /** Take the next piece. What comes after the end, or after damage, is not looked at. */
  add(piece: Buffer): void {
    for (let at = 0; at < piece.length && this.#state === 'reading'; ) {
      const rest = piece.subarray(at);
      if (this.#left > 0) at += this.#takeContent(rest);
      else if (this.#padding > 0) at += this.#skip(rest);
      else at += this.#takeHeader(rest);
    }
  }

  #takeContent(rest: Buffer): number {
    const length = Math.min(this.#left, rest.length);
    this.#left -= length;
    this.#onContent(this.#file as TarHeader, rest.subarray(0, length));
    return length;
  }

  #skip(rest: Buffer): number {
    const length = Math.min(this.#padding, rest.length);
    this.#padding -= length;
    return length;
  }

  #takeHeader(rest: Buffer): number {
    const length = rest.copy(this.#header, this.#headerLength, 0, BLOCK - this.#headerLength);
    this.#headerLength += length;
    if (this.#headerLength === BLOCK) this.#beginFile();
    return length;
  }

  #beginFile(): void {
    this.#headerLength = 0;
    if (this.#header.every((octet) => octet === 0)) {
      this.#state = 'ended';
      return;
    }
    this.#file = readHeader(this.#header);
    if (this.#file === undefined) {
      this.#state = 'damaged';
      return;
    }
    this.#left = this.#file.size;
    this.#padding = paddingOf(this.#file.size);
    if (this.#left === 0) this.#onContent(this.#file, this.#header.subarray(0, 0));
  }
}
