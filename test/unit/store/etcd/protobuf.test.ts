import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  bool,
  bytes,
  decode,
  encode,
  id,
  message,
  messages,
  number,
  schema,
  text,
  texts,
} from '../../../../src/store/etcd/protobuf.ts';

const INNER = schema({ name: text(1), count: number(2) });
const OUTER = schema({
  key: bytes(1),
  isSet: bool(2),
  count: number(3),
  lease: id(4),
  inner: message(5, INNER),
  items: messages(6, INNER),
  urls: texts(16),
});

const hex = (octets: Buffer): string => octets.toString('hex');

describe('octets on the wire', () => {
  test('are those of the encoding guide', () => {
    expect(hex(encode(schema({ a: number(1) }), { a: 150 }))).toBe('089601');
    expect(hex(encode(schema({ b: text(2) }), { b: 'testing' }))).toBe('120774657374696e67');
    expect(hex(encode(schema({ c: message(3, schema({ a: number(1) })) }), { c: { a: 150 } }))).toBe(
      '1a03089601',
    );
  });

  test('of a negative number are ten', () => {
    const octets = encode(INNER, { count: -1 });
    expect(hex(octets)).toBe('10ffffffffffffffffff01');
    expect(decode(INNER, octets).count).toBe(-1);
  });

  test('of an identifier keep all 64 bits', () => {
    const octets = encode(OUTER, { lease: 0xffff_ffff_ffff_fffen });
    expect(decode(OUTER, octets).lease).toBe(0xffff_ffff_ffff_fffen);
  });

  test('of an empty message say that it is there', () => {
    const octets = encode(OUTER, { inner: {} });
    expect(hex(octets)).toBe('2a00');
    expect(decode(OUTER, octets).inner).toEqual({ name: '', count: 0 });
  });
});

describe('a message', () => {
  const inner = fc.record({ name: fc.string({ unit: 'binary' }), count: fc.maxSafeInteger() });
  const outer = fc.record({
    key: fc.uint8Array().map((octets) => Buffer.from(octets)),
    isSet: fc.boolean(),
    count: fc.maxSafeInteger(),
    lease: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
    inner: fc.option(inner, { nil: undefined }),
    items: fc.array(inner),
    urls: fc.array(fc.string()),
  });

  test('comes back as it was sent, whatever it holds', () => {
    const wellFormed = outer.filter(({ inner: one, items, urls }) =>
      [one?.name ?? '', ...items.map(({ name }) => name), ...urls].every((each) => each.isWellFormed()),
    );
    fc.assert(
      fc.property(wellFormed, (sent) => {
        expect(decode(OUTER, encode(OUTER, sent as never))).toEqual(sent);
      }),
    );
  });

  test('has defaults for what was not sent', () => {
    expect(decode(OUTER, Buffer.alloc(0))).toEqual({
      key: Buffer.alloc(0),
      isSet: false,
      count: 0,
      lease: 0n,
      inner: undefined,
      items: [],
      urls: [],
    });
  });

  test('of a newer version is read without what is unknown', () => {
    const newer = schema({
      ...{ name: text(1) },
      a: number(7),
      b: text(8),
      c: message(9, INNER),
      count: number(2),
    });
    const octets = encode(newer, { name: 'n', a: 1, b: 'x', c: { name: 'y' }, count: 5 });
    const fixed = Buffer.from([(10 << 3) | 1, 1, 2, 3, 4, 5, 6, 7, 8, (11 << 3) | 5, 1, 2, 3, 4]);
    expect(decode(INNER, Buffer.concat([fixed, octets]))).toEqual({ name: 'n', count: 5 });
  });

  test('whose field has another type than expected is read without it', () => {
    expect(decode(INNER, encode(schema({ name: number(1) }), { name: 7 }))).toEqual({ name: '', count: 0 });
  });
});

describe('octets that are no message', () => {
  test('are refused wherever they are cut off', () => {
    const whole = encode(INNER, { name: 'abcdef', count: 300 });
    const ends = new Set<number>([0, 8, whole.length]); // between two fields it is a message
    for (let length = 0; length < whole.length; length += 1) {
      if (!ends.has(length))
        expect(() => decode(INNER, whole.subarray(0, length)), `${length}`).toThrow(RangeError);
    }
  });

  test('end in an error or a message, whatever they are', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (octets) => {
        try {
          decode(OUTER, Buffer.from(octets));
        } catch (error) {
          expect(error).toBeInstanceOf(Error);
        }
      }),
    );
  });

  test('are refused when a counter is beyond what can be counted', () => {
    const octets = encode(schema({ count: id(2) }), { count: 2n ** 60n });
    expect(() => decode(INNER, octets)).toThrow('too large');
  });
});
