/**
 * Cuts a stream of octets into whole MessagePack values, without believing what they claim to hold: a value ends where its
 * octets end, and one that is larger, or nested deeper, than anybody's is refused while it arrives.
 *
 * A decoder makes lists as long as their heads say; behind this one, a head of five octets cannot ask for more than came.
 * Only lengths are looked at (github.com/msgpack/msgpack/blob/master/spec.md); message-pack.ts decodes.
 */

/** Lists in lists, and maps. Configurations of proxies are the deepest that there are. */
const MAX_DEPTH = 64;

/** Heads 0xc0 to 0xdf: octets of the length behind the head, and octets that follow whatever it says; undefined is none. */
const HEADS: readonly (readonly [lengthBytes: number, extraBytes: number] | undefined)[] = [
  [0, 0], // nil
  undefined,
  [0, 0], // false
  [0, 0], // true
  [1, 0], // bin 8, 16, 32
  [2, 0],
  [4, 0],
  [1, 1], // ext 8, 16, 32, with its type
  [2, 1],
  [4, 1],
  [0, 4], // float 32, 64
  [0, 8],
  [0, 1], // uint 8 to 64
  [0, 2],
  [0, 4],
  [0, 8],
  [0, 1], // int 8 to 64
  [0, 2],
  [0, 4],
  [0, 8],
  [0, 2], // fixext 1 to 16, with its type
  [0, 3],
  [0, 5],
  [0, 9],
  [0, 17],
  [1, 0], // str 8, 16, 32
  [2, 0],
  [4, 0],
  [2, 0], // array 16, 32
  [4, 0],
  [2, 0], // map 16, 32
  [4, 0],
];

const FIRST_HEAD = 0xc0;
const ARRAY_16 = 0xdc;
const MAP_16 = 0xde;

/** What begins a value: whose head it is, and how many octets or values follow it. */
interface Head {
  readonly bytes: number;
  readonly payloadBytes: number;
  readonly values: number;
}

/** Heads that are one octet. */
function shortHead(octet: number): Head {
  if (octet >= 0xa0 && octet < 0xc0) return { bytes: 1, payloadBytes: octet & 0x1f, values: 0 };
  if (octet >= 0x90 && octet < 0xa0) return { bytes: 1, payloadBytes: 0, values: octet & 0x0f };
  if (octet >= 0x80 && octet < 0x90) return { bytes: 1, payloadBytes: 0, values: 2 * (octet & 0x0f) };
  return { bytes: 1, payloadBytes: 0, values: 0 };
}

/** The head at `at`; undefined when not all of it is there. Throws when there is no such head. */
function headAt(octets: Buffer, at: number): Head | undefined {
  const octet = octets[at];
  if (octet === undefined) return undefined;
  if (octet < FIRST_HEAD || octet >= 0xe0) return shortHead(octet);
  const form = HEADS[octet - FIRST_HEAD];
  if (form === undefined) throw new Error(`there is no value of the form 0x${octet.toString(16)}`);
  const [lengthBytes, extraBytes] = form;
  if (at + 1 + lengthBytes > octets.length) return undefined;
  const length = lengthBytes === 0 ? 0 : octets.readUIntBE(at + 1, lengthBytes);
  const bytes = 1 + lengthBytes;
  if (octet >= MAP_16) return { bytes, payloadBytes: 0, values: 2 * length };
  if (octet >= ARRAY_16) return { bytes, payloadBytes: 0, values: length };
  return { bytes, payloadBytes: length + extraBytes, values: 0 };
}

const NOTHING: Buffer = Buffer.alloc(0);

export class MessageFrames {
  readonly #maxBytes: number;
  /** From the beginning of a value that is not given yet. */
  #octets = NOTHING;
  /** As far as lengths were looked at; it may be beyond what has come. */
  #at = 0;
  /** Whether a value ends at `#at`. */
  #isEndKnown = false;
  /** Values that are still to come in each list or map that is open, the outermost first. */
  readonly #open: number[] = [];

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Octets of a value that is not complete. */
  get begunBytes(): number {
    return this.#octets.length;
  }

  /** Lay a piece behind what is there. */
  add(piece: Buffer): void {
    this.#octets = this.#octets.length === 0 ? piece : Buffer.concat([this.#octets, piece]);
  }

  /** The octets of the next value; undefined until all of them are there. Throws when it is none, or too large. */
  next(): Buffer | undefined {
    while (!this.#isEndKnown && this.#at <= this.#octets.length) {
      const head = headAt(this.#octets, this.#at);
      if (head === undefined) return undefined;
      this.#at += head.bytes + head.payloadBytes;
      if (this.#at > this.#maxBytes) throw new Error(`a value takes more than ${this.#maxBytes} octets`);
      if (head.values > 0) this.#enter(head.values);
      else this.#isEndKnown = this.#isLast();
    }
    return this.#isEndKnown && this.#at <= this.#octets.length ? this.#take() : undefined;
  }

  #enter(values: number): void {
    if (this.#open.length === MAX_DEPTH) throw new Error(`values are nested more than ${MAX_DEPTH} deep`);
    this.#open.push(values);
  }

  /** Count a value that has ended, and all that end with it; whether the outermost did. */
  #isLast(): boolean {
    for (let left = this.#open.pop(); left !== undefined; left = this.#open.pop())
      if (left > 1) {
        this.#open.push(left - 1);
        return false;
      }
    return true;
  }

  #take(): Buffer {
    const value = this.#octets.subarray(0, this.#at);
    this.#octets = this.#octets.subarray(this.#at);
    this.#at = 0;
    this.#isEndKnown = false;
    return value;
  }
}
