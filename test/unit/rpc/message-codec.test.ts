import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AppError } from '../../../src/model/errors.ts';
import {
  endFrame,
  errorFrame,
  type Frame,
  FrameReader,
  messageFrame,
} from '../../../src/rpc/message-codec.ts';

function framesOf(octets: Buffer, cuts: readonly number[] = []): Frame[] {
  const reader = new FrameReader();
  const ends = [...new Set(cuts.map((cut) => cut % (octets.length + 1)))].sort((a, b) => a - b);
  const pieces = [...ends, octets.length].map((end, i, all) =>
    octets.subarray(i === 0 ? 0 : all[i - 1], end),
  );
  return pieces.flatMap((piece) => [...reader.take(piece)]);
}

describe('messages between agents', () => {
  it('are read as they were written, however the octets are cut', () => {
    const json = fc.jsonValue().filter((value) => !Object.is(value, -0));
    fc.assert(
      fc.property(fc.array(json, { maxLength: 5 }), fc.array(fc.nat(), { maxLength: 8 }), (values, cuts) => {
        const octets = Buffer.concat([...values.map(messageFrame), endFrame()]);
        const frames = framesOf(octets, cuts);
        const read = frames.map((frame) => (frame.kind === 'message' ? frame.value : frame.kind));
        expect(JSON.stringify(read)).toBe(JSON.stringify([...values, 'end']));
      }),
    );
  });

  it('carry octets', () => {
    const [frame] = framesOf(messageFrame({ rows: [{ value: Buffer.from([0, 255, 128]) }] }));
    expect(frame).toEqual({ kind: 'message', value: { rows: [{ value: Buffer.from([0, 255, 128]) }] } });
  });

  it('carry a refusal with its code, and one of a code that is not known as a failure', () => {
    const [known] = framesOf(errorFrame(new AppError('not_found', 'no such thing')));
    expect(known).toMatchObject({ kind: 'error', error: { code: 'not_found', message: 'no such thing' } });
    const newer = { code: 'from_the_future', message: 'x' } as unknown as AppError;
    expect(framesOf(errorFrame(newer))[0]).toMatchObject({ error: { code: 'store_failed', message: 'x' } });
  });

  it.each([
    ['a length over the limit', Buffer.from([1, 255, 255, 255, 255])],
    ['a kind that is none', Buffer.from([9, 0, 0, 0, 0])],
    ['text that is no JSON', Buffer.from([1, 0, 0, 0, 1, 0x7b])],
  ])('are refused with %s', (_what, octets) => {
    expect(() => framesOf(octets)).toThrow('malformed message from another agent');
  });
});
