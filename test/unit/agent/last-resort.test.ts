import { EventEmitter } from 'node:events';
import { expect, test } from 'vitest';
import { surviveUncaught } from '../../../src/agent/last-resort.ts';
import { Metrics } from '../../../src/metrics/metrics.ts';
import { manualClock } from '../../support/manual-clock.ts';

function rig() {
  const [process, clock, metrics] = [new EventEmitter(), manualClock(), new Metrics()];
  const lines: { err: Error; unlogged: number }[] = [];
  const log = { error: (fields: object) => void lines.push(fields as (typeof lines)[number]) };
  const release = surviveUncaught({ process, clock, log, metrics });
  const fail = (times: number): void => {
    for (let i = 0; i < times; i += 1)
      process.emit('uncaughtException', new Error('bug'), 'uncaughtException');
  };
  const counted = (): number => new Map(metrics.collect()).get('uncaught_errors')?.values[0] ?? 0;
  return { process, clock, lines, release, fail, counted };
}

test('a storm of uncaught errors is counted whole, and logged as far as somebody can read it', () => {
  const { clock, lines, fail, counted } = rig();
  fail(1_000);
  expect(counted()).toBe(1_000);
  expect(lines).toHaveLength(10);
  clock.advance(60_000);
  fail(1);
  expect(lines).toHaveLength(11);
  expect(lines.at(-1)).toMatchObject({ err: new Error('bug'), unlogged: 990 });
});

test('a log that fails is no further error', () => {
  const [process, metrics] = [new EventEmitter(), new Metrics()];
  const log = {
    error: (): never => {
      throw new Error('log');
    },
  };
  surviveUncaught({ process, clock: manualClock(), log, metrics });
  expect(() => process.emit('uncaughtException', new Error('bug'), 'uncaughtException')).not.toThrow();
});

test('after its release errors end the process again', () => {
  const { process, release } = rig();
  release();
  expect(process.listenerCount('uncaughtException')).toBe(0);
});
