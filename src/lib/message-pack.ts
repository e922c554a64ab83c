/**
 * MessagePack as the Go codec of Consul writes and reads it: texts and octets are one kind, and whole numbers of any size
 * are whole numbers.
 *
 * Texts come as octets, because only whoever reads a field knows what it holds; `textsOf` makes them texts. Decode only
 * what was cut by message-frames.ts, or lists are made as long as somebody claims.
 */
import { type DecoderOptions, decode, encode } from '@msgpack/msgpack';

/** The library refuses this key, though it is a name as any other here; so it is another one while the library sees it. */
const REFUSED_KEY = '__proto__';
const STAND_IN = '\u0001_proto_\u0001';

const DECODING: DecoderOptions = {
  rawStrings: true,
  useBigInt64: true,
  keyDecoder: {
    canBeCached: (byteLength) => byteLength === REFUSED_KEY.length,
    decode: (bytes, from, byteLength) => {
      const key = Buffer.from(bytes.buffer, bytes.byteOffset + from, byteLength).toString('utf8');
      return key === REFUSED_KEY ? STAND_IN : key;
    },
  },
};

/** The value that these octets are. Throws when they are none. */
export function unpack(octets: Buffer): unknown {
  return decode(octets, DECODING);
}

/** The same value with texts in place of octets, and numbers in place of bigint. */
export function textsOf(unpacked: unknown): unknown {
  if (unpacked instanceof Uint8Array)
    return Buffer.from(unpacked.buffer, unpacked.byteOffset, unpacked.length).toString('utf8');
  if (typeof unpacked === 'bigint') return Number(unpacked);
  if (Array.isArray(unpacked)) return unpacked.map(textsOf);
  if (typeof unpacked !== 'object' || unpacked === null) return unpacked;
  return Object.fromEntries(
    Object.entries(unpacked).map(([key, value]) => [key === STAND_IN ? REFUSED_KEY : key, textsOf(value)]),
  );
}

const MAX_UINT_32 = 2 ** 32 - 1;

/** The library makes floating-point numbers of large whole ones, which Go does not take for whole ones. */
function withWholeNumbers(value: unknown): unknown {
  if (typeof value === 'number')
    return Number.isSafeInteger(value) && Math.abs(value) > MAX_UINT_32 / 2 ? BigInt(value) : value;
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return value;
  if (Array.isArray(value)) return value.map(withWholeNumbers);
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, withWholeNumbers(item)]));
}

/** The octets of a value; what is undefined is left out. */
export function pack(value: unknown): Buffer {
  const octets = encode(withWholeNumbers(value), { useBigInt64: true, ignoreUndefined: true });
  return Buffer.from(octets.buffer, octets.byteOffset, octets.length);
}
