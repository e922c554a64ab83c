import { describe, expect, test, vi } from 'vitest';
import type { Persistence } from '../../../src/catalog/persistence.ts';
import { checkKey, serviceKey } from '../../../src/catalog/tables.ts';
import { serviceTopic } from '../../../src/catalog/topics.ts';
import { memoryStore } from '../../../src/store/memory.ts';
import { deregister, registerCheck, registerService, service, startCatalog } from '../../support/catalog.ts';
import { failingStore } from '../../support/failing-store.ts';

/** A store whose commits wait until `release` is called. */
function gatedStore(): Persistence & { release(): void; batches: number[] } {
  const store = memoryStore();
  const waiting: (() => void)[] = [];
  const batches: number[] = [];
  return {
    ...store,
    batches,
    release: () => waiting.shift()?.(),
    commit: (batch, after) =>
      new Promise((resolve, reject) => {
        batches.push(batch.length);
        waiting.push(() => void store.commit(batch, after).then(resolve, reject));
      }),
  };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('the write queue', () => {
  test('commits everything that arrived during a commit as one batch', async () => {
    const store = gatedStore();
    const { writer } = await startCatalog(store);
    const all = [writer.submit(registerService('n1', service({ name: 'first' })))];
    await turn();
    for (const name of ['a', 'b', 'c']) all.push(writer.submit(registerService('n1', service({ name }))));
    store.release();
    await turn();
    store.release();
    await Promise.all(all);
    expect(store.batches).toEqual([1, 3]);
  });

  test('lets others have a turn before each step of a write of very many parts, and of no other', async () => {
    const store = gatedStore();
    const { writer } = await startCatalog(store);
    const turnsUntilCommit = async (parts: number): Promise<number> => {
      const commands = Array.from({ length: parts }, (_, i) =>
        registerService('n1', service({ name: `s${parts}-${i}` })),
      );
      const written = writer.submit({ kind: 'all', commands });
      const before = store.batches.length;
      let turns = 0;
      for (await Promise.resolve(); store.batches.length === before; turns += 1) await turn();
      store.release();
      await written;
      return turns;
    };
    expect(await turnsUntilCommit(400)).toBe(2);
    expect(await turnsUntilCommit(10)).toBeLessThanOrEqual(1);
  });

  test('goes on after a batch that a bug ended, and tells those who wait for it', async () => {
    const { writer, watch } = await startCatalog();
    const wake = vi.spyOn(watch, 'wake').mockImplementationOnce(() => {
      throw new Error('bug');
    });
    await writer.submit(registerService('n1', service({ name: 'first' })));
    expect(wake).toHaveBeenCalledOnce();
    const second = await writer.submit(registerService('n1', service({ name: 'second' })));
    expect(second.index).toBeGreaterThan(0);
    await writer.stop();
  });

  test('installs every durable write of a batch, also behind one that a bug ended', async () => {
    const { writer, state, installer } = await startCatalog();
    let writes = 0;
    installer.onInstalled(() => {
      writes += 1;
      if (writes === 1) throw new Error('bug');
    });
    const [first, second] = await Promise.allSettled([
      writer.submit(registerService('n1', service({ name: 'first' }))),
      writer.submit(registerService('n1', service({ name: 'second' }))),
    ]);
    expect([first.status, second.status, state.view.services.size]).toEqual(['rejected', 'fulfilled', 2]);
    expect((await writer.submit(deregister('n1'))).index).toBe(3);
  });

  test('shows nothing to readers before the commit is done', async () => {
    const store = gatedStore();
    const { writer, state } = await startCatalog(store);
    const submitted = writer.submit(registerService('n1', service({ name: 'web' })));
    await turn();
    expect(state.view.services.size).toBe(0);
    store.release();
    await submitted;
    expect(state.view.services.get(serviceKey('n1', 'web'))?.name).toBe('web');
  });

  test('lets a command see what earlier ones of its batch will have done', async () => {
    const { writer, state } = await startCatalog();
    await Promise.all([
      writer.submit(registerService('n1', service({ name: 'web' }))),
      writer.submit(registerCheck('n1', { id: 'c1', status: 'passing', serviceId: 'web' })),
      writer.submit(deregister('n1', 'web')),
    ]);
    expect(state.view.services.size).toBe(0);
    expect(state.view.checks.size).toBe(0);
    expect(state.view.nodes.size).toBe(1);
  });

  test('moves no index when the same content is written again', async () => {
    const { writer, indexes, installed } = await startCatalog();
    const command = registerService('n1', service({ name: 'web' }));
    const first = await writer.submit(command);
    const again = await writer.submit(command);
    expect(again.index).toBe(first.index);
    expect(indexes.of([serviceTopic('web')])).toBe(first.index);
    expect(installed).toHaveLength(1);
  });

  test('rejects only the refused command of a batch', async () => {
    const { writer, state } = await startCatalog();
    const [good, bad] = await Promise.allSettled([
      writer.submit(registerService('n1', service({ name: 'web' }))),
      writer.submit(registerCheck('n1', { id: 'c', status: 'passing', serviceId: 'nothing' })),
    ]);
    expect(good.status).toBe('fulfilled');
    expect(bad.status).toBe('rejected');
    expect(state.view.services.size).toBe(1);
  });

  test('does all parts of an atomic command or none', async () => {
    const { writer, state } = await startCatalog();
    const refused = writer.submit({
      kind: 'all',
      commands: [
        registerService('n1', service({ name: 'web' })),
        registerCheck('n1', { id: 'c', status: 'passing', serviceId: 'nothing' }),
      ],
    });
    await expect(refused).rejects.toThrow('Missing service registration');
    expect(state.view.services.size).toBe(0);
  });

  test('goes on after a commit failed', async () => {
    const { writer, state } = await startCatalog(failingStore(memoryStore(), 1));
    await expect(writer.submit(registerService('n1', service({ name: 'web' })))).rejects.toMatchObject({
      code: 'store_failed',
    });
    expect(state.view.services.size).toBe(0);
    await writer.submit(registerService('n1', service({ name: 'web' })));
    expect(state.view.services.size).toBe(1);
  });

  test('finishes what it took when stopped, and takes no more', async () => {
    const { writer, state } = await startCatalog();
    const taken = writer.submit(registerService('n1', service({ name: 'web' })));
    await writer.stop();
    await taken;
    expect(state.view.services.size).toBe(1);
    await expect(writer.submit(deregister('n1'))).rejects.toMatchObject({ code: 'stopping' });
  });
});

describe('waking', () => {
  test('wakes who waits for a service when its node check changes, and nobody else', async () => {
    const { writer, watch } = await startCatalog();
    await writer.submit(registerService('n1', service({ name: 'web' })));
    await writer.submit(registerService('n2', service({ name: 'db' })));
    const web = watch.wait([serviceTopic('web')], 1_000);
    const ended: string[] = [];
    const db = watch.wait([serviceTopic('db')], 1_000).then((how) => ended.push(how));
    await writer.submit(registerCheck('n1', { id: 'disk', status: 'critical' }));
    expect(await web).toBe('woken');
    expect(ended).toEqual([]);
    watch.abandonAll();
    await db;
  });

  test('the index of a service rises when its last instance goes, and never falls', async () => {
    const { writer, indexes, state } = await startCatalog();
    await writer.submit(registerService('n1', service({ name: 'web' })));
    const before = indexes.of([serviceTopic('web')]);
    await writer.submit(deregister('n1', 'web'));
    expect(indexes.of([serviceTopic('web')])).toBeGreaterThan(before);
    expect(state.view.checks.get(checkKey('n1', 'web'))).toBeUndefined();
  });
});
