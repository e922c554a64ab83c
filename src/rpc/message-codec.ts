/**
 * Messages between agents as octets: JSON in which octet strings survive, in frames with a kind and a length.
 *
 *     | kind 1 | length 4, big-endian | that many octets |
 *
 * A request is one frame. An answer is any number of messages and then an end or an error: an answer that stops without
 * either was lost on the way, and whoever asked must not take it for complete. Decoders throw `bad_request` for what is
 * not a frame of this form, and never keep more than `maxBytes` of one.
 */
import { AppError, ERRORS, type ErrorCode } from '../model/errors.ts';

const FRAME = { message: 1, error: 2, end: 3 } as const;
type FrameKind = (typeof FRAME)[keyof typeof FRAME];

/** Octets of kind and length before each frame. */
const HEADER_BYTES = 5;

/** Octets of one message. Turning it up lets a peer make this agent hold more at once for each call. */
const MAX_MESSAGE_BYTES = 8 * 1024 * 1024;

/** The member that stands for octets; no message of ours has one of this name besides. */
const OCTETS = '\u0000octets';

function withOctets(this: unknown, key: string, value: unknown): unknown {
  // JSON.stringify has called toJSON of a Buffer already: the original is still in the holder.
  const original = (this as Record<string, unknown>)[key];
  return original instanceof Uint8Array ? { [OCTETS]: Buffer.from(original).toString('base64') } : value;
}

function fromOctets(_key: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  const octets = (value as Record<string, unknown>)[OCTETS];
  return typeof octets === 'string' ? Buffer.from(octets, 'base64') : value;
}

function frame(kind: FrameKind, body: string): Buffer {
  const length = Buffer.byteLength(body);
  if (length > MAX_MESSAGE_BYTES)
    throw new AppError('too_large', `${length} octets are more than agents send each other at once`);
  const octets = Buffer.allocUnsafe(HEADER_BYTES + length);
  octets.writeUInt8(kind, 0);
  octets.writeUInt32BE(length, 1);
  octets.write(body, HEADER_BYTES);
  return octets;
}

/** A frame of one message; `undefined` travels as null. Throws too_large for one that nobody would take. */
export function messageFrame(value: unknown): Buffer {
  return frame(FRAME.message, JSON.stringify(value ?? null, withOctets));
}

/** A frame that ends an answer with a refusal. */
export function errorFrame({ code, message }: AppError): Buffer {
  return frame(FRAME.error, JSON.stringify({ code, message }));
}

/** The frame that ends an answer that is complete. */
export function endFrame(): Buffer {
  return frame(FRAME.end, '');
}

function refusalOf(body: string): AppError {
  const { code, message } = JSON.parse(body) as { code?: unknown; message?: unknown };
  const isKnown = typeof code === 'string' && Object.hasOwn(ERRORS, code);
  // A newer agent may refuse with a code that this one has no row for.
  return new AppError(isKnown ? (code as ErrorCode) : 'store_failed', String(message));
}

export type Frame =
  | { readonly kind: 'message'; readonly value: unknown }
  | { readonly kind: 'error'; readonly error: AppError }
  | { readonly kind: 'end' };

function malformed(why: string): AppError {
  return new AppError('bad_request', `malformed message from another agent: ${why}`);
}

function decoded(kind: number, body: string): Frame {
  try {
    if (kind === FRAME.message) return { kind: 'message', value: JSON.parse(body, fromOctets) };
    if (kind === FRAME.error) return { kind: 'error', error: refusalOf(body) };
  } catch {
    throw malformed('it is not JSON');
  }
  if (kind === FRAME.end) return { kind: 'end' };
  throw malformed(`${kind} is no kind of frame`);
}

/** Puts frames together from the pieces that arrive. */
export class FrameReader {
  readonly #maxBytes: number;
  #pieces: Buffer[] = [];
  #held = 0;

  constructor(maxBytes: number = MAX_MESSAGE_BYTES) {
    this.#maxBytes = maxBytes;
  }

  /** Octets that wait for the rest of their frame. */
  get held(): number {
    return this.#held;
  }

  /** The frames that this piece completes, in order. Throws bad_request for what is no frame or too large a one. */
  *take(piece: Buffer): Iterable<Frame> {
    this.#pieces.push(piece);
    this.#held += piece.length;
    for (;;) {
      const length = this.#bodyLength();
      if (length === undefined || this.#held < HEADER_BYTES + length) return;
      const all = this.#joined();
      const body = all.toString('utf8', HEADER_BYTES, HEADER_BYTES + length);
      this.#pieces = [all.subarray(HEADER_BYTES + length)];
      this.#held = all.length - HEADER_BYTES - length;
      yield decoded(all.readUInt8(0), body);
    }
  }

  /** Length of the frame that is being put together; undefined while its header is not all there. */
  #bodyLength(): number | undefined {
    if (this.#held < HEADER_BYTES) return undefined;
    const [first] = this.#pieces;
    const header = first !== undefined && first.length >= HEADER_BYTES ? first : this.#joined();
    const length = header.readUInt32BE(1);
    if (length > this.#maxBytes) throw malformed(`${length} octets are more than ${this.#maxBytes}`);
    return length;
  }

  #joined(): Buffer {
    const [first] = this.#pieces;
    if (first !== undefined && this.#pieces.length === 1) return first;
    const all = Buffer.concat(this.#pieces);
    this.#pieces = [all];
    return all;
  }
}
