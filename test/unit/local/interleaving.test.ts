import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Stores } from '../../../src/agent/stores.ts';
import { TABLES } from '../../../src/catalog/tables.ts';
import { AGENT_TABLES } from '../../../src/local/agent-tables.ts';
import { AppError } from '../../../src/model/errors.ts';
import { sqliteFile } from '../../../src/store/sqlite.ts';
import { type LocalAgent, rememberingStores, startLocal } from '../../support/local-agent.ts';
import { seededRandom } from '../../support/seeded-random.ts';

let dir: string;
let stores: Stores;

beforeEach(() => {
  dir = fs.mkdtempSync(path.join(os.tmpdir(), 'interleaving-'));
  stores = openFile();
});

afterEach(async () => {
  await Promise.all([stores.agent.close(), stores.catalog.close()]);
  fs.rmSync(dir, { recursive: true });
});

function openFile(): Stores {
  const file = sqliteFile(path.join(dir, 'rollcall.db'));
  return { agent: file.store('agent', AGENT_TABLES), catalog: file.store('catalog', TABLES) };
}

const check = (id: string) => ({ CheckID: id, Name: id, TTL: '10m' });
const web = (...ids: string[]) => ({ ID: 'web', Name: 'web', Checks: ids.map(check) });

/** Checks whose service is not there, in the agent's rows, in what lives, and in the catalog. */
function orphans({ local, state, agentState }: LocalAgent): readonly string[] {
  const { localServices, localChecks } = agentState.state.view;
  const own = [...localChecks.values()].filter(
    ({ definition }) => definition.serviceId && localServices.get(definition.serviceId) === undefined,
  );
  const live = [...local.checks().values()].filter(
    ({ definition }) => definition.serviceId && !local.services().has(definition.serviceId),
  );
  const services = new Set([...state.view.services.values()].map(({ id }) => id));
  const shown = [...state.view.checks.values()].filter(
    ({ serviceId }) => serviceId && !services.has(serviceId),
  );
  return [
    ...own.map(({ definition }) => `own ${definition.id}`),
    ...live.map(({ definition }) => `live ${definition.id}`),
    ...shown.map(({ id }) => `shown ${id}`),
  ];
}

/** What the agent keeps and what the catalog says of it, as lists of ids. */
function idsOf({ local, state }: LocalAgent): { own: readonly string[]; shown: readonly string[] } {
  const own = [...local.services().keys(), ...local.checks().keys()];
  const rows = [...state.view.services.values(), ...state.view.checks.values()];
  return {
    own: own.sort(),
    shown: rows
      .map(({ id }) => id)
      .filter((id) => id !== 'consul')
      .sort(),
  };
}

test('a service that is registered again with one more check while it is removed leaves no check behind', async () => {
  const agent = await startLocal({ stores });
  for (let round = 0; round < 20; round += 1) {
    await agent.register(web('a'));
    await Promise.all([agent.register(web('a', 'b')), agent.local.deregisterService('web')]);
    expect(orphans(agent)).toEqual([]);
    expect(agent.local.services().has('web' as never)).toBe(false);
  }
  await Promise.all([stores.agent.close(), stores.catalog.close()]);
  stores = openFile();
  const again = await startLocal({ stores });
  expect([orphans(again), idsOf(again)]).toEqual([[], { own: [], shown: [] }]);
});

test('whatever registrations and removals are under way together, the last one holds and nothing is left over', async () => {
  const random = seededRandom(5);
  const agent = await startLocal({ stores });
  const steps = [
    () => agent.register(web('a')),
    () => agent.register(web('a', 'b'), { replaceExistingChecks: random.next() < 0.5 }),
    () => agent.register(web('c')),
    () => agent.local.deregisterService('web'),
    () => agent.registerCheck({ ...check('d'), ServiceID: 'web' }),
    () => agent.local.deregisterCheck('a'),
    () => agent.local.setServiceMaintenance('web', random.next() < 0.5, 'why'),
    () => agent.local.updateTtl('a', 'passing', ''),
  ] as const;
  for (let round = 0; round < 60; round += 1) {
    const picked = Array.from({ length: 6 }, () => steps[Math.floor(random.next() * steps.length)]);
    await Promise.allSettled(
      picked.map(async (step) => {
        if (random.next() < 0.3) await new Promise((resolve) => setImmediate(resolve));
        return step?.();
      }),
    );
    expect(orphans(agent)).toEqual([]);
    const { own, shown } = idsOf(agent);
    expect(shown).toEqual(own);
  }
});

