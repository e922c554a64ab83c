import { describe, expect, test } from 'vitest';
import { keysWithPrefix } from '../../../src/catalog/kv.ts';
import { KvValue } from '../../../src/model/kv-value.ts';
import { kvCommand, startKv } from '../../support/kv.ts';

describe('check-and-set', () => {
  test('index 0 creates a key once', async () => {
    const { kv, row } = await startKv();
    expect(await kv('c', { verb: 'cas', text: 'first' })).toBe(true);
    expect(await kv('c', { verb: 'cas', text: 'second' })).toBe(false);
    expect(String(row('c')?.value)).toBe(btoa('first'));
  });

  test('needs the index of the last change, and only that', async () => {
    const { kv, row } = await startKv();
    await kv('c', { text: '1' });
    const index = row('c')?.modifyIndex as number;
    expect(await kv('c', { verb: 'cas', index: index - 1, text: '2' })).toBe(false);
    expect(await kv('c', { verb: 'cas', index, text: '2' })).toBe(true);
    expect(await kv('c', { verb: 'cas', index, text: '3' })).toBe(false);
    expect(await kv('none', { verb: 'cas', index: 7, text: '3' })).toBe(false);
  });

  test('is won by one of two that arrive in one batch', async () => {
    const { writer } = await startKv();
    const both = [1, 2].map((n) => writer.submit(kvCommand('c', { verb: 'cas', text: String(n) })));
    expect((await Promise.all(both)).map(({ result }) => result)).toEqual([true, false]);
  });

  test('deletes only under the right index, and counts a missing key as deleted', async () => {
    const { kv, row } = await startKv();
    await kv('d', { text: 'x' });
    const index = row('d')?.modifyIndex as number;
    expect(await kv('d', { verb: 'delete-cas', index: index + 1 })).toBe(false);
    expect(await kv('d', { verb: 'delete-cas', index: 0 })).toBe(false);
    expect(await kv('d', { verb: 'delete-cas', index })).toBe(true);
    expect(await kv('d', { verb: 'delete-cas', index })).toBe(true);
    expect(row('d')).toBeUndefined();
  });
});

describe('locks', () => {
  test('are held by one session and counted by the lock index', async () => {
    const { kv, row, begin } = await startKv();
    const [a, b] = [await begin(), await begin()];
    expect(await kv('l', { verb: 'lock', session: a, text: 'a' })).toBe(true);
    expect(await kv('l', { verb: 'lock', session: b, text: 'b' })).toBe(false);
    expect(await kv('l', { verb: 'unlock', session: b })).toBe(false);
    expect(await kv('l', { verb: 'lock', session: a, text: 'again' })).toBe(true);
    expect(row('l')).toMatchObject({ lockIndex: 1, session: a, value: KvValue.from(btoa('again')) });
    expect(await kv('l', { verb: 'unlock', session: a })).toBe(true);
    expect(await kv('l', { verb: 'lock', session: b })).toBe(true);
    expect(row('l')).toMatchObject({ lockIndex: 2, session: b });
  });

  test('survive a plain write, which sets the lock index to 0', async () => {
    const { kv, row, begin } = await startKv();
    const session = await begin();
    await kv('l', { verb: 'lock', session });
    await kv('l', { text: 'plain' });
    expect(row('l')).toMatchObject({ session, lockIndex: 0, value: KvValue.from(btoa('plain')) });
  });

  test('are refused to what is no session', async () => {
    const { kv } = await startKv();
    const unknown = 'f174e4d1-0000-4000-8000-000000000000';
    await expect(kv('l', { verb: 'lock' })).rejects.toThrow('missing session');
    await expect(kv('l', { verb: 'lock', session: 'x' })).rejects.toThrow(
      'failed session lookup: index error',
    );
    await expect(kv('l', { verb: 'lock', session: unknown })).rejects.toThrow(`invalid session "${unknown}"`);
    expect(await kv('l', { verb: 'unlock', session: unknown })).toBe(false);
  });

  test('belong to the session however its id is spelt', async () => {
    const { kv, row, begin, end } = await startKv();
    const session = await begin();
    const shouted = session.toUpperCase();
    expect(await kv('l', { verb: 'lock', session: shouted })).toBe(true);
    expect(row('l')?.session).toBe(session);
    expect(await kv('l', { verb: 'unlock', session: shouted })).toBe(true);
    await kv('l', { verb: 'lock', session: shouted });
    await end(shouted);
    expect(row('l')?.session).toBe('');
  });

  test('go to one of many contenders of a batch', async () => {
    const { writer, begin } = await startKv();
    const sessions = await Promise.all(Array.from({ length: 20 }, () => begin()));
    const tries = sessions.map((session) => writer.submit(kvCommand('l', { verb: 'lock', session })));
    const won = (await Promise.all(tries)).filter(({ result }) => result);
    expect(won).toHaveLength(1);
  });
});

describe('keys', () => {
  test('of a prefix are deleted together, without their neighbours', async () => {
    const { kv, state } = await startKv();
    for (const key of ['d', 'd/1', 'd/2/3', 'd2', 'e']) await kv(key, { text: 'x' });
    await kv('d/', { verb: 'delete-tree' });
    expect(keysWithPrefix(state.view, '', '')).toEqual(['d', 'd2', 'e']);
    await kv('', { verb: 'delete-tree' });
    expect(state.view.kv.size).toBe(0);
  });

  test('are cut behind the separator, and named once', async () => {
    const { kv, state } = await startKv();
    for (const key of ['k/a', 'k/b/c', 'k/b/d', 'k/e/f/g', 'kx']) await kv(key, { text: 'x' });
    expect(keysWithPrefix(state.view, 'k/', '/')).toEqual(['k/a', 'k/b/', 'k/e/']);
    expect(keysWithPrefix(state.view, 'k/', 'b')).toEqual(['k/a', 'k/b', 'k/e/f/g']);
    expect(keysWithPrefix(state.view, '', '/')).toEqual(['k/', 'kx']);
  });
});
