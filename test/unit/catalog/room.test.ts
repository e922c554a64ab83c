import { describe, expect, test } from 'vitest';
import { Room } from '../../../src/catalog/room.ts';
import { TABLES } from '../../../src/catalog/tables.ts';
import { rememberingStore } from '../../../src/store/memory.ts';
import { registerCheck, registerService, startCatalog } from '../../support/catalog.ts';
import { kvCommand } from '../../support/kv.ts';

const NO_ROOM = expect.objectContaining({ code: 'no_room' });

/** A catalog that takes what there is room for. */
async function limited(maxKvBytes: number, persistence = rememberingStore(TABLES)) {
  const heap = { isFull: false };
  const refusals: string[] = [];
  const parts = { maxKvBytes, isHeapFull: () => heap.isFull, onRefused: () => refusals.push('') };
  const catalog = await startCatalog(persistence, (view) => new Room({ view, ...parts }));
  const put = (key: string, text: string) => catalog.writer.submit(kvCommand(key, { text }));
  return { ...catalog, put, heap, refusals, persistence };
}

describe('keys and values', () => {
  test('are taken up to their limit together; room that is made can be used again', async () => {
    const { put, writer, state, refusals } = await limited(1_000);
    await put('a', 'v'.repeat(600));
    await expect(put('b', 'v'.repeat(600))).rejects.toEqual(NO_ROOM);
    await put('b', 'v'.repeat(390));
    expect(refusals).toHaveLength(1);
    await writer.submit(kvCommand('a', { verb: 'delete' }));
    await put('c', 'v'.repeat(600));
    expect([...state.view.kv.values()].map(({ key }) => key)).toEqual(['b', 'c']);
  });

  test('over their limit may still become smaller, and so they may after a restart with a lower one', async () => {
    const before = await limited(10_000);
    await before.put('a', 'v'.repeat(5_000));
    const { put, state } = await limited(1_000, before.persistence);
    await expect(put('a', 'v'.repeat(5_001))).rejects.toEqual(NO_ROOM);
    await put('a', 'v'.repeat(4_000));
    expect(state.view.kv.get('a')?.value?.size).toBe(4_000);
  });

  test('of a transaction count together, and a key that it writes twice once', async () => {
    const { writer, state } = await limited(1_000);
    const set = (key: string, bytes: number) => {
      const { kind: _kind, ...rest } = kvCommand(key, { text: 'v'.repeat(bytes) });
      return { on: 'kv' as const, ...rest };
    };
    await expect(writer.submit({ kind: 'txn', operations: [set('a', 600), set('b', 600)] })).rejects.toEqual(
      NO_ROOM,
    );
    expect(state.view.kv.size).toBe(0);
    await writer.submit({ kind: 'txn', operations: [set('a', 600), set('a', 800)] });
    expect(state.view.kv.size).toBe(1);
  });
});

describe('when the heap is full', () => {
  test('nothing is added, and everything else goes on', async () => {
    const { writer, put, heap, state } = await limited(10_000);
    await writer.submit(registerCheck('n1', { id: 'c', status: 'passing' }));
    await put('a', 'first');
    heap.isFull = true;
    await expect(writer.submit(registerService('n2'))).rejects.toEqual(NO_ROOM);
    await expect(put('b', 'more')).rejects.toEqual(NO_ROOM);
    await expect(put('a', 'larger than it was')).rejects.toEqual(NO_ROOM);
    await put('a', 'other');
    await writer.submit(registerCheck('n1', { id: 'c', status: 'critical' }));
    expect([...state.view.checks.values()].map(({ status }) => status)).toEqual(['critical']);
    await writer.submit(kvCommand('a', { verb: 'delete' }));
    heap.isFull = false;
    await writer.submit(registerService('n2'));
  });
});
