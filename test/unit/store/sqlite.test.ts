import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { Worker } from 'node:worker_threads';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { meteredStore } from '../../../src/agent/metered-store.ts';
import type { Persistence } from '../../../src/catalog/persistence.ts';
import { select } from '../../../src/catalog/select.ts';
import type { PutChange } from '../../../src/catalog/state.ts';
import type { Kinds, TableSpecs } from '../../../src/catalog/table-set.ts';
import { TABLES } from '../../../src/catalog/tables.ts';
import { type Logger, silentLogger } from '../../../src/lib/logger.ts';
import { AGENT_TABLES } from '../../../src/local/agent-tables.ts';
import { Metrics } from '../../../src/metrics/metrics.ts';
import { KvValue } from '../../../src/model/kv-value.ts';
import { UNSTAMPED } from '../../../src/model/types.ts';
import { sqliteFile } from '../../../src/store/sqlite.ts';
import { SCHEMA_VERSION } from '../../../src/store/sqlite-schema.ts';
import { registerService, service, startCatalog } from '../../support/catalog.ts';
import { startLocal } from '../../support/local-agent.ts';
import { manualClock } from '../../support/manual-clock.ts';

let dir: string;
let file: string;

beforeEach(() => {
  dir = fs.mkdtempSync(path.join(os.tmpdir(), 'sqlite-'));
  file = path.join(dir, 'rollcall.db');
});

const sqliteStore = (path: string) => sqliteFile(path).store('catalog', TABLES);

afterEach(() => fs.rmSync(dir, { recursive: true }));

test('refuses a database of a newer version and leaves it as it is', async () => {
  const newer = new Database(file);
  newer.pragma(`user_version = ${SCHEMA_VERSION + 1}`);
  newer.exec('CREATE TABLE future (x)');
  newer.close();
  const before = fs.readFileSync(file);
  await expect(sqliteStore(file).load()).rejects.toThrow(`schema ${SCHEMA_VERSION + 1}`);
  expect(fs.readFileSync(file).equals(before)).toBe(true);
});

test('refuses a file that is no database, with its name', async () => {
  fs.writeFileSync(file, 'this is not a database, it is a poem of some length\n'.repeat(100));
  await expect(sqliteStore(file).load()).rejects.toThrow(file);
});

test('refuses a second process on the same file', async () => {
  const first = sqliteStore(file);
  await first.load();
  await expect(sqliteStore(file).load()).rejects.toThrow('in use by another process');
  await first.close();
});

test('is durable: WAL, and a copy taken without closing has every acknowledged write', async () => {
  const store = sqliteStore(file);
  const { writer } = await startCatalog(store);
  await writer.submit(registerService('n1', service({ name: 'web' })));
  const copy = path.join(dir, 'copy.db');
  fs.copyFileSync(file, copy);
  fs.copyFileSync(`${file}-wal`, `${copy}-wal`);
  await store.close();
  const reopened = sqliteStore(copy);
  const { state } = await startCatalog(reopened);
  await reopened.close();
  expect([...state.view.services.values()].map(({ name }) => name)).toEqual(['web']);
});

/** Key, content and stamps of every row of a set of tables. */
async function contentOf<K extends Kinds>(store: Persistence<K>, specs: TableSpecs<K>) {
  const { rows, index } = await store.load();
  const texts = rows.map(({ table, row }) => {
    const { createIndex, modifyIndex, ...content } = row;
    return [table, specs[table].key(row), JSON.stringify(content), createIndex, modifyIndex].join(' ');
  });
  return { index, texts: texts.sort() };
}

test('a database of the time when both stores were one comes up without loss, each with the index they shared', async () => {
  const old = new Database(file);
  old.exec(fs.readFileSync(new URL('../../golden/database-of-schema-2.sql', import.meta.url), 'utf8'));
  const rowsOf = (sqlTable: string, table: string, where = '') =>
    (old.prepare(`SELECT * FROM ${sqlTable} ${where}`).all() as Record<string, string>[]).map(
      ({ key, row, create_index, modify_index }) => [table, key, row, create_index, modify_index].join(' '),
    );
  const agents = [
    ...rowsOf('local_services', 'localServices'),
    ...rowsOf('local_checks', 'localChecks'),
    ...rowsOf('facts', 'facts', "WHERE key = 'node_id'"),
  ];
  const shared = ['nodes', 'services', 'checks', 'kv', 'sessions', 'queries'].flatMap((name) =>
    rowsOf(name, name),
  );
  const autopilot = rowsOf('facts', 'settings', "WHERE key = 'autopilot'");
  old.close();
  expect([agents.length, shared.length, autopilot.length]).toEqual([5, 11, 1]);

  const opened = sqliteFile(file);
  const [agent, catalog] = [opened.store('agent', AGENT_TABLES), opened.store('catalog', TABLES)];
  expect(await contentOf(agent, AGENT_TABLES)).toEqual({ index: 12, texts: agents.sort() });
  expect(await contentOf(catalog, TABLES)).toEqual({ index: 12, texts: [...shared, ...autopilot].sort() });
  const before = await catalog.load();
  const { local } = await startLocal({ stores: { agent, catalog } });
  expect([...local.services().keys()].sort()).toEqual(['db', 'web-1']);
  expect(local.checks().get('c' as never)).toMatchObject({ status: 'passing', output: 'fine' });
  const after = (await catalog.load()).rows.filter(({ table }) => table !== 'history');
  expect(after.length).toBe(before.rows.length);
  await Promise.all([agent.close(), catalog.close()]);
});

