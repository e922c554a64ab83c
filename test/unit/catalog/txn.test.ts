import { describe, expect, test } from 'vitest';
import type { TxnOperation } from '../../../src/catalog/command.ts';
import { readTxn, stampOf } from '../../../src/catalog/txn.ts';
import { systemRandom } from '../../../src/lib/random.ts';
import type { NodeName } from '../../../src/model/types.ts';
import { registerCheck, registerService, service } from '../../support/catalog.ts';
import { type KvFields, kvCommand, startKv } from '../../support/kv.ts';

const on = (verb: string, key: string, fields: KvFields = {}): TxnOperation => ({
  ...kvCommand(key, fields),
  on: 'kv',
  verb,
});

const nodeOperation = (verb: string, name: string, index = 0): TxnOperation => ({
  on: 'node',
  verb,
  node: { name: name as NodeName, id: '', address: '10.0.0.9', taggedAddresses: null, meta: null },
  index,
});

const serviceOperation = (verb: string, node: string, name: string, index = 0): TxnOperation => ({
  on: 'service',
  verb,
  node: node as NodeName,
  service: service({ name }),
  index,
});

function checkOperation(verb: string, node: string, id: string, serviceId = ''): TxnOperation {
  const [check] = registerCheck(node, { id, status: 'passing', serviceId }).checks;
  return { on: 'check', verb, check: check as NonNullable<typeof check>, index: 0 };
}

async function start() {
  const catalog = await startKv();
  const run = async (...operations: TxnOperation[]) => {
    const { result, index } = await catalog.writer.submit({ kind: 'txn', operations });
    return { ...result, index };
  };
  const read = (...operations: TxnOperation[]) =>
    readTxn(catalog.state.view, operations, catalog.clock.now(), systemRandom);
  return { ...catalog, run, read };
}

describe('a transaction', () => {
  test('writes everything under one index and shows what it wrote', async () => {
    const { run, row } = await start();
    const { results, errors, index } = await run(
      on('set', 'a', { text: '1' }),
      on('set', 'b'),
      on('get', 'a'),
    );
    expect(errors).toEqual([]);
    expect(results.map((result) => result.row.modifyIndex)).toEqual([index, index, index]);
    expect([row('a')?.modifyIndex, row('b')?.modifyIndex]).toEqual([index, index]);
    expect(results.map((result) => 'isValueShown' in result && result.isValueShown)).toEqual([
      false,
      false,
      true,
    ]);
  });

  test('changes nothing when one operation fails, and names every one that does', async () => {
    const { run, state, installed } = await start();
    const before = installed.length;
    const { results, errors } = await run(
      on('set', 'a'),
      on('get', 'none'),
      on('check-not-exists', 'a'),
      on('bogus', 'x'),
    );
    expect(results).toEqual([]);
    expect(errors).toEqual([
      { at: 1, what: `key "none" doesn't exist` },
      { at: 2, what: 'key "a" exists' },
      { at: 3, what: 'unknown KV verb "bogus"' },
    ]);
    expect(state.view.kv.size).toBe(0);
    expect(installed).toHaveLength(before);
  });

  test('gives the index of its write to rows that it replaced or removed itself', async () => {
    const { run } = await start();
    const { results, index } = await run(
      on('set', 'a', { text: '1' }),
      on('set', 'a', { text: '2' }),
      on('delete', 'a'),
    );
    expect(results.map(({ row }) => stampOf(row, index))).toEqual([
      { createIndex: index, modifyIndex: index },
      { createIndex: index, modifyIndex: index },
    ]);
  });

  test('does not match an index that it gave out itself', async () => {
    const { run, kv, row } = await start();
    await kv('a', { text: '1' });
    const index = row('a')?.modifyIndex as number;
    const { errors } = await run(on('set', 'a', { text: '2' }), on('cas', 'a', { index, text: '3' }));
    expect(errors).toEqual([{ at: 1, what: 'failed to set key "a", index is stale' }]);
    expect(String(row('a')?.value)).toBe(btoa('1'));
  });

  test('sees the transactions before it in its batch', async () => {
    const { writer, row } = await start();
    const operations = [on('check-not-exists', 'once'), on('set', 'once', { text: 'x' })];
    const both = await Promise.all([1, 2].map(() => writer.submit({ kind: 'txn', operations })));
    expect(both.map(({ result }) => result.errors.length)).toEqual([0, 1]);
    expect(row('once')).toBeDefined();
  });

  test('has the texts of Consul for locks and claims', async () => {
    const { run, kv, begin, end } = await start();
    const [session, other] = [await begin({ lockDelayMs: 5_000 }), await begin()];
    await kv('l', { verb: 'lock', session });
    const { errors } = await run(
      on('lock', 'l', { session: other }),
      on('unlock', 'l', { session: other }),
      on('check-session', 'l', { session: other }),
      on('check-index', 'l', { index: 1 }),
      on('check-index', 'none', { index: 1 }),
    );
    expect(errors.map(({ what }) => what)).toEqual([
      'failed to lock key "l", lock is already held',
      `failed to unlock key "l", lock isn't held, or is held by another session`,
      `failed session check for key "l", current session "${session}" != "${other}"`,
      expect.stringMatching(/^failed index check for key "l", current modify index \d+ != 1$/),
      `failed to check index, key "none" doesn't exist`,
    ]);
    await end(session);
    const delayed = await run(on('lock', 'l', { session: other }), on('get', ''));
    expect(delayed.errors).toEqual([
      { at: 0, what: 'failed to lock key "l" due to lock delay' },
      { at: 1, what: 'Must provide key' },
    ]);
  });

  test('that only reads is answered without a write', async () => {
    const { read, kv } = await start();
    for (const key of ['t/a', 't/b']) await kv(key, { text: key });
    const { results, errors } = read(on('get-tree', 't/'), on('get-or-empty', 'none'));
    expect(errors).toEqual([]);
    expect(results.map(({ row }) => 'key' in row && [row.key, row.value?.toJSON() ?? null])).toEqual([
      ['t/a', btoa('t/a')],
      ['t/b', btoa('t/b')],
      ['none', null],
    ]);
  });
});

