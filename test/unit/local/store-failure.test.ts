import { expect, test } from 'vitest';
import type { Persistence } from '../../../src/catalog/persistence.ts';
import { checkKey, serviceKey, TABLES } from '../../../src/catalog/tables.ts';
import { AppError } from '../../../src/model/errors.ts';
import { rememberingStore } from '../../../src/store/memory.ts';
import { startLocal } from '../../support/local-agent.ts';

const WEB = { ID: 'web-1', Name: 'web', Check: { CheckID: 'c', TTL: '10s' } };

/** A store whose disk is full while `disk.isFull`. */
function fillingStore(disk: { isFull: boolean }): Persistence {
  const store = rememberingStore(TABLES);
  return {
    ...store,
    commit: async (batch, after) =>
      disk.isFull
        ? { outcome: 'refused', reason: new AppError('store_failed', 'disk is full') }
        : store.commit(batch, after),
  };
}

test('a registration that cannot be stored is refused, leaves nothing behind and starts nothing', async () => {
  const disk = { isFull: false };
  const agent = await startLocal({ store: fillingStore(disk) });
  disk.isFull = true;
  await expect(agent.register(WEB)).rejects.toThrow('disk is full');
  expect([agent.local.services().size, agent.local.checks().size, agent.changes.length]).toEqual([0, 0, 0]);
  expect(agent.state.view.services.get(serviceKey('n1', 'web-1'))).toBeUndefined();
  disk.isFull = false;
  await agent.register(WEB);
  expect(agent.local.checks().size).toBe(1);
});

test('a removal that cannot be stored is refused and the check goes on', async () => {
  const disk = { isFull: false };
  const agent = await startLocal({ store: fillingStore(disk) });
  await agent.register(WEB);
  disk.isFull = true;
  await expect(agent.local.deregisterService('web-1')).rejects.toThrow('disk is full');
  expect([agent.local.checks().size, agent.changes.flatMap(({ stopped }) => stopped)]).toEqual([1, []]);
});

test('a result that could not be stored is known here at once and in the catalog once there is room', async () => {
  const disk = { isFull: false };
  const agent = await startLocal({ store: fillingStore(disk) });
  await agent.registerCheck({ Name: 'h', HTTP: 'http://a/', Interval: '10s' });
  disk.isFull = true;
  agent.local.report('h' as never, 'passing', 'ok');
  await agent.clock.advanceAndSettle(3_000);
  const row = () => agent.state.view.checks.get(checkKey('n1', 'h'))?.status;
  expect([agent.local.checks().get('h' as never)?.status, row()]).toEqual(['passing', 'critical']);
  disk.isFull = false;
  await agent.clock.advanceAndSettle(1_000);
  expect(row()).toBe('passing');
  expect(agent.state.view.localChecks.get('h')?.status).toBe('passing');
});

test('a report for a TTL check that cannot be stored is refused, and stored later', async () => {
  const disk = { isFull: false };
  const agent = await startLocal({ store: fillingStore(disk) });
  await agent.register(WEB);
  disk.isFull = true;
  await expect(agent.local.updateTtl('c', 'passing', '')).rejects.toThrow('disk is full');
  disk.isFull = false;
  await agent.clock.advanceAndSettle(1_000);
  expect(agent.state.view.checks.get(checkKey('n1', 'c'))?.status).toBe('passing');
});

test('a check that was removed while its result waited for room stays removed', async () => {
  const disk = { isFull: false };
  const agent = await startLocal({ store: fillingStore(disk) });
  await agent.registerCheck({ Name: 'h', HTTP: 'http://a/', Interval: '10s' });
  disk.isFull = true;
  agent.local.report('h' as never, 'passing', 'ok');
  await agent.clock.advanceAndSettle(0);
  disk.isFull = false;
  await agent.local.deregisterCheck('h');
  await agent.clock.advanceAndSettle(2_000);
  expect([agent.state.view.checks.get(checkKey('n1', 'h')), agent.state.view.localChecks.size]).toEqual([
    undefined,
    0,
  ]);
});

test('a node that stays after a stop is kept in the catalog again', async () => {
  const agent = await startLocal({ store: fillingStore({ isFull: false }) });
  await agent.register(WEB);
  await agent.local.stop();
  await agent.writer.submit({ kind: 'deregister', node: 'n1' });
  await agent.local.resume();
  expect(agent.state.view.services.get(serviceKey('n1', 'web-1'))).toBeDefined();
  await agent.writer.submit({ kind: 'deregister', node: 'n1' });
  await agent.clock.advanceAndSettle(60_000);
  expect(agent.state.view.services.get(serviceKey('n1', 'web-1'))).toBeDefined();
});
