import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MessageFrames } from '../../../src/lib/message-frames.ts';
import { pack, textsOf, unpack } from '../../../src/lib/message-pack.ts';

const MAX_BYTES = 1024 * 1024;

/** All whole values of octets that come in pieces of so many. */
function framesOf(octets: Buffer, pieceBytes: number, maxBytes = MAX_BYTES): readonly Buffer[] {
  const frames = new MessageFrames(maxBytes);
  const found: Buffer[] = [];
  for (let at = 0; at < octets.length; at += pieceBytes) {
    frames.add(octets.subarray(at, at + pieceBytes));
    for (let frame = frames.next(); frame !== undefined; frame = frames.next()) found.push(frame);
  }
  return found;
}

/** As JSON has them: without the zero below zero. */
const JSON_VALUE = fc.jsonValue({ maxDepth: 5 }).map((value) => JSON.parse(JSON.stringify(value)) as unknown);

describe('MessagePack', () => {
  test('values are cut and read as they were written, in pieces of any length', () => {
    fc.assert(
      fc.property(fc.array(JSON_VALUE), fc.integer({ min: 1, max: 50 }), (values, pieceBytes) => {
        const octets = Buffer.concat(values.map(pack));
        expect(framesOf(octets, pieceBytes).map((frame) => textsOf(unpack(frame)))).toEqual(values);
      }),
    );
  });

  test.each([
    ['long text', 'x'.repeat(70_000)],
    ['long list', Array.from({ length: 70_000 }, (_, i) => i % 3)],
    ['many names', Object.fromEntries(Array.from({ length: 70_000 }, (_, i) => [`k${i}`, null]))],
    ['large whole numbers', [2 ** 31, 2 ** 32, 2 ** 53 - 1, -(2 ** 40), -1, 127, 128, 1.5]],
    ['names that mean something to JavaScript', JSON.parse('{"__proto__":{"a":1},"constructor":"x"}')],
  ])('of every size: %s', (_what, value) => {
    const octets = pack(value);
    const [frame, ...others] = framesOf(octets, 1_000);
    expect(others).toEqual([]);
    expect(JSON.stringify(textsOf(unpack(frame as Buffer)))).toBe(JSON.stringify(value));
  });

  test('octets that are no text stay what they are', () => {
    const octets = Buffer.from([0, 0xff, 0xfe, 1]);
    const unpacked = unpack(pack({ Value: octets, Flags: 2n ** 64n - 1n })) as Record<string, unknown>;
    expect({ ...unpacked, Value: Buffer.from(unpacked['Value'] as Uint8Array) }).toEqual({
      Value: octets,
      Flags: 2n ** 64n - 1n,
    });
  });

  test('what claims to be more than it is gives no value, and takes nothing', () => {
    expect(framesOf(Buffer.from([0xdd, 0xff, 0xff, 0xff, 0xff]), 5)).toEqual([]);
    expect(framesOf(Buffer.from([0xdb, 0x00, 0x0f, 0xff, 0x00, 0x61]), 2)).toEqual([]);
  });

  test.each([
    ['too large', Buffer.from([0xdb, 0x7f, 0xff, 0xff, 0xff]), /more than 1048576 octets/],
    ['nested too deep', Buffer.alloc(100, 0x91), /nested more than 64 deep/],
    ['of a form that there is not', Buffer.from([0xc1]), /no value of the form 0xc1/],
  ])('a value is refused when it is %s', (_what, octets, why) => {
    expect(() => framesOf(octets, 7)).toThrow(why);
  });
});
