import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatDuration, parseDuration } from '../../../src/lib/duration.ts';

describe('reading durations as Go writes them', () => {
  test.each([
    ['10s', 10_000],
    ['1m30s', 90_000],
    ['10.0s', 10_000],
    ['1.5h', 5_400_000],
    ['100ms', 100],
    ['-2s', -2_000],
    ['+3s', 3_000],
    ['.5s', 500],
    ['1us', 0.001],
    ['1µs', 0.001],
    ['5ns', 5e-6],
    ['0', 0],
  ])('%s is %d ms', (text, ms) => {
    expect(parseDuration(text)).toBeCloseTo(ms, 9);
  });

  test.each(['', '10', '1d', 's', '1 s', '1s ', '--1s', '1.s.s', '1e3s', '1s-1s', 'Infinitys', '1S'])(
    '%j is not a duration',
    (text) => {
      expect(parseDuration(text)).toBeUndefined();
    },
  );
});

describe('writing durations as Go does', () => {
  test.each([
    [0, '0s'],
    [100, '100ms'],
    [1_500, '1.5s'],
    [90_000, '1m30s'],
    [3_600_000, '1h0m0s'],
    [0.5, '500µs'],
    [0.0005, '500ns'],
    [-10_000, '-10s'],
  ])('%d ms is %s', (ms, text) => {
    expect(formatDuration(ms)).toBe(text);
  });

  test('what is written can be read', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 10 ** 9 }), (ms) => {
        expect(parseDuration(formatDuration(ms))).toBeCloseTo(ms, 6);
      }),
    );
  });
});
