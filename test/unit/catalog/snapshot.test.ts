import { expect, test } from 'vitest';
import { restorableRow, snapshotRows } from '../../../src/catalog/snapshot.ts';
import type { PutChange } from '../../../src/catalog/state.ts';
import { KvValue } from '../../../src/model/kv-value.ts';
import type { CheckId, KvRow } from '../../../src/model/types.ts';
import { deregister, registerService, service } from '../../support/catalog.ts';
import { startKv } from '../../support/kv.ts';

test('restoring brings back what was there, removes what came later, and leaves settings alone', async () => {
  const { writer, kv, row, begin, state } = await startKv();
  await writer.submit(registerService('n1', service({ name: 'web' })));
  const session = await begin();
  await kv('kept', { verb: 'lock', session, text: 'v', flags: '7' });
  const rows = [...snapshotRows(state.view)];
  await writer.submit({ kind: 'setting', name: 'autopilot', value: 'x' });
  await writer.submit(registerService('n2', service({ name: 'late' })));
  await kv('late', { text: 'x' });
  await kv('kept', { text: 'changed' });

  await writer.submit({ kind: 'restore', rows, ownNode: 'me' });
  expect(row('kept')).toMatchObject({ value: KvValue.from(btoa('v')), flags: '7', session, lockIndex: 1 });
  expect(row('late')).toBeUndefined();
  expect([...state.view.services.values()].map(({ name }) => name)).toEqual(['web']);
  expect(state.view.nodes.get('n2')).toBeUndefined();
  expect(state.view.settings.get('autopilot')?.value).toBe('x');
});

test('restored rows that differ get a new index, so that no old check-and-set matches', async () => {
  const { writer, kv, row, state } = await startKv();
  await kv('a', { text: '1' });
  await kv('same', { text: '1' });
  const rows = [...snapshotRows(state.view)];
  const old = row('a')?.modifyIndex as number;
  const same = row('same')?.modifyIndex;
  await kv('a', { text: '2' });
  const { index } = await writer.submit({ kind: 'restore', rows, ownNode: 'me' });
  expect(row('a')?.modifyIndex).toBe(index);
  expect(row('same')?.modifyIndex).toBe(same);
  expect(await kv('a', { verb: 'cas', index: old, text: '3' })).toBe(false);
});

test("the agent's own node stays as it is, whatever the snapshot says about it", async () => {
  const { writer, kv, check, begin, state, row } = await startKv();
  await writer.submit(registerService('n1', service({ name: 'old' })));
  await check('gone', 'passing');
  const [lost, safe] = [await begin({ nodeChecks: ['gone' as CheckId] }), await begin()];
  await kv('lost', { verb: 'lock', session: lost });
  await kv('safe', { verb: 'lock', session: safe });
  const rows = [...snapshotRows(state.view)];
  await writer.submit(registerService('n1', service({ name: 'new' })));
  await writer.submit(deregister('n1', 'old'));
  await writer.submit({ kind: 'deregister', node: 'n1', checkId: 'gone' });

  await writer.submit({ kind: 'restore', rows, ownNode: 'N1' });
  expect([...state.view.services.values()].map(({ name }) => name)).toEqual(['new']);
  expect(state.view.checks.size).toBe(0);
  expect([...state.view.sessions.values()].map(({ id }) => id)).toEqual([safe]);
  expect([row('lost')?.session, row('safe')?.session]).toEqual(['', safe]);
});

test('sessions of nodes that are not there end with what they hold', async () => {
  const { writer, kv, begin, state, row } = await startKv();
  const session = await begin();
  await kv('l', { verb: 'lock', session });
  const rows = [...snapshotRows(state.view)].filter(({ table }) => table !== 'nodes');
  await writer.submit({ kind: 'restore', rows, ownNode: 'me' });
  expect(state.view.sessions.size).toBe(0);
  expect(row('l')?.session).toBe('');
});

test.each([
  ['services', { tags: undefined }, 'failed to read snapshot: services "n1/web/web": tags is not a list'],
  ['services', { tags: [1] }, 'tags[0] is not a text'],
  ['services', { weights: { passing: 1 } }, 'weights.warning is not a number'],
  ['nodes', { name: 7 }, 'name is not a text'],
  ['checks', { status: 'maintenance' }, 'status is not one of passing, warning, critical'],
  ['sessions', { ttl: undefined }, 'ttl is not a duration'],
  ['sessions', { ttl: 'soon' }, 'ttl is not a duration'],
  ['kv', { flags: 0 }, 'flags is not a text'],
] as const)(
  'a snapshot with a row of %s that lacks its shape (%j) is refused by its name, nothing changed',
  async (table, wrong, why) => {
    const { writer, kv, check, begin, state } = await startKv();
    await writer.submit(registerService('n1', service({ name: 'web' })));
    await check('c', 'passing');
    await begin({ ttl: '10s' });
    await kv('a', { text: '1' });
    const rows = [...snapshotRows(state.view)].map((change) =>
      change.table === table ? ({ ...change, row: { ...change.row, ...wrong } } as typeof change) : change,
    );
    await kv('b', { text: '2' });
    const { index } = state;
    await expect(writer.submit({ kind: 'restore', rows, ownNode: 'me' })).rejects.toThrow(why);
    expect([state.index, state.view.kv.size]).toEqual([index, 2]);
  },
);

test('a row that says what is there is the row that is there, so restoring it costs nothing', async () => {
  const { kv, row, state } = await startKv();
  await kv('same', { text: 'v'.repeat(2_000) });
  await kv('other', { text: '1' });
  const saved = [...snapshotRows(state.view)].map(
    (change) => JSON.parse(JSON.stringify(change)) as PutChange,
  );
  await kv('other', { text: '2' });
  const rows = saved.map((change) => restorableRow(state.view, change));
  const [same, other] = ['same', 'other'].map(
    (key) => rows.find((each) => each.table === 'kv' && each.row.key === key)?.row as KvRow,
  );
  expect(same).toBe(row('same'));
  expect(other?.value).toEqual(KvValue.from(btoa('1')));
});

test('what is written between looking at the rows and restoring them is replaced nevertheless', async () => {
  const { writer, kv, row, state } = await startKv();
  await kv('a', { text: '1' });
  await kv('b', { text: '1' });
  const rows = [...snapshotRows(state.view)].map((change) => restorableRow(state.view, change));
  await kv('a', { text: '2' });
  await kv('b', { verb: 'delete' });
  await kv('c', { text: '1' });
  const { index } = await writer.submit({ kind: 'restore', rows, areChecked: true, ownNode: 'me' });
  expect(row('a')).toMatchObject({ value: KvValue.from(btoa('1')), modifyIndex: index });
  expect(row('b')).toMatchObject({ value: KvValue.from(btoa('1')), modifyIndex: index });
  expect(row('c')).toBeUndefined();
});
