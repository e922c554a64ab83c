import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  childName,
  expandName,
  foldedLabels,
  isSameName,
  nameFromText,
  nameToText,
  skipPlainName,
  suffixOffset,
  type WireName,
} from '../../../src/wire/name.ts';

const label = fc.uint8Array({ minLength: 1, maxLength: 63 });
const wireName = fc
  .array(label, { maxLength: 6 })
  .map((labels) => Uint8Array.from([...labels.flatMap((each) => [each.length, ...each]), 0]))
  .filter((name) => name.length <= 255);

function name(text: string): WireName {
  const wire = nameFromText(text);
  if (wire === undefined) throw new Error(`not a name: ${text}`);
  return wire;
}

describe('names', () => {
  it('keeps every octet through text and back, whatever the octets are', () => {
    fc.assert(
      fc.property(wireName, (wire) => {
        expect(nameFromText(nameToText(wire))).toEqual(wire);
      }),
    );
  });

  it('takes a trailing dot as given or not, and "." as the root', () => {
    expect(nameFromText('web.consul.')).toEqual(nameFromText('web.consul'));
    expect(nameFromText('.')).toEqual(Uint8Array.of(0));
    expect(nameToText(Uint8Array.of(0))).toBe('.');
  });

  it('refuses a label of 64 octets and takes one of 63', () => {
    expect(nameFromText('a'.repeat(64))).toBeUndefined();
    expect(nameFromText('a'.repeat(63))?.length).toBe(65);
  });

  it('refuses 256 octets and takes 255', () => {
    const of = (last: number): string => [63, 63, 63, last].map((n) => 'a'.repeat(n)).join('.');
    expect(nameFromText(of(61))?.length).toBe(255);
    expect(nameFromText(of(62))).toBeUndefined();
  });

  it('refuses empty labels', () => {
    expect(nameFromText('a..b')).toBeUndefined();
    expect(nameFromText('.a')).toBeUndefined();
  });

  it('writes letters outside ASCII in UTF-8, pairs of surrogates too', () => {
    expect(nameFromText('ü')).toEqual(Uint8Array.of(2, 0xc3, 0xbc, 0));
    expect(nameFromText('日')).toEqual(Uint8Array.of(3, 0xe6, 0x97, 0xa5, 0));
    expect(nameFromText('😀.a')).toEqual(Uint8Array.of(4, 0xf0, 0x9f, 0x98, 0x80, 1, 0x61, 0));
    expect(nameFromText('ü'.repeat(32))).toBeUndefined();
  });

  it('gives what master files escape, and octets outside ASCII, escaped in labels', () => {
    expect(foldedLabels(Uint8Array.of(3, 0x41, 0x20, 0x40, 2, 0xc3, 0xbc, 0))).toEqual([
      'a\\ \\@',
      '\\195\\188',
    ]);
    expect(foldedLabels(name('a$b/c*d{e}'))).toEqual(['a$b/c*d{e}']);
  });

  it('compares without case, ASCII only', () => {
    expect(isSameName(name('WeB.Consul'), name('web.CONSUL'))).toBe(true);
    expect(isSameName(name('web.consul'), name('wea.consul'))).toBe(false);
    expect(isSameName(name('\\192.consul'), name('\\224.consul'))).toBe(false);
  });

  it('gives labels in lower case and tells a dot inside a label from one between labels', () => {
    expect(foldedLabels(name('Web.SERVICE.consul'))).toEqual(['web', 'service', 'consul']);
    expect(foldedLabels(name('a\\.b.consul'))).toEqual(['a\\.b', 'consul']);
  });

  it('finds a suffix at a label boundary only', () => {
    expect(suffixOffset(name('a.dc1.consul'), name('dc1.consul'))).toBe(2);
    expect(suffixOffset(name('dc1.Consul'), name('consul'))).toBe(-1);
    // The octets of "1.x" also end this name, but from the middle of a label on.
    expect(suffixOffset(Uint8Array.of(3, 0x61, 1, 0x78, 0), Uint8Array.of(1, 0x78, 0))).toBe(-1);
  });

  it('puts labels in front of a name unless that gets too long', () => {
    expect(childName('n1.node.dc1', name('consul'))).toEqual(name('n1.node.dc1.consul'));
    expect(childName('a'.repeat(64), name('consul'))).toBeUndefined();
    expect(childName([63, 63, 63, 60].map((n) => 'a'.repeat(n)).join('.'), name('consul'))).toBeUndefined();
  });
});

describe('names in messages', () => {
  it('follows pointers backwards and says where the name ended', () => {
    const bytes = Uint8Array.of(1, 0x61, 1, 0x62, 0, 1, 0x63, 0xc0, 2, 0xff);
    expect(expandName(bytes, 5)).toEqual({ name: name('c.b'), end: 9 });
  });

  it.each([
    ['to itself', [0xc0, 0], 0],
    ['forward', [0xc0, 4, 0, 0, 1, 0x61, 0], 0],
    ['round in a circle', [1, 0x61, 0xc0, 0], 2],
    ['past the end', [0xc0], 0],
  ])('refuses a pointer %s', (_what, bytes, offset) => {
    expect(expandName(Uint8Array.from(bytes), offset)).toBeUndefined();
  });

  it('refuses label types 01 and 10', () => {
    for (const type of [0x40, 0x41, 0x81, 0xbf]) {
      const bytes = new Uint8Array(250);
      bytes[0] = type;
      expect(expandName(bytes, 0)).toBeUndefined();
    }
  });

  it('refuses a name that pointers make longer than 255 octets', () => {
    const long = name([63, 63, 63, 50].map((n) => 'a'.repeat(n)).join('.'));
    const bytes = Uint8Array.from([...long, 20, ...new Array(20).fill(0x62), 0xc0, 0]);
    expect(expandName(bytes, long.length)).toBeUndefined();
  });

  it('skips a plain name and refuses a pointer in it', () => {
    expect(skipPlainName(name('web.consul'), 0)).toBe(12);
    expect(skipPlainName(Uint8Array.of(1, 0x61, 0xc0, 0), 0)).toBe(-1);
    expect(skipPlainName(Uint8Array.of(3, 0x61), 0)).toBe(-1);
  });
});