test('a file is closed with the last of its stores', async () => {
  const opened = sqliteFile(file);
  const [agent, catalog] = [opened.store('agent', AGENT_TABLES), opened.store('catalog', TABLES)];
  await agent.load();
  await agent.close();
  expect((await catalog.commit([[]], 0)).outcome).toBe('done');
  await catalog.close();
  const again = sqliteFile(file).store('catalog', TABLES);
  expect((await again.load()).index).toBe(1);
  await again.close();
});

test('a commit that fails refuses no other that shares its transaction', async () => {
  const opened = sqliteFile(file);
  const [agent, catalog] = [opened.store('agent', AGENT_TABLES), opened.store('catalog', TABLES)];
  const remove = (table: 'nodes', key: string) => [[{ op: 'remove', table, key }] as const];
  const [wrong, right] = await Promise.all([agent.commit([[]], 5), catalog.commit(remove('nodes', 'x'), 0)]);
  expect([wrong.outcome, right]).toEqual(['refused', { outcome: 'done', indexes: [1] }]);
  await Promise.all([agent.close(), catalog.close()]);
});

test('what a dying database thread was doing is unknown, what it was not sent is refused, and what comes later', async () => {
  const store = sqliteStore(file);
  await store.load();
  const thread = vi.spyOn(Worker.prototype, 'postMessage');
  const underWay = store.commit([[]], 0);
  await new Promise((resolve) => process.nextTick(() => process.nextTick(resolve)));
  const worker = thread.mock.contexts[0] as Worker;
  thread.mockRestore();
  const unsent = store.commit([[]], 1);
  await worker.terminate();
  expect([(await unsent).outcome, (await store.commit([[]], 0)).outcome]).toEqual(['refused', 'refused']);
  expect(['unknown', 'done']).toContain((await underWay).outcome);
  await expect(store.outcomeOf([[]], 0)).rejects.toThrow('database');
  await store.close();
});

test('a row that cannot be read is put aside, named and kept; the rest is served', async () => {
  const store = sqliteStore(file);
  const { writer } = await startCatalog(store);
  for (const name of ['good', 'tagless', 'torn', 'sessionless'])
    await writer.submit(registerService('n1', service({ name })));
  await store.close();
  const raw = new Database(file);
  const change = raw.prepare('UPDATE services SET row = ? WHERE key = ?');
  const row = raw.prepare<[string], string>('SELECT row FROM services WHERE key = ?').pluck();
  const { tags: _tags, ...tagless } = JSON.parse(row.get('n1\u0000tagless') as string) as { tags: unknown };
  change.run(JSON.stringify(tagless), 'n1\u0000tagless');
  change.run('{"id":', 'n1\u0000torn');
  const session = { id: 's', name: '', node: 'n1', lockDelayMs: 0, behavior: 'release' };
  const rest = { nodeChecks: [], checks: [], serviceChecks: null };
  raw.prepare('INSERT INTO sessions VALUES (?, ?, 9, 9)').run('s', JSON.stringify({ ...session, ...rest }));
  raw.close();

  const [lines, metrics] = [[] as object[], new Metrics()];
  const log: Logger = { ...silentLogger, error: (fields) => void lines.push(fields) };
  const again = meteredStore(sqliteStore(file), { metrics, clock: manualClock(), log });
  const { state, writer: next } = await startCatalog(again);
  expect([...state.view.services.values()].map(({ name }) => name)).toEqual(['good', 'sessionless']);
  expect([select(state.view, 'tagless', { onlyPassing: false }), state.view.sessions.size]).toEqual([[], 0]);
  expect(lines).toEqual([
    { table: 'services', key: 'n1\u0000tagless', why: 'tags is not a list' },
    { table: 'services', key: 'n1\u0000torn', why: expect.stringContaining('JSON') },
    { table: 'sessions', key: 's', why: 'ttl is not a duration' },
  ]);
  await next.submit(registerService('n1', service({ name: 'torn' })));
  await again.close();
  const { rows, unreadable } = await sqliteStore(file).load();
  expect([rows.length, unreadable?.map(({ key }) => key)]).toEqual([4, ['n1\u0000tagless', 's']]);
});

test('a batch of megabytes goes to the thread in pieces, and is one commit nevertheless', async () => {
  const store = sqliteStore(file);
  await store.load();
  const sent = vi.spyOn(Worker.prototype, 'postMessage');
  const value = KvValue.of(Buffer.alloc(500_000, 'v'));
  const put = (key: string): PutChange => ({
    op: 'put',
    table: 'kv',
    row: { ...UNSTAMPED, key, value, flags: '0', lockIndex: 0, session: '' },
  });
  const keys = Array.from({ length: 10 }, (_, i) => `k${i}`);
  const outcome = await store.commit([keys.map(put), [put('k3'), put('last')]], 0);
  const lengths = sent.mock.calls.map(([message]) => JSON.stringify(message).length);
  sent.mockRestore();
  expect(outcome).toEqual({ outcome: 'done', indexes: [1, 2] });
  expect(Math.max(...lengths)).toBeLessThan(2_000_000);
  const { rows, index } = await store.load();
  const stamps = rows.map(({ row }) => [(row as { key?: string }).key, row.createIndex, row.modifyIndex]);
  expect(index).toBe(2);
  expect(stamps).toEqual([...keys.map((key) => [key, 1, key === 'k3' ? 2 : 1]), ['last', 2, 2]]);
  await store.close();
});
