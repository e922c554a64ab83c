import { expect, test } from 'vitest';
import { Watch } from '../../../src/catalog/watch.ts';
import { manualClock } from '../../support/manual-clock.ts';

test('expires after its time when nothing changes', async () => {
  const clock = manualClock();
  const watch = new Watch(clock);
  const waiting = watch.wait(['service:web'], 5_000);
  clock.advance(4_999);
  expect(watch.parked).toBe(1);
  clock.advance(1);
  expect(await waiting).toBe('expired');
  expect(watch.parked).toBe(0);
});

test('a wait for no topic ends with its time, with its client, or with everybody', async () => {
  const clock = manualClock();
  const watch = new Watch(clock);
  const gone = new AbortController();
  const waits = [watch.wait([], 5_000), watch.wait([], 9_000, gone.signal), watch.wait([], 9_000)];
  clock.advance(5_000);
  gone.abort();
  watch.abandonAll();
  expect(await Promise.all(waits)).toEqual(['expired', 'abandoned', 'abandoned']);
  expect([watch.parked, clock.pendingCount()]).toEqual([0, 0]);
});

test('wakes once and leaves no timer behind', async () => {
  const clock = manualClock();
  const watch = new Watch(clock);
  const waiting = watch.wait(['a', 'b'], 5_000);
  watch.wake(['a', 'b']);
  expect(await waiting).toBe('woken');
  expect([watch.parked, clock.pendingCount()]).toEqual([0, 0]);
});

test('a topic with a star waits for everything that begins so', async () => {
  const watch = new Watch(manualClock());
  const waiting = watch.wait(['kv:a/*'], 5_000);
  watch.wake(['kv:b', 'kv:a']);
  expect(watch.parked).toBe(1);
  watch.wake(['kv:a/x']);
  expect(await waiting).toBe('woken');
});

test('a reader whose client went away waits no longer', async () => {
  const watch = new Watch(manualClock());
  const gone = new AbortController();
  const waiting = watch.wait(['a'], 5_000, gone.signal);
  gone.abort();
  expect(await waiting).toBe('abandoned');
  expect(await watch.wait(['a'], 5_000, gone.signal)).toBe('abandoned');
  expect(watch.parked).toBe(0);
});

test('a crowd is woken in portions, so that others have their turn between', async () => {
  const clock = manualClock();
  const watch = new Watch(clock);
  const crowd = Array.from({ length: 70 }, () => watch.wait(['a'], 5_000));
  watch.wake(['a']);
  expect(watch.parked).toBe(70 - 32);
  clock.advance(0);
  expect(new Set(await Promise.all(crowd))).toEqual(new Set(['woken']));
  expect([watch.parked, clock.pendingCount()]).toEqual([0, 0]);
});

test('who comes after the change is not woken by it, who is waiting for a turn may go, and a second change joins', async () => {
  const clock = manualClock();
  const watch = new Watch(clock);
  const gone = new AbortController();
  for (let i = 0; i < 32; i += 1) void watch.wait(['a'], 5_000);
  const leaver = watch.wait(['a'], 5_000, gone.signal);
  const other = watch.wait(['b'], 5_000);
  watch.wake(['a']);
  const late = watch.wait(['a'], 5_000);
  watch.wake(['b']);
  gone.abort();
  expect(await leaver).toBe('abandoned');
  clock.advance(0);
  expect(await other).toBe('woken');
  expect(watch.parked).toBe(1);
  clock.advance(5_000);
  expect(await late).toBe('expired');
});
