import { expect, test } from 'vitest';
import { RequestTurns } from '../../../src/http/request-turns.ts';
import { manualClock } from '../../support/manual-clock.ts';

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('requests begin at once while their turn has time, then in the order of arrival in later turns', async () => {
  const clock = manualClock();
  const turns = new RequestTurns(clock);
  const begun: number[] = [];
  for (let i = 0; i < 5; i += 1)
    turns.take(() => {
      begun.push(i);
      clock.advance(2);
    });
  expect(begun).toEqual([0, 1]);
  await nextTurn();
  expect(begun).toEqual([0, 1, 2, 3]);
  turns.take(() => begun.push(5));
  expect(begun).toEqual([0, 1, 2, 3]);
  await nextTurn();
  expect(begun).toEqual([0, 1, 2, 3, 4, 5]);
});

test('a request that comes alone, however late, begins at once', async () => {
  const clock = manualClock();
  const turns = new RequestTurns(clock);
  const begun: string[] = [];
  turns.take(() => begun.push('first'));
  await nextTurn();
  clock.advance(60_000);
  turns.take(() => begun.push('second'));
  expect(begun).toEqual(['first', 'second']);
});
