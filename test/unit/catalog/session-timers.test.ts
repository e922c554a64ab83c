import { expect, test } from 'vitest';
import { SessionTimers } from '../../../src/catalog/session-timers.ts';
import type { Applied } from '../../../src/catalog/state.ts';
import type { Writer } from '../../../src/catalog/writer.ts';
import { silentLogger } from '../../../src/lib/logger.ts';
import { AppError } from '../../../src/model/errors.ts';
import type { SessionRow } from '../../../src/model/types.ts';
import { startKv } from '../../support/kv.ts';

/** Timers over a catalog; new sessions are announced by hand, as the writer would. */
async function startTimers(submit?: Pick<Writer, 'submit'>['submit']) {
  const kv = await startKv();
  const { state, clock } = kv;
  const writer = submit ? { submit } : kv.writer;
  const timers = new SessionTimers({ state, writer, clock, log: silentLogger });
  timers.begin();
  const session = (id: string) => state.view.sessions.get(id) as SessionRow;
  const begin = async (ttl: string): Promise<string> => {
    const id = await kv.begin({ ttl });
    timers.onInstalled([{ table: 'sessions', before: undefined, after: session(id) } as Applied]);
    return id;
  };
  return { ...kv, timers, begin, session };
}

test('a session that is not renewed ends after twice its TTL', async () => {
  const { begin, clock, session } = await startTimers();
  const id = await begin('10s');
  await clock.advanceAndSettle(19_999);
  expect(session(id)).toBeDefined();
  await clock.advanceAndSettle(1);
  expect(session(id)).toBeUndefined();
});

test('renewing gives it its whole time again', async () => {
  const { begin, clock, session, timers } = await startTimers();
  const id = await begin('10s');
  for (let n = 0; n < 5; n += 1) {
    await clock.advanceAndSettle(15_000);
    timers.renew(session(id));
  }
  expect(session(id)).toBeDefined();
  await clock.advanceAndSettle(20_000);
  expect(session(id)).toBeUndefined();
});

test('sessions without a TTL, or with a TTL of zero, have no timer', async () => {
  const { begin, clock, session, timers } = await startTimers();
  const ids = [await begin(''), await begin('0s')];
  expect(timers.count).toBe(0);
  await clock.advanceAndSettle(10 * 86_400_000);
  expect(ids.map((id) => session(id) !== undefined)).toEqual([true, true]);
});

test('a session that ended otherwise takes its timer with it', async () => {
  const { begin, session, timers } = await startTimers();
  const before = session(await begin('10s'));
  expect(timers.count).toBe(1);
  timers.onInstalled([{ table: 'sessions', before, after: undefined }]);
  expect(timers.count).toBe(0);
});

test('beginning watches the sessions that are there already, from now on', async () => {
  const { begin, clock, session, state } = await startTimers();
  const kept = await begin('10s');
  const row = session(kept);
  const ended: string[] = [];
  const writer = {
    submit: async (command: { id?: string }) => {
      ended.push(command.id as string);
      return { index: 1, result: true };
    },
  } as unknown as Writer;
  const restarted = new SessionTimers({ state, writer, clock, log: silentLogger });
  restarted.begin();
  await clock.advanceAndSettle(19_000);
  expect(ended).toEqual([]);
  restarted.end();
  await clock.advanceAndSettle(60_000);
  expect(ended).toEqual([]);
  expect(row.ttl).toBe('10s');
});

test('an end that could not be stored is tried again', async () => {
  let failures = 2;
  const tried: number[] = [];
  const { begin, clock } = await startTimers((async () => {
    tried.push(clock.now());
    if (failures-- > 0) throw new AppError('store_failed', 'disk full');
    return { index: 1, result: true };
  }) as never);
  await begin('10s');
  await clock.advanceAndSettle(25_000);
  expect(tried).toHaveLength(3);
});

test('a session that is renewed while its end cannot be stored lasts its whole time', async () => {
  let isFull = true;
  const tried: number[] = [];
  const failing: (() => void)[] = [];
  const { begin, clock, session, timers } = await startTimers((() => {
    tried.push(clock.now());
    return new Promise((resolve, reject) => {
      failing.push(() => {
        if (isFull) reject(new AppError('store_failed', 'disk full'));
        else resolve({ index: 1, result: true });
      });
    });
  }) as never);
  const id = await begin('10s');
  await clock.advanceAndSettle(20_000);
  expect(tried).toHaveLength(1);
  timers.renew(session(id));
  failing[0]?.();
  isFull = false;
  await clock.advanceAndSettle(19_999);
  expect(tried).toHaveLength(1);
  await clock.advanceAndSettle(1);
  expect(tried).toHaveLength(2);
});

test('whoever leads again watches all sessions anew, and those that came meanwhile', async () => {
  const { begin, clock, session, timers } = await startTimers();
  const early = await begin('10s');
  timers.end();
  const late = await begin('10s');
  expect(timers.count).toBe(0);
  await clock.advanceAndSettle(60_000);
  expect([session(early), session(late)].every((row) => row !== undefined)).toBe(true);
  timers.begin();
  timers.begin();
  await clock.advanceAndSettle(19_999);
  expect([session(early), session(late)].every((row) => row !== undefined)).toBe(true);
  await clock.advanceAndSettle(1);
  expect([session(early), session(late)]).toEqual([undefined, undefined]);
});

test('an end that fails after the watch is over is not tried again', async () => {
  const tried: number[] = [];
  const failing: (() => void)[] = [];
  const { begin, clock, timers } = await startTimers((() => {
    tried.push(clock.now());
    return new Promise((_resolve, reject) =>
      failing.push(() => reject(new AppError('store_failed', 'full'))),
    );
  }) as never);
  await begin('10s');
  await clock.advanceAndSettle(20_000);
  timers.end();
  failing[0]?.();
  await clock.advanceAndSettle(60_000);
  expect(tried).toHaveLength(1);
});
