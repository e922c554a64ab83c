import net from 'node:net';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalIp, formatIp, parseIp } from '../../../src/lib/ip.ts';

describe('addresses', () => {
  it('come back as they were, and Node agrees that they are addresses', () => {
    const octets = fc.oneof(
      fc.uint8Array({ minLength: 4, maxLength: 4 }),
      fc.uint8Array({ minLength: 16, maxLength: 16 }),
    );
    fc.assert(
      fc.property(octets, (each) => {
        const text = formatIp(each);
        expect(net.isIP(text)).toBe(each.length === 4 ? 4 : 6);
        expect(parseIp(text)).toEqual(each);
      }),
    );
  });

  it('are the same texts to Node and to us', () => {
    const text = fc.oneof(
      fc.stringMatching(/^[0-9a-f:.]{0,20}$/),
      fc.tuple(fc.ipV4(), fc.constantFrom('', ' ', '.1', '%eth0', '/8')).map(([ip, end]) => ip + end),
      fc.ipV6(),
    );
    fc.assert(
      fc.property(text, (each) => {
        expect(parseIp(each) !== undefined).toBe(net.isIP(each) !== 0);
      }),
    );
  });

  it.each([
    ['2001:DB8:0:0:0:0:0:1', '2001:db8::1'],
    ['0:0:0:0:0:0:0:0', '::'],
    ['1:0:0:2:0:0:0:3', '1:0:0:2::3'],
    ['1:0:2:3:4:5:6:7', '1:0:2:3:4:5:6:7'],
    ['::ffff:10.0.0.1', '10.0.0.1'],
    ['::fffe:10.0.0.1', '::fffe:a00:1'],
    ['10.0.0.1', '10.0.0.1'],
  ])('%s is written %s (RFC 5952)', (text, canonical) => {
    expect(canonicalIp(text)).toBe(canonical);
  });

  it('of host names there is none', () => {
    expect(canonicalIp('db.example.org')).toBeUndefined();
  });
});
