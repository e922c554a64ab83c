import { describe, expect, it } from 'vitest';
import { readClientSubnet } from '../../../src/wire/client-subnet.ts';

const hex = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'hex'));

describe('a client subnet option (RFC 7871)', () => {
  it.each([
    ['IPv4 network', '000118000a0100', '000118000a0100'],
    ['IPv4 address', '000120000a010001', '000120000a010001'],
    ['no network', '00010000', '00010000'],
    ['IPv6 network', '0002380020010db8000000', '0002380020010db8000000'],
    ['family 0', '00000000', '00000000'],
  ])('comes back as it is: %s', (_, given, read) => {
    expect(readClientSubnet(hex(given))).toEqual(hex(read));
  });

  it.each([
    ['octets in excess', '000110000a010000', '000110000a01'],
    ['missing octets', '000118000a', '000118000a0000'],
    ['bits behind the prefix', '000114000a01ff', '000114000a01f0'],
    ['a scope', '000118100a0100', '000118000a0100'],
  ])('is put right: %s', (_, given, read) => {
    expect(readClientSubnet(hex(given))).toEqual(hex(read));
  });

  it.each([
    ['nothing', ''],
    ['no whole head', '000118'],
    ['an IPv4 prefix of 33', '000121000a01000102'],
    ['an IPv6 prefix of 129', `00028100${'01'.repeat(17)}`],
    ['a scope of 33', '000118210a0100'],
    ['an unknown family', '0003080001'],
    ['family 0 with a prefix', '0000180001'],
  ])('is refused: %s', (_, given) => {
    expect(readClientSubnet(hex(given))).toBeUndefined();
  });
});
