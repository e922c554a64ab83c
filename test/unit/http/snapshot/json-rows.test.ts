import { describe, expect, test } from 'vitest';
import { StateReader } from '../../../../src/http/snapshot/state-reader.ts';

const HEADER = '{"format":"rollcall-snapshot","version":1,"rows":1}';
const ROW = '{"table":"kv","row":{"key":"a","value":"eA==","flags":"0","lockIndex":0,"session":""}}';

/** What the state of these lines holds. */
function read(...lines: readonly string[]) {
  const reader = new StateReader({ maxLineBytes: 1_000, take: (row) => row, roomBytes: 1e9 });
  const state = Buffer.from(`${lines.join('\n')}\n`);
  for (let at = 0; at < state.length; at += 7) {
    reader.add(state.subarray(at, at + 7));
    while (reader.step());
  }
  return reader.end();
}

describe('a state that an earlier version wrote as lines of JSON', () => {
  test('is still read', () => {
    expect(read(HEADER, ROW)).toEqual({
      rows: [{ op: 'put', ...(JSON.parse(ROW) as object) }],
      untaken: new Map(),
    });
  });

  test.each([
    ['another format', ['{"format":"x"}', ROW], 'no snapshot of this program'],
    ['a newer version', [HEADER.replace('"version":1', '"version":2'), ROW], 'its version is 2'],
    ['a missing row', [HEADER], 'it holds 0 rows instead of 1'],
    [
      'a row of an unknown table',
      [HEADER, '{"table":"facts","row":{}}'],
      'rows that this version does not know',
    ],
    ['a line longer than any', [HEADER, `"${'a'.repeat(2_000)}"`], 'a row of it takes more than 1000 octets'],
    ['a line that is no JSON', [HEADER, 'x'], 'no snapshot of this program'],
  ])('is refused with %s', (_what, lines, why) => {
    expect(() => read(...lines)).toThrow(why);
  });
});
