import { describe, expect, test } from 'vitest';
import { KvValue } from '../../../src/model/kv-value.ts';

const octetsOf = (length: number): Buffer => Buffer.from(Array.from({ length }, (_, i) => (i * 7) & 255));

describe('the value of a key', () => {
  test.each([1, 2, 3, 511, 512, 513, 100_000])('is the same octets again: %i of them', (length) => {
    const octets = octetsOf(length);
    for (const value of [KvValue.of(octets), KvValue.from(octets.toString('base64'))]) {
      expect(value?.octets().equals(octets)).toBe(true);
      expect(value?.size).toBe(length);
      expect(JSON.parse(JSON.stringify({ value }))).toEqual({ value: octets.toString('base64') });
    }
  });

  test('that is empty is null', () => {
    expect([KvValue.of(Buffer.alloc(0)), KvValue.from(''), KvValue.from(null)]).toEqual([null, null, null]);
  });

  test('is equal to one of the same octets, however it came', () => {
    for (const length of [3, 600]) {
      const [a, b] = [KvValue.of(octetsOf(length)), KvValue.from(octetsOf(length).toString('base64'))];
      expect(a?.equals(b)).toBe(true);
      expect(a?.equals(KvValue.of(octetsOf(length + 1)))).toBe(false);
      expect(a?.equals(null)).toBe(false);
    }
  });

  test('owns its memory: neither what it came in nor anything larger stays alive with it', () => {
    const packet = Buffer.alloc(1_000_000, 'p');
    const value = KvValue.of(packet.subarray(10, 5_010));
    packet.fill('x');
    expect(value?.octets().toString()).toBe('p'.repeat(5_000));
    const loaded = KvValue.from(octetsOf(600).toString('base64'));
    const memory = [value, loaded].map(
      (each) => each?.kept instanceof Uint8Array && each.kept.buffer.byteLength,
    );
    expect(memory).toEqual([5_000, 600]);
  });
});
