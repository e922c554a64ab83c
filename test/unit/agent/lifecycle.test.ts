import { describe, expect, it } from 'vitest';
import { type LifecycleTools, startAll } from '../../../src/agent/lifecycle.ts';
import { silentLogger } from '../../../src/lib/logger.ts';
import { manualClock } from '../../support/manual-clock.ts';

const tools = (): LifecycleTools => ({ clock: manualClock(), log: silentLogger });

describe('startAll', () => {
  const part = (name: string, log: string[], fails = false) => ({
    name,
    start: async () => {
      if (fails) throw new Error(`${name} failed`);
      log.push(`+${name}`);
    },
    stop: async () => void log.push(`-${name}`),
  });

  it('starts in order and stops in reverse', async () => {
    const log: string[] = [];
    const stop = await startAll([part('a', log), part('b', log)], tools());
    await stop();
    expect(log).toEqual(['+a', '+b', '-b', '-a']);
  });

  it('stops what was started when a part cannot start', async () => {
    const log: string[] = [];
    const parts = [part('a', log), part('b', log, true), part('c', log)];
    await expect(startAll(parts, tools())).rejects.toThrow('b failed');
    expect(log).toEqual(['+a', '-b', '-a']);
  });

  it('leaves a part that does not stop in time, says which, and stops the others', async () => {
    const log: string[] = [];
    const clock = manualClock();
    const said: object[] = [];
    const stuck = { name: 'stuck', start: async () => {}, stop: () => new Promise<void>(() => {}) };
    const parts = [part('a', log), stuck, part('b', log)];
    const stop = await startAll(parts, {
      clock,
      log: { ...silentLogger, error: (fields) => said.push(fields) },
    });
    const stopped = stop();
    await clock.advanceAndSettle(4_000);
    await stopped;
    expect(log).toEqual(['+a', '+b', '-b', '-a']);
    expect(said).toEqual([{ stopping: 'stuck', afterMs: 4_000 }]);
  });

  it('ends within ten seconds when no part stops, and asks every one of them', async () => {
    const asked: string[] = [];
    const clock = manualClock();
    const parts = ['a', 'b', 'c', 'd', 'e', 'f'].map((name) => ({
      name,
      start: async () => {},
      stop: () => new Promise<void>(() => void asked.push(name)),
    }));
    const stop = await startAll(parts, { clock, log: silentLogger });
    const stopped = stop();
    await clock.advanceAndSettle(9_999);
    await stopped;
    expect(asked).toEqual(['f', 'e', 'd', 'c', 'b', 'a']);
    expect(clock.pendingCount()).toBe(0);
  });
});
