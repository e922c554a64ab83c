import { expect, test } from 'vitest';
import { signalMeanings } from '../../../src/cli/signals.ts';
import { manualClock } from '../../support/manual-clock.ts';

test('what follows a signal within half a second is its echo, what comes later is a second one', () => {
  const clock = manualClock();
  const meaning = signalMeanings(clock);
  expect(meaning()).toBe('first');
  expect(meaning()).toBe('echo');
  clock.advance(499);
  expect(meaning()).toBe('echo');
  clock.advance(1);
  expect(meaning()).toBe('second');
});
