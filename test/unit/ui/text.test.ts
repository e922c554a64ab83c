/** How the web page writes values for people. */
import { describe, expect, test } from 'vitest';
import { flatten, prettyJson } from '../../../ui/parts/json.ts';
import {
  byText,
  bytes,
  contact,
  decodeBase64,
  elapsed,
  endpoint,
  hexDump,
  latency,
  listOf,
  plural,
  rate,
  shellWord,
} from '../../../ui/parts/text.ts';

describe('numbers', () => {
  test('times are in their largest unit', () => {
    expect([999, 59_000, 60_000, 7_200_000, 172_800_000].map(elapsed)).toEqual([
      '0 s',
      '59 s',
      '1 min',
      '2 h',
      '2 d',
    ]);
  });

  test('durations of the API are short, and one that never was is said so', () => {
    expect(['32.56242ms', '0s', '18.777s', '1m3.25s', '815µs', '-1ns'].map(contact)).toEqual([
      '33 ms',
      '0 s',
      '18.8 s',
      '1m3s',
      '0 ms',
      'not heard',
    ]);
  });

  test('latencies have three digits and a unit that fits', () => {
    expect([0.05, 0.5, 12.345, 1_234].map(latency)).toEqual(['50 µs', '0.5 ms', '12.3 ms', '1.23 s']);
  });

  test('rates, sizes and counts', () => {
    expect([0, 0.25, 12.6, 12_345].map(rate)).toEqual(['0', '0.3', '13', '12,345']);
    expect([10, 2_048, 3 * 1_048_576].map(bytes)).toEqual(['10 B', '2.0 KiB', '3.0 MiB']);
    expect([plural(1, 'check'), plural(5_000, 'check')]).toEqual(['1 check', '5,000 checks']);
  });
});

describe('addresses and names', () => {
  test('IPv6 has brackets before a port, and no port is no colon', () => {
    expect(endpoint('10.0.0.1', 80)).toBe('10.0.0.1:80');
    expect(endpoint('fd00::1', 80)).toBe('[fd00::1]:80');
    expect(endpoint('fd00::1', 0)).toBe('fd00::1');
  });

  test('web-2 comes before web-10', () => {
    expect(['web-10', 'Web-2', 'api'].sort(byText)).toEqual(['api', 'Web-2', 'web-10']);
  });
});

describe('values of keys', () => {
  test('UTF-8 is text, with its byte order mark', () => {
    expect(decodeBase64(btoa('\xef\xbb\xbfa'))).toEqual({ kind: 'text', text: '\ufeffa' });
  });

  test('anything else is bytes, shown with offsets', () => {
    const decoded = decodeBase64(btoa('\xff\x00A'));
    expect(decoded).toEqual({ kind: 'binary', bytes: Uint8Array.of(255, 0, 65) });
    expect(hexDump(Uint8Array.of(255, 0, 65))).toBe(`0000  ff 00 41${' '.repeat(15)}  ··A`);
  });

  test('a dump ends at its limit', () => {
    expect(hexDump(new Uint8Array(100), 20).split('\n')).toHaveLength(3);
  });

  test('only JSON is formatted', () => {
    expect(prettyJson('{"a":[1]}')).toBe('{\n  "a": [\n    1\n  ]\n}');
    expect(prettyJson('a: 1')).toBeUndefined();
  });

  test('nested documents become lines', () => {
    expect(flatten({ a: { b: 1, c: [1, 'x'] }, d: '', e: {} })).toEqual([
      ['a.b', '1'],
      ['a.c', '[1,"x"]'],
      ['d', ''],
      ['e', '{}'],
    ]);
  });
});

describe('what people type and take along', () => {
  test('a list is the words between commas, without the empty ones', () => {
    expect(listOf(' v1, !old ,, primary ')).toEqual(['v1', '!old', 'primary']);
    expect(listOf('')).toEqual([]);
  });

  test('a word for a shell is quoted only where it has to be, and cannot end its quotes', () => {
    expect(shellWord('http://127.0.0.1:8500/v1/kv/app')).toBe('http://127.0.0.1:8500/v1/kv/app');
    expect(shellWord('/v1/kv/a?raw')).toBe("'/v1/kv/a?raw'");
    expect(shellWord("it's; rm -rf $HOME")).toBe("'it'\\''s; rm -rf $HOME'");
    expect(shellWord('')).toBe("''");
  });
});
