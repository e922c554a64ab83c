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

test('start watches the sessions that are there already, from now on', async () => {
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
  restarted.start();
  await clock.advanceAndSettle(19_000);
  expect(ended).toEqual([]);
  restarted.stop();
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