test('a check that is removed and registered again in one go begins anew', async () => {
  const agent = await startLocal({ stores });
  await agent.register(web('a'));
  await agent.local.updateTtl('a', 'passing', 'fine');
  await Promise.all([agent.local.deregisterService('web'), agent.register(web('a'))]);
  expect(agent.local.checks().get('a' as never)).toMatchObject({ status: 'critical', output: '' });
  expect([...agent.state.view.checks.values()].map(({ status }) => status)).toEqual(['critical']);
});

/** Transactions in the write-ahead log of the database: frames that say how large the file is after a commit. */
function transactions(): number {
  const wal = fs.readFileSync(path.join(dir, 'rollcall.db-wal'));
  const pageBytes = wal.readUInt32BE(8);
  const salt = wal.subarray(16, 24);
  let count = 0;
  for (let at = 32; at + 24 + pageBytes <= wal.length; at += 24 + pageBytes)
    if (wal.subarray(at + 8, at + 16).equals(salt) && wal.readUInt32BE(at + 4) !== 0) count += 1;
  return count;
}

test('both halves of a registration, and of those that come together, are one transaction', async () => {
  const agent = await startLocal({ stores });
  const before = transactions();
  await agent.register(web('a'));
  expect(transactions()).toBe(before + 1);
  await Promise.all(
    ['b', 'c', 'd'].map((id) => agent.register({ ID: id, Name: id, Check: check(`of ${id}`) })),
  );
  expect(transactions()).toBe(before + 2);
  // Others write into the catalog alone meanwhile: the halves stay together.
  const kv = { kind: 'kv', verb: 'set', flags: '0', index: 0, session: '', value: 'A' } as const;
  const underWay = agent.writer.submit({ ...kv, key: 'k' });
  await new Promise((resolve) => setImmediate(resolve));
  await Promise.all([underWay, agent.register({ ID: 'e', Name: 'e' })]);
  expect(transactions()).toBe(before + 4);
});

test('what only the own store took before the process died is in the catalog after the next start, and the other way round', async () => {
  const kept = rememberingStores();
  const before = await startLocal({ stores: kept });
  await before.register(web('a'));
  await before.register({ ID: 'db', Name: 'db' });
  const died = (): Promise<never> => new Promise(() => {});
  const commit = kept.catalog.commit;
  kept.catalog.commit = died;
  void before.local.deregisterService('web');
  void before.register({ ID: 'late', Name: 'late', Check: check('l') });
  await new Promise((resolve) => setImmediate(resolve));
  kept.catalog.commit = commit;
  const after = await startLocal({ stores: kept });
  expect(idsOf(after)).toEqual({ own: ['db', 'l', 'late'], shown: ['db', 'l', 'late'] });
});

test('when the catalog alone refuses, the submitter hears of it and the catalog follows within a second', async () => {
  const kept = rememberingStores();
  const agent = await startLocal({ stores: kept });
  const { commit } = kept.catalog;
  const reason = new AppError('store_failed', 'no leader (simulated)');
  kept.catalog.commit = async () => ({ outcome: 'refused', reason });
  await expect(agent.register(web('a'))).rejects.toThrow('no leader');
  expect(idsOf(agent)).toEqual({ own: ['a', 'web'], shown: [] });
  kept.catalog.commit = commit;
  await agent.clock.advanceAndSettle(1_000);
  expect(idsOf(agent)).toEqual({ own: ['a', 'web'], shown: ['a', 'web'] });
});

test('a registration while the catalog is away is taken, and shown once there is one again', async () => {
  const kept = rememberingStores();
  const agent = await startLocal({ stores: kept });
  const { commit } = kept.catalog;
  const reason = new AppError('no_leader', 'No cluster leader');
  kept.catalog.commit = async () => ({ outcome: 'refused', reason });
  await agent.register(web('a'));
  expect(idsOf(agent)).toEqual({ own: ['a', 'web'], shown: [] });
  kept.catalog.commit = commit;
  await agent.clock.advanceAndSettle(1_000);
  expect(idsOf(agent)).toEqual({ own: ['a', 'web'], shown: ['a', 'web'] });
});

test('what was registered while the catalog was away for long is shown within seconds after it is back', async () => {
  const kept = rememberingStores();
  const agent = await startLocal({ stores: kept });
  const { commit } = kept.catalog;
  let tries = 0;
  const reason = new AppError('no_leader', 'No cluster leader');
  kept.catalog.commit = async () => {
    tries += 1;
    return { outcome: 'refused', reason };
  };
  await agent.register(web('a'));
  await agent.clock.advanceAndSettle(40_000);
  // It is not asked every second: thousands of agents may wait for it.
  expect(tries).toBeGreaterThan(8);
  expect(tries).toBeLessThan(24);
  kept.catalog.commit = commit;
  await agent.clock.advanceAndSettle(5_000);
  expect(idsOf(agent)).toEqual({ own: ['a', 'web'], shown: ['a', 'web'] });
});