describe('the catalog verbs', () => {
  test('register and remove nodes, services and checks', async () => {
    const { run, state } = await start();
    const { results, errors } = await run(
      nodeOperation('set', 'n2'),
      serviceOperation('set', 'n2', 'web'),
      checkOperation('set', 'n2', 'c', 'web'),
    );
    expect(errors).toEqual([]);
    expect(results.map((result) => result.on)).toEqual(['node', 'service', 'check']);
    await run(serviceOperation('delete', 'n2', 'web'), nodeOperation('delete', 'n2'));
    expect(state.view.checks.size + state.view.services.size).toBe(0);
    expect(state.view.nodes.size).toBe(1);
  });

  test('refuse what is not there or was changed meanwhile, with the texts of Consul', async () => {
    const { run, writer } = await start();
    await writer.submit(registerService('n1', service({ name: 'web' })));
    const { errors } = await run(
      nodeOperation('get', 'none'),
      nodeOperation('cas', 'n1', 999),
      nodeOperation('delete-cas', 'none', 3),
      serviceOperation('set', 'none', 'web'),
      serviceOperation('get', 'n1', 'none'),
      serviceOperation('cas', 'n1', 'web', 999),
      checkOperation('set', 'n1', 'c', 'none'),
      checkOperation('get', 'n1', 'none'),
      checkOperation('bogus', 'n1', 'c'),
    );
    expect(errors.map(({ what }) => what)).toEqual([
      `node "none" doesn't exist`,
      'failed to set node "n1", index is stale',
      'failed to delete node "none", index is stale',
      'Missing node registration',
      `service "none" on node "n1" doesn't exist`,
      'failed to set service "web" on node "n1", index is stale',
      'Missing service registration',
      `check "none" on node "n1" doesn't exist`,
      'unknown Check verb "bogus"',
    ]);
  });

  test('with cas act under the right index only', async () => {
    const { run, state } = await start();
    const created = await run(nodeOperation('cas', 'n2', 0));
    expect(created.errors).toEqual([]);
    expect((await run(nodeOperation('cas', 'n2', 0))).errors).toHaveLength(1);
    expect((await run(nodeOperation('delete-cas', 'n2', created.index))).errors).toEqual([]);
    expect(state.view.nodes.get('n2')).toBeUndefined();
  });
});
