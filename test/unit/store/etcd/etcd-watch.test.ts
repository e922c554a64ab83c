import { afterEach, describe, expect, test } from 'vitest';
import type { EtcdCalls } from '../../../../src/store/etcd/etcd-calls.ts';
import { etcdClient } from '../../../../src/store/etcd/etcd-client.ts';
import type { EtcdConnections } from '../../../../src/store/etcd/etcd-connections.ts';
import { METHODS } from '../../../../src/store/etcd/etcd-messages.ts';
import { openWatch, type WatchEnd } from '../../../../src/store/etcd/etcd-watch.ts';
import { type Draft, decode, encode } from '../../../../src/store/etcd/protobuf.ts';
import { type FakeStream, fakeGrpc } from '../../../support/fake-grpc.ts';
import { manualClock } from '../../../support/manual-clock.ts';

type Response = Draft<typeof METHODS.watch.response>;

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

/** A watch on a server that a test plays: `say` sends, `told` is what the listener heard. */
async function startWatch() {
  const clock = manualClock();
  const requests: object[] = [];
  const began = Promise.withResolvers<FakeStream>();
  const fake = await fakeGrpc((stream, message) => {
    requests.push(decode(METHODS.watch.request, message));
    began.resolve(stream);
  });
  closing.push(() => fake.close());
  const client = etcdClient({ endpoints: [fake.url], clock });
  closing.push(() => client.close());
  const told: unknown[] = [];
  const ended = Promise.withResolvers<WatchEnd>();
  let onTold = (): void => {};
  const note = (what: unknown): void => {
    told.push(what);
    onTold();
  };
  const range = { key: Buffer.from('/r/'), rangeEnd: Buffer.from('/r0'), startRevision: 5, idleMs: 1_000 };
  const watch = client.watch(range, {
    onRevision: (revision, events) => note([revision, events.map(({ kv }) => String(kv?.key))]),
    onProgress: (revision) => note(`progress ${revision}`),
    onEnd: (end) => {
      note(end.kind);
      ended.resolve(end);
    },
  });
  const stream = await began.promise;
  const say = (response: Response): void => stream.send(encode(METHODS.watch.response, response));
  /** Resolves when the listener has heard `count` things. */
  const heard = (count: number): Promise<void> =>
    new Promise((resolve) => {
      onTold = () => {
        if (told.length >= count) resolve();
      };
      onTold();
    });
  return { clock, fake, stream, say, told, heard, ended: ended.promise, watch, requests };
}

const put = (key: string, modRevision: number) => ({ type: 0, kv: { key: Buffer.from(key), modRevision } });

describe('what a watch tells', () => {
  test('are whole revisions, also when one message holds several', async () => {
    const { say, told, heard } = await startWatch();
    say({ isCreated: true });
    say({ header: { revision: 7 }, events: [put('a', 5), put('b', 5), put('c', 7)] });
    await heard(2);
    expect(told).toEqual([
      [5, ['a', 'b']],
      [7, ['c']],
    ]);
  });

  test('is one revision when it came in fragments', async () => {
    const { say, told, heard } = await startWatch();
    say({ header: { revision: 6 }, isFragment: true, events: [put('a', 5), put('b', 6)] });
    say({ header: { revision: 6 }, isFragment: true, events: [put('c', 6)] });
    await heard(1);
    expect(told).toEqual([[5, ['a']]]);
    say({ header: { revision: 6 }, events: [put('d', 6)] });
    await heard(2);
    expect(told[1]).toEqual([6, ['b', 'c', 'd']]);
  });

  test('is progress when a message has no events', async () => {
    const { say, told, heard } = await startWatch();
    say({ header: { revision: 9 } });
    await heard(1);
    expect(told).toEqual(['progress 9']);
  });

  test('is nothing after it was cancelled', async () => {
    const { say, told, watch, clock } = await startWatch();
    watch.cancel();
    say({ header: { revision: 9 } });
    await clock.advanceAndSettle(10_000);
    expect(told).toEqual([]);
    expect(clock.pendingCount()).toBe(0);
  });
});

