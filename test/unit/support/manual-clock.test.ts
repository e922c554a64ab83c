import { expect, test } from 'vitest';
import { sleep } from '../../../src/lib/clock.ts';
import { manualClock } from '../../support/manual-clock.ts';

test('runs timers in order of due time, also those that a timer sets', () => {
  const clock = manualClock();
  const seen: string[] = [];
  clock.after(30, () => seen.push(`c at ${clock.monotonic()}`));
  clock.after(10, () => {
    seen.push(`a at ${clock.monotonic()}`);
    clock.after(10, () => seen.push(`b at ${clock.monotonic()}`));
  });
  clock.advance(29);
  expect(seen).toEqual(['a at 10', 'b at 20']);
  clock.advance(1);
  expect(seen).toEqual(['a at 10', 'b at 20', 'c at 30']);
  expect(clock.pendingCount()).toBe(0);
});

test('a cancelled timer never runs', () => {
  const clock = manualClock();
  let ran = false;
  clock
    .after(5, () => {
      ran = true;
    })
    .cancel();
  clock.advance(10);
  expect(ran).toBe(false);
});

test('a jump of wall time leaves durations alone', () => {
  const clock = manualClock(1_000);
  clock.advance(5);
  clock.jumpWallTime(-500);
  expect([clock.now(), clock.monotonic()]).toEqual([505, 5]);
});

test('a loop that sleeps makes one round for each interval', async () => {
  const clock = manualClock();
  let rounds = 0;
  async function loop(): Promise<void> {
    for (; rounds < 3; rounds++) await sleep(clock, 100);
  }
  const done = loop();
  await clock.advanceAndSettle(250);
  expect(rounds).toBe(2);
  await clock.advanceAndSettle(50);
  await done;
});
