import { expect, test } from 'vitest';
import { FrameReader, frame } from '../../../../src/store/etcd/grpc-frames.ts';

test('messages come out whole, however they were cut', () => {
  const sent = [Buffer.from('one'), Buffer.alloc(0), Buffer.from('three'.repeat(100))];
  const octets = Buffer.concat(sent.map(frame));
  for (const size of [1, 2, 4, 5, 6, 7, 100, octets.length]) {
    const reader = new FrameReader(1_000);
    const read: Buffer[] = [];
    for (let at = 0; at < octets.length; at += size)
      read.push(...reader.push(octets.subarray(at, at + size)));
    expect(read.map(String), `${size} at a time`).toEqual(sent.map(String));
  }
});

test('a message over the limit is refused before it has arrived', () => {
  const reader = new FrameReader(10);
  expect(() => reader.push(frame(Buffer.alloc(11)).subarray(0, 5))).toThrow('over the limit of 10');
});

test('a compressed message is refused', () => {
  const octets = frame(Buffer.from('x'));
  octets[0] = 1;
  expect(() => new FrameReader(10).push(octets)).toThrow('compressed');
});
