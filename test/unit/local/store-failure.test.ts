import { expect, test } from 'vitest';
import type { Stores } from '../../../src/agent/stores.ts';
import type { Persistence } from '../../../src/catalog/persistence.ts';
import type { Kinds } from '../../../src/catalog/table-set.ts';
import { checkKey, serviceKey } from '../../../src/catalog/tables.ts';
import { AppError } from '../../../src/model/errors.ts';
import { rememberingStores, startLocal } from '../../support/local-agent.ts';

const WEB = { ID: 'web-1', Name: 'web', Check: { CheckID: 'c', TTL: '10s' } };

/** Stores whose disk is full while `disk.isFull`. */
function fillingStores(disk: { isFull: boolean }): Stores {
  const { agent, catalog } = rememberingStores();
  return { agent: filling(agent, disk), catalog: filling(catalog, disk) };
}

function filling<K extends Kinds>(store: Persistence<K>, disk: { isFull: boolean }): Persistence<K> {
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
  const agent = await startLocal({ stores: fillingStores(disk) });
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
  const agent = await startLocal({ stores: fillingStores(disk) });
  await agent.register(WEB);
  disk.isFull = true;
  await expect(agent.local.deregisterService('web-1')).rejects.toThrow('disk is full');
  expect([agent.local.checks().size, agent.changes.flatMap(({ stopped }) => stopped)]).toEqual([1, []]);
});

test('a result that could not be stored is known here at once and in the catalog once there is room', async () => {
  const disk = { isFull: false };
  const agent = await startLocal({ stores: fillingStores(disk) });
  await agent.registerCheck({ Name: 'h', HTTP: 'http://a/', Interval: '10s' });
  disk.isFull = true;
  agent.local.report('h' as never, 'passing', 'ok');
  await agent.clock.advanceAndSettle(3_000);
  const row = () => agent.state.view.checks.get(checkKey('n1', 'h'))?.status;
  expect([agent.local.checks().get('h' as never)?.status, row()]).toEqual(['passing', 'critical']);
  disk.isFull = false;
  await agent.clock.advanceAndSettle(1_000);
  expect(row()).toBe('passing');
  expect(agent.agentState.state.view.localChecks.get('h')?.status).toBe('passing');
});

test('a report for a TTL check that cannot be stored is refused, and stored later', async () => {
  const disk = { isFull: false };
  const agent = await startLocal({ stores: fillingStores(disk) });
  await agent.register(WEB);
  disk.isFull = true;
  await expect(agent.local.updateTtl('c', 'passing', '')).rejects.toThrow('disk is full');
  disk.isFull = false;
  await agent.clock.advanceAndSettle(1_000);
  expect(agent.state.view.checks.get(checkKey('n1', 'c'))?.status).toBe('passing');
});

test('a report for a TTL check while the catalog is away is taken, and shown later', async () => {
  const stores = rememberingStores();
  const { commit } = stores.catalog;
  const agent = await startLocal({ stores });
  await agent.register(WEB);
  const reason = new AppError('no_leader', 'No cluster leader');
  stores.catalog.commit = async () => ({ outcome: 'refused', reason });
  expect(await agent.local.updateTtl('c', 'passing', '')).toBe('ok');
  stores.catalog.commit = commit;
  await agent.clock.advanceAndSettle(1_000);
  expect(agent.state.view.checks.get(checkKey('n1', 'c'))?.status).toBe('passing');
});

test('a check that was removed while its result waited for room stays removed', async () => {
  const disk = { isFull: false };
  const agent = await startLocal({ stores: fillingStores(disk) });
  await agent.registerCheck({ Name: 'h', HTTP: 'http://a/', Interval: '10s' });
  disk.isFull = true;
  agent.local.report('h' as never, 'passing', 'ok');
  await agent.clock.advanceAndSettle(0);
  disk.isFull = false;
  await agent.local.deregisterCheck('h');
  await agent.clock.advanceAndSettle(2_000);
  expect([
    agent.state.view.checks.get(checkKey('n1', 'h')),
    agent.agentState.state.view.localChecks.size,
  ]).toEqual([undefined, 0]);
});

test('a node that stays after a stop is kept in the catalog again', async () => {
  const agent = await startLocal({ stores: fillingStores({ isFull: false }) });
  await agent.register(WEB);
  await agent.local.stop();
  await agent.writer.submit({ kind: 'deregister', node: 'n1' });
  await agent.local.resume();
  expect(agent.state.view.services.get(serviceKey('n1', 'web-1'))).toBeDefined();
  await agent.writer.submit({ kind: 'deregister', node: 'n1' });
  await agent.clock.advanceAndSettle(60_000);
  expect(agent.state.view.services.get(serviceKey('n1', 'web-1'))).toBeDefined();
});
