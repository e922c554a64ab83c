/**
 * Messages of gRPC on a stream: one octet that says whether the message is compressed, four that count it, the message.
 *
 * Compressed messages are refused: none is asked for. github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md
 */

const PREFIX_BYTES = 5;

/** A message with its prefix. */
export function frame(message: Buffer): Buffer {
  const prefix = Buffer.alloc(PREFIX_BYTES);
  prefix.writeUInt32BE(message.length, 1);
  return Buffer.concat([prefix, message]);
}

/** Cuts what arrives, in pieces of any size, into messages. */
export class FrameReader {
  readonly #maxBytes: number;
  #pieces: Buffer[] = [];
  #size = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** The messages that are whole now. Throws RangeError for a compressed one and for one over the limit. */
  push(piece: Buffer): Buffer[] {
    this.#pieces.push(piece);
    this.#size += piece.length;
    const whole: Buffer[] = [];
    for (let length = this.#nextLength(); length !== undefined; length = this.#nextLength()) {
      const end = PREFIX_BYTES + length;
      if (this.#size < end) break;
      const all = this.#joined();
      whole.push(all.subarray(PREFIX_BYTES, end));
      this.#pieces = [all.subarray(end)];
      this.#size -= end;
    }
    return whole;
  }

  /** Octets of the message that is next; undefined while its prefix is not there yet. */
  #nextLength(): number | undefined {
    if (this.#size < PREFIX_BYTES) return undefined;
    if ((this.#pieces[0] as Buffer).length < PREFIX_BYTES) this.#joined();
    const first = this.#pieces[0] as Buffer;
    if (first[0] !== 0) throw new RangeError('a message is compressed, which was not asked for');
    const length = first.readUInt32BE(1);
    if (length > this.#maxBytes)
      throw new RangeError(`a message of ${length} octets is over the limit of ${this.#maxBytes}`);
    return length;
  }

  #joined(): Buffer {
    const all = this.#pieces.length === 1 ? (this.#pieces[0] as Buffer) : Buffer.concat(this.#pieces);
    this.#pieces = [all];
    return all;
  }
}
