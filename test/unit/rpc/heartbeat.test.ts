import { EventEmitter } from 'node:events';
import type { Http2Session } from 'node:http2';
import { expect, it } from 'vitest';
import { watchHeartbeat } from '../../../src/rpc/heartbeat.ts';
import { manualClock } from '../../support/manual-clock.ts';

/** A session whose pongs come when the test says. */
function watched() {
  const clock = manualClock();
  const pings: ((error: null, durationMs: number) => void)[] = [];
  const session = Object.assign(new EventEmitter(), {
    destroyed: false,
    closed: false,
    ping: (done: (error: null, durationMs: number) => void) => pings.push(done) > 0,
  }) as unknown as Http2Session;
  let isSilent = false;
  const { heardMs, silentMs, takeRoundTripMs } = watchHeartbeat(session, clock, () => {
    isSilent = true;
  });
  const pong = (durationMs = 1): void => {
    for (const done of pings.splice(0)) done(null, durationMs);
  };
  return { clock, session, pong, heardMs, silentMs, takeRoundTripMs, isSilent: () => isSilent };
}

it('who answers is never silent, who does not is after three seconds', () => {
  const { clock, pong, isSilent, heardMs } = watched();
  for (let i = 0; i < 10; i += 1) {
    clock.advance(1_000);
    pong();
  }
  expect([isSilent(), heardMs()]).toEqual([false, 10_000]);
  clock.advance(2_900);
  expect(isSilent()).toBe(false);
  clock.advance(200);
  expect([isSilent(), heardMs()]).toEqual([true, 10_000]);
});

it('who was held up itself does not take the others for silent', () => {
  const { clock, pong, isSilent } = watched();
  clock.advance(1_000);
  pong();
  clock.stall(60_000);
  clock.advance(1_000);
  expect(isSilent()).toBe(false);
  pong();
  clock.advance(2_900);
  expect(isSilent()).toBe(false);
  clock.advance(1_000);
  expect(isSilent()).toBe(true);
});

it('how long the other is silent does not hold the time in which nobody listened here', () => {
  const { clock, pong, silentMs } = watched();
  clock.advance(1_000);
  pong();
  clock.advance(700);
  expect(silentMs()).toBe(700);
  clock.stall(60_000);
  expect(silentMs()).toBe(1_000); // the next ping was due after that
  clock.advance(0);
  expect(silentMs()).toBe(1_000);
  pong();
  expect(silentMs()).toBe(0);
});

it('a session that has closed is watched no more', () => {
  const { clock, session, isSilent } = watched();
  session.emit('close');
  clock.advance(10_000);
  expect([isSilent(), clock.pendingCount()]).toEqual([false, 0]);
});

it('a round trip is told once, the newest one', () => {
  const { clock, pong, takeRoundTripMs } = watched();
  expect(takeRoundTripMs()).toBeUndefined();
  for (const durationMs of [7, 3]) {
    clock.advance(1_000);
    pong(durationMs);
  }
  expect([takeRoundTripMs(), takeRoundTripMs()]).toEqual([3, undefined]);
});
