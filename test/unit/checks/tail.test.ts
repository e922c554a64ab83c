import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Tail } from '../../../src/checks/tail.ts';

test('keeps the last octets, however they are cut into chunks', () => {
  fc.assert(
    fc.property(
      fc.array(fc.uint8Array({ maxLength: 40 })),
      fc.integer({ min: 1, max: 30 }),
      (chunks, max) => {
        const tail = new Tail(max);
        const all = Buffer.concat(chunks).map((byte) => byte & 0x7f);
        for (const chunk of chunks) tail.push(Buffer.from(chunk.map((byte) => byte & 0x7f)));
        expect(tail.totalBytes).toBe(all.length);
        expect(tail.text()).toBe(Buffer.from(all.subarray(Math.max(all.length - max, 0))).toString('latin1'));
      },
    ),
  );
});

test('leaves out a character that the limit splits', () => {
  const tail = new Tail(4);
  tail.push(Buffer.from('äöü'));
  expect(tail.text()).toBe('öü');
  const odd = new Tail(3);
  odd.push(Buffer.from('äöü'));
  expect(odd.text()).toBe('ü');
});
