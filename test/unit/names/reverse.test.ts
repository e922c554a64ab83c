import { describe, expect, it } from 'vitest';
import { parseHexAddress, parseReverse } from '../../../src/names/reverse.ts';
import { addrLabels, reverseName } from '../../support/name-of-lookup.ts';

describe('reverse names', () => {
  it('stand for whole addresses of both families', () => {
    expect(parseReverse(['1', '0', '0', '127', 'in-addr', 'arpa'])).toEqual(Uint8Array.of(127, 0, 0, 1));
    const v6 = reverseName(Uint8Array.from({ length: 16 }, (_, i) => i * 16 + 1));
    expect(parseReverse(v6.split('.'))).toEqual(Uint8Array.from({ length: 16 }, (_, i) => i * 16 + 1));
  });

  it.each([
    ['a network', '0.0.127.in-addr.arpa'],
    ['five numbers', '9.1.0.0.127.in-addr.arpa'],
    ['a number above 255', '256.0.0.127.in-addr.arpa'],
    ['a leading zero', '01.0.0.127.in-addr.arpa'],
    ['letters', 'x.0.0.127.in-addr.arpa'],
    ['too few nibbles', '1.0.0.ip6.arpa'],
    ['another zone', '1.0.0.127.example.arpa'],
  ])('%s is no address', (_what, name) => {
    expect(parseReverse(name.split('.'))).toBeNull();
  });

  it('hex labels are 8 or 32 digits', () => {
    expect(parseHexAddress('c0a80001')).toEqual(Uint8Array.of(192, 168, 0, 1));
    expect(addrLabels(Uint8Array.of(192, 168, 0, 1))).toBe('c0a80001.addr');
    for (const label of ['', 'c0a8000', 'c0a800012', 'g0a80001', '0'.repeat(31)])
      expect(parseHexAddress(label)).toBeNull();
  });
});
