import { expect, test } from 'vitest';
import { expiredOutput } from '../../../../src/checks/kinds/ttl-probe.ts';

test('quotes the last words, and does not quote itself', () => {
  expect(expiredOutput('')).toBe('TTL expired');
  const once = expiredOutput('fine');
  expect(once).toBe('TTL expired (last output before timeout follows): fine');
  expect(expiredOutput(once)).toBe(once);
});
