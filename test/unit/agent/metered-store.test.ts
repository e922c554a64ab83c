import { expect, it } from 'vitest';
import { meteredStore } from '../../../src/agent/metered-store.ts';
import type { Persistence } from '../../../src/catalog/persistence.ts';
import { type Logger, silentLogger } from '../../../src/lib/logger.ts';
import { Metrics } from '../../../src/metrics/metrics.ts';
import { AppError } from '../../../src/model/errors.ts';
import { memoryStore } from '../../../src/store/memory.ts';
import { manualClock } from '../../support/manual-clock.ts';

it('logs the first of several failures and the recovery, and still refuses each', async () => {
  let isFull = false;
  const memory = memoryStore();
  const disk: Persistence = {
    ...memory,
    commit: async (batch, after) =>
      isFull
        ? { outcome: 'refused', reason: new AppError('store_failed', 'disk is full') }
        : memory.commit(batch, after),
  };
  const lines: string[] = [];
  const log: Logger = {
    ...silentLogger,
    error: (_fields, message) => void lines.push(`error: ${message}`),
    info: (_fields, message) => void lines.push(`info: ${message}`),
  };
  const metrics = new Metrics();
  const store = meteredStore(disk, { metrics, clock: manualClock(), log });
  const isFailing = (): number | undefined => metrics.collect().get('store_is_failing')?.valueOf();
  await store.commit([[]], 0);
  expect(lines).toEqual([]);
  isFull = true;
  for (let write = 0; write < 3; write += 1)
    expect(await store.commit([[]], 1)).toMatchObject({
      outcome: 'refused',
      reason: { message: 'disk is full' },
    });
  expect(isFailing()).toBe(1);
  isFull = false;
  await store.commit([[]], 1);
  await store.commit([[]], 2);
  expect(isFailing()).toBe(0);
  expect(lines).toEqual([
    'error: changes cannot be stored and are refused; reads go on',
    'info: changes can be stored again',
  ]);
});