describe('a watch asks', () => {
  test('for its range from its revision, in fragments, and for a leader', async () => {
    const { requests, stream } = await startWatch();
    expect(requests[0]).toMatchObject({
      create: { key: Buffer.from('/r/'), rangeEnd: Buffer.from('/r0'), startRevision: 5, isFragmented: true },
    });
    expect(stream.headers['hasleader']).toBe('true');
  });

  test('for progress when nothing came for a while, and is broken when that is not answered', async () => {
    const { clock, ended, requests, heard, say, told } = await startWatch();
    clock.advance(1_000);
    say({ header: { revision: 9 } });
    await heard(1);
    expect(requests.at(-1)).toMatchObject({ progress: {} });
    clock.advance(1_000);
    clock.advance(999);
    expect(told).toEqual(['progress 9']);
    clock.advance(1);
    expect(await ended).toMatchObject({ kind: 'broken', fault: { reason: 'timeout' } });
  });
});

describe('a watch ends once', () => {
  test('compacted, with the revision that is left', async () => {
    const { say, ended, told, fake } = await startWatch();
    say({ isCreated: true, isCanceled: true, compactRevision: 42 });
    expect(await ended).toEqual({ kind: 'compacted', compactRevision: 42 });
    fake.cut();
    expect(told).toEqual(['compacted']);
  });

  test('broken, when etcd cancels it for another reason', async () => {
    const { say, ended } = await startWatch();
    say({ isCanceled: true, cancelReason: 'etcdserver: no leader' });
    const end = await ended;
    expect(end.kind === 'broken' && end.fault.text).toMatch(/etcdserver: no leader$/);
  });

  test('broken, when the connection breaks, without what was not complete', async () => {
    const { say, ended, fake, told, heard } = await startWatch();
    say({ header: { revision: 6 }, isFragment: true, events: [put('a', 5), put('b', 6)] });
    await heard(1);
    fake.cut();
    expect((await ended).kind).toBe('broken');
    expect(told).toEqual([[5, ['a']], 'broken']);
  });

  test('broken, when the member has no leader', async () => {
    const { stream, ended } = await startWatch();
    stream.end(14, 'etcdserver: no leader');
    expect(await ended).toMatchObject({ kind: 'broken', fault: { reason: 'unavailable' } });
  });
});

test('after a watch that broke the next one begins at another endpoint', async () => {
  const seen: string[] = [];
  const ended = Promise.withResolvers<void>();
  const began = Promise.withResolvers<void>();
  const cutOff = await fakeGrpc((stream) => {
    seen.push('cut off');
    stream.end(14, 'etcdserver: no leader');
  });
  const well = await fakeGrpc(() => {
    seen.push('well');
    began.resolve();
  });
  closing.push(
    () => cutOff.close(),
    () => well.close(),
  );
  const client = etcdClient({ endpoints: [cutOff.url, well.url], clock: manualClock() });
  closing.push(() => client.close());
  const range = { key: Buffer.from('a'), rangeEnd: Buffer.from('b'), startRevision: 1, idleMs: 1_000 };
  client.watch(range, { onRevision: () => {}, onEnd: () => ended.resolve() });
  await ended.promise;
  client.watch(range, { onRevision: () => {}, onEnd: () => {} });
  await began.promise;
  expect(seen).toEqual(['cut off', 'well']);
});

test('a watch that cannot begin, for whatever reason, says so as its end', async () => {
  const session = {
    url: 'http://127.0.0.1:1',
    open: () => {
      throw new Error('nothing can be opened');
    },
    close: () => {},
  };
  const connections = { own: async () => session, leave: () => {} } as unknown as EtcdConnections;
  const calls = { metadata: async () => ({ kind: 'done', reply: {} }) } as unknown as EtcdCalls;
  const range = { key: Buffer.from('/r/'), rangeEnd: Buffer.from('/r0'), startRevision: 5, idleMs: 1_000 };
  const end = await new Promise<WatchEnd>((resolve) =>
    openWatch({ connections, calls, clock: manualClock() }, range, { onRevision: () => {}, onEnd: resolve }),
  );
  expect(end).toMatchObject({
    kind: 'broken',
    fault: { text: expect.stringContaining('nothing can be opened') },
  });
});
