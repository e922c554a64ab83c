/** The client against real etcd processes: what the fakes of test/unit/store/etcd pretend is so. */
import fs from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { systemClock } from '../../src/lib/clock.ts';
import { EtcdCalls } from '../../src/store/etcd/etcd-calls.ts';
import { type EtcdClient, type EtcdClientParts, etcdClient } from '../../src/store/etcd/etcd-client.ts';
import { EtcdConnections } from '../../src/store/etcd/etcd-connections.ts';
import type { Answer } from '../../src/store/etcd/etcd-fault.ts';
import {
  ALARM,
  COMPARE_RESULT,
  COMPARE_TARGET,
  EVENT_TYPE,
  type Method,
} from '../../src/store/etcd/etcd-messages.ts';
import type { WatchEnd } from '../../src/store/etcd/etcd-watch.ts';
import { schema, text } from '../../src/store/etcd/protobuf.ts';
import { type EtcdCluster, fastFolder, startEtcd, untilReady } from '../support/etcd-server.ts';
import { describeWith } from '../support/needs-program.ts';
import { type TcpProxy, tcpProxy } from '../support/tcp-proxy.ts';
import { TEST_CERTIFICATE, TEST_KEY } from '../support/tls-certificate.ts';

const octets = (value: string): Buffer => Buffer.from(value);
const putOf = (key: string, value = 'v') => ({ put: { key: octets(key), value: octets(value) } });

function doneOf<Reply>(answer: Answer<Reply>): Reply {
  if (answer.kind !== 'done') throw new Error(`${answer.kind} ${answer.reason}: ${answer.text}`);
  return answer.reply;
}

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

function clientOf(endpoints: readonly string[], more: Partial<EtcdClientParts> = {}): EtcdClient {
  const client = etcdClient({ endpoints, clock: systemClock, ...more });
  closing.push(() => client.close());
  return client;
}

/** A watch whose news can be waited for. */
function follow(client: EtcdClient, prefix: string, startRevision: number, idleMs = 5_000) {
  const told: string[] = [];
  const ended = Promise.withResolvers<WatchEnd>();
  const wanted: { count: number; resolve: () => void }[] = [];
  const tell = (what: string): void => {
    told.push(what);
    for (const { count, resolve } of wanted) if (told.length >= count) resolve();
  };
  const rangeEnd = Buffer.from(prefix);
  rangeEnd[rangeEnd.length - 1] = (rangeEnd.at(-1) as number) + 1;
  const range = { key: octets(prefix), rangeEnd, startRevision, idleMs };
  const watch = client.watch(range, {
    onRevision: (_, events) =>
      tell(events.map(({ type, kv }) => `${type === EVENT_TYPE.put ? '+' : '-'}${kv?.key}`).join(' ')),
    onEnd: ended.resolve,
  });
  closing.push(() => watch.cancel());
  const until = (count: number): Promise<void> =>
    told.length >= count ? Promise.resolve() : new Promise((resolve) => wanted.push({ count, resolve }));
  return { told, until, ended: ended.promise, watch };
}

describeWith('etcd', 'one etcd', () => {
  let cluster: EtcdCluster;
  let client: EtcdClient;
  beforeAll(async () => {
    cluster = await startEtcd();
    client = cluster.client();
  });
  afterAll(() => cluster?.stop());

  test('guards a transaction, and tells which way it went', async () => {
    const guarded = (revision: number) => ({
      compare: [
        {
          key: octets('guard'),
          target: COMPARE_TARGET.createRevision,
          result: COMPARE_RESULT.equal,
          createRevision: revision,
        },
      ],
      success: [putOf('guard'), putOf('guarded')],
      failure: [{ range: { key: octets('guard') } }],
    });
    expect(doneOf(await client.txn(guarded(0))).isSucceeded).toBe(true);
    const second = doneOf(await client.txn(guarded(0)));
    expect(second.isSucceeded).toBe(false);
    expect(second.responses[0]?.range?.kvs.map(({ key }) => String(key))).toEqual(['guard']);
  });

  test('reads pages of a range as it was at one revision', async () => {
    for (const key of ['page/a', 'page/b', 'page/c']) doneOf(await client.txn({ success: [putOf(key)] }));
    const page = { key: octets('page/'), rangeEnd: octets('page0'), limit: 2 };
    const first = doneOf(await client.range(page));
    expect(first).toMatchObject({ hasMore: true, count: 3 });
    const revision = first.header?.revision ?? 0;
    doneOf(await client.txn({ success: [putOf('page/c', 'later'), putOf('page/d')] }));
    const rest = doneOf(await client.range({ ...page, key: octets('page/b\0'), revision }));
    expect(rest.kvs.map(({ key, value }) => `${key}=${value}`)).toEqual(['page/c=v']);
  });

  test('refuses what is wrong with a request, without doing any of it', async () => {
    const twice = await client.txn({ success: [putOf('twice/x', '1'), putOf('twice/x', '2')] });
    expect(twice).toMatchObject({ kind: 'refused', reason: 'invalid' });
    const many = await client.txn({ success: Array.from({ length: 129 }, (_, at) => putOf(`many/${at}`)) });
    expect(many).toMatchObject({ kind: 'refused', reason: 'invalid' });
    const large = await client.txn({ success: [putOf('large', 'x'.repeat(2_000_000))] });
    expect(large).toMatchObject({ kind: 'refused' });
    for (const key of ['twice/x', 'many/0', 'large'])
      expect(doneOf(await client.range({ key: octets(key) })).count, key).toBe(0);
  });

  test('keeps a lease while it is renewed, and deletes its keys with it', async () => {
    const { id } = doneOf(await client.grantLease(5));
    doneOf(
      await client.txn({ success: [{ put: { key: octets('leased'), value: octets('v'), lease: id } }] }),
    );
    expect(doneOf(await client.renewLease(id, 1_000)).ttlSeconds).toBe(5);
    doneOf(await client.revokeLease(id));
    expect(doneOf(await client.range({ key: octets('leased') })).count).toBe(0);
    expect(doneOf(await client.renewLease(id, 1_000)).ttlSeconds).toBeLessThanOrEqual(0);
    expect(await client.revokeLease(id)).toMatchObject({ kind: 'refused', reason: 'not-found' });
  });

  test('tells a watch every revision from the one it asked for, whole', async () => {
    const { header } = doneOf(await client.txn({ success: [putOf('w/1'), putOf('w/2')] }));
    const { until, told } = follow(client, 'w/', header?.revision ?? 0);
    await until(1);
    doneOf(await client.txn({ success: [putOf('w/3'), { deleteRange: { key: octets('w/1') } }] }));
    await until(2);
    expect(told[0]).toBe('+w/1 +w/2');
    expect(told[1]?.split(' ').sort()).toEqual(['+w/3', '-w/1']);
  });

  test('splits a revision that is too large for a message, and the watch puts it together', async () => {
    const { header } = doneOf(await client.range({ key: octets('frag/') }));
    const value = 'x'.repeat(500_000);
    for (let round = 0; round < 3; round += 1)
      doneOf(
        await client.txn({ success: [putOf('frag/a', value), putOf('frag/b', value), putOf('frag/c')] }),
      );
    const { until, told } = follow(client, 'frag/', (header?.revision ?? 0) + 1);
    await until(3);
    expect(told).toEqual(Array(3).fill('+frag/a +frag/b +frag/c'));
  });

  test('tells a watch that begins before what is left so', async () => {
    const { header } = doneOf(await client.txn({ success: [putOf('old')] }));
    doneOf(await client.txn({ success: [putOf('old', '2')] }));
    doneOf(await client.compact((header?.revision ?? 0) + 1));
    const { ended } = follow(client, 'old', header?.revision ?? 0);
    expect(await ended).toEqual({ kind: 'compacted', compactRevision: (header?.revision ?? 0) + 1 });
    expect(await client.range({ key: octets('old'), revision: header?.revision ?? 0 })).toMatchObject({
      kind: 'refused',
      reason: 'out-of-range',
    });
  });

  test('answers a silent watch that asks for progress, so that it lives on', async () => {
    const { ended, until } = follow(client, 'quiet/', 0, 100);
    expect(await Promise.race([ended, delay(600, 'alive')])).toBe('alive');
    doneOf(await client.txn({ success: [putOf('quiet/x')] }));
    await until(1);
  });

  test('gives a copy of everything, complete and no faster than it is taken', async () => {
    let bytes = 0;
    let isBusy = false;
    const done = Promise.withResolvers<unknown>();
    client.snapshot({
      onPiece: async (piece) => {
        expect(isBusy).toBe(false);
        isBusy = true;
        await delay(1);
        bytes += piece.length;
        isBusy = false;
      },
      onEnd: done.resolve,
    });
    expect(await done.promise).toBeUndefined();
    const { dbSize } = doneOf(await client.statusOf(cluster.endpoints[0] as string));
    expect(bytes).toBeGreaterThanOrEqual(dbSize);
  });

  test('ends a copy that cannot be written, with the reason', async () => {
    const done = Promise.withResolvers<unknown>();
    client.snapshot({ onPiece: () => Promise.reject(new Error('disk full')), onEnd: done.resolve });
    expect(await done.promise).toMatchObject({ kind: 'refused', text: expect.stringContaining('disk full') });
  });
});

describeWith('etcd', 'an etcd that is out of space', () => {
  test('refuses writes without saying for sure that they were not done, and works again when disarmed', async () => {
    const cluster = await startEtcd({ args: ['--quota-backend-bytes=2000000'] });
    closing.push(() => cluster.stop());
    const client = cluster.client();
    let answer: Answer<unknown> = { kind: 'done', reply: undefined };
    for (let round = 0; round < 50 && answer.kind === 'done'; round += 1)
      answer = await client.txn({ success: [putOf('full', 'x'.repeat(400_000))] });
    expect(answer).toMatchObject({ kind: 'unknown', reason: 'exhausted' });
    const [alarm] = doneOf(await client.alarms());
    expect(alarm?.alarm).toBe(ALARM.noSpace);
    const { header } = doneOf(await client.range({ key: octets('full') }));
    doneOf(await client.compact(header?.revision ?? 0));
    doneOf(await client.defragment(cluster.endpoints[0] as string));
    if (alarm) doneOf(await client.disarm(alarm));
    doneOf(await client.txn({ success: [putOf('small')] }));
  });
});

describeWith('etcd', 'a bad network', () => {
  let cluster: EtcdCluster;
  let proxy: TcpProxy;
  beforeAll(async () => {
    cluster = await startEtcd();
    proxy = await tcpProxy(new URL(cluster.endpoints[0] as string).hostname, 2379);
  });
  afterEach(() => proxy.set('open'));
  afterAll(async () => {
    await proxy?.close();
    await cluster?.stop();
  });

  test('that loses the reply makes a transaction unknown, though it was done', async () => {
    const [direct, client] = [
      cluster.client(),
      clientOf([`http://127.0.0.1:${proxy.port}`], { callTimeoutMs: 400 }),
    ];
    doneOf(await client.range({ key: octets('lost') }));
    proxy.set('replies-lost');
    expect(await client.txn({ success: [putOf('lost')] })).toMatchObject({
      kind: 'unknown',
      reason: 'timeout',
    });
    proxy.set('open');
    expect(doneOf(await direct.range({ key: octets('lost') })).count).toBe(1);
    doneOf(await client.txn({ success: [putOf('found')] }));
    expect(proxy.connections).toBeGreaterThan(1);
  });

  test('that is cut makes a transaction unknown and ends a watch at once', async () => {
    const client = clientOf([`http://127.0.0.1:${proxy.port}`]);
    const { ended, until } = follow(client, 'cut/', 1);
    doneOf(await client.txn({ success: [putOf('cut/x')] }));
    await until(1);
    proxy.set('silent');
    const asked = client.txn({ success: [putOf('cut/y')] });
    await delay(50);
    proxy.cut();
    expect((await asked).kind).toBe('unknown');
    expect(await ended).toMatchObject({ kind: 'broken' });
  });

  test('that is silent breaks a watch after twice its patience', async () => {
    const { ended, until } = follow(clientOf([`http://127.0.0.1:${proxy.port}`]), 'silent/', 1, 200);
    doneOf(await cluster.client().txn({ success: [putOf('silent/x')] }));
    await until(1);
    proxy.set('replies-lost');
    expect(await ended).toMatchObject({ kind: 'broken', fault: { reason: 'timeout' } });
  });
});

describeWith('etcd', 'three etcds', () => {
  let cluster: EtcdCluster;
  beforeAll(async () => {
    cluster = await startEtcd({ size: 3 });
  });
  afterAll(() => cluster?.stop());

  test('answer through those that are left when one is paused, and follow a watch elsewhere', async () => {
    const client = clientOf(cluster.endpoints, { callTimeoutMs: 1_500, connectTimeoutMs: 300 });
    doneOf(await client.range({ key: octets('x') }));
    cluster.servers[0]?.pause();
    try {
      expect(await client.txn({ success: [putOf('x')] })).toMatchObject({
        kind: 'unknown',
        reason: 'timeout',
      });
      doneOf(await client.txn({ success: [putOf('x')] }));
    } finally {
      cluster.servers[0]?.resume();
    }
  });

  test('say that they have no leader when the majority is gone, and answer again when it is back', async () => {
    const client = clientOf(cluster.endpoints, { callTimeoutMs: 1_500, connectTimeoutMs: 300 });
    const { ended, until } = follow(client, 'quorum/', 1);
    doneOf(await client.txn({ success: [putOf('quorum/x')] }));
    await until(1);
    const [, two, three] = cluster.servers;
    await two?.kill();
    await three?.kill();
    expect((await ended).kind).toBe('broken');
    expect((await client.txn({ success: [putOf('quorum/y')] })).kind).not.toBe('done');
    await two?.restart();
    await untilReady(client, cluster.endpoints[1] as string, two?.output);
    doneOf(await client.txn({ success: [putOf('quorum/z')] }));
    await three?.restart();
    await untilReady(client, cluster.endpoints[2] as string, three?.output);
  });

  test('hand their leadership over', async () => {
    const client = cluster.client();
    const status = doneOf(await client.statusOf(cluster.endpoints[0] as string));
    const members = doneOf(await client.members());
    const leader = members.find(({ id }) => id === status.leader);
    const other = members.find(({ id }) => id !== status.leader);
    doneOf(await client.moveLeader(leader?.clientUrls[0] as string, other?.id as bigint));
    expect(doneOf(await client.statusOf(cluster.endpoints[0] as string)).leader).toBe(other?.id);
  });
});

describeWith('etcd', 'an etcd that keeps strangers out', () => {
  test('speaks TLS, wants a certificate, and takes a renewed one for the next connection', async () => {
    const folder = fastFolder();
    closing.push(() => fs.rmSync(folder, { recursive: true }));
    const [certFile, keyFile] = [path.join(folder, 'cert.pem'), path.join(folder, 'key.pem')];
    fs.writeFileSync(certFile, TEST_CERTIFICATE);
    fs.writeFileSync(keyFile, TEST_KEY);
    const args = [`--cert-file=${certFile}`, `--key-file=${keyFile}`, `--trusted-ca-file=${certFile}`];
    const cluster = await startEtcd({
      scheme: 'https',
      isWaiting: false,
      args: [...args, '--client-cert-auth=true'],
    });
    closing.push(() => cluster.stop());
    const named = { ca: TEST_CERTIFICATE, serverName: 'check.example' };
    const client = clientOf(cluster.endpoints, {
      tls: () => ({ ...named, cert: TEST_CERTIFICATE, key: TEST_KEY }),
    });
    await untilReady(client, cluster.endpoints[0] as string, cluster.servers[0]?.output);
    doneOf(await client.txn({ success: [putOf('secret')] }));
    for (const tls of [named, { ...named, ca: undefined }, { ...named, serverName: 'other.example' }]) {
      const { ca, ...rest } = tls;
      const stranger = clientOf(cluster.endpoints, {
        tls: () => ({ ...rest, ...(ca !== undefined && { ca }) }),
      });
      expect((await stranger.range({ key: octets('secret') })).kind).not.toBe('done');
    }
    let shown: object = {};
    const renewed = clientOf(cluster.endpoints, { tls: () => ({ ...named, ...shown }) });
    expect((await renewed.range({ key: octets('secret') })).kind).not.toBe('done');
    shown = { cert: TEST_CERTIFICATE, key: TEST_KEY };
    expect((await renewed.range({ key: octets('secret') })).kind).toBe('done');
  });

  test('takes a password, and goes on when the users have changed', async () => {
    const cluster = await startEtcd();
    closing.push(() => cluster.stop());
    const parts = { clock: systemClock, timeoutMs: 5_000 };
    const connections = new EtcdConnections({
      endpoints: cluster.endpoints,
      tls: undefined,
      clock: systemClock,
      connectTimeoutMs: 1_000,
      retireMs: 1_000,
      maxMessageBytes: 1_000_000,
    });
    closing.push(() => connections.close());
    const ask = async (calls: EtcdCalls, name: string, one: string, other: string): Promise<void> => {
      const method: Method<typeof PAIR, typeof PAIR> = {
        path: `/etcdserverpb.Auth/${name}`,
        request: PAIR,
        response: schema({ one: text(101), other: text(102) }) as never,
        isRepeatable: false,
      };
      doneOf(await calls.call(method, { one, other }));
    };
    const open = new EtcdCalls({ ...parts, connections, credentials: undefined });
    await ask(open, 'UserAdd', 'root', 'secret');
    await ask(open, 'RoleAdd', 'root', '');
    await ask(open, 'UserGrantRole', 'root', 'root');
    await ask(open, 'AuthEnable', '', '');
    const credentials = { username: 'root', password: 'secret' };
    const client = clientOf(cluster.endpoints, { credentials });
    doneOf(await client.txn({ success: [putOf('secret')] }));
    const { until } = follow(client, 'secret', 1);
    await until(1);
    await ask(new EtcdCalls({ ...parts, connections, credentials }), 'UserAdd', 'another', 'x');
    doneOf(await client.txn({ success: [putOf('secret', '2')] }));
    await until(2);
    expect((await cluster.client().range({ key: octets('secret') })).kind).toBe('refused');
    const wrong = clientOf(cluster.endpoints, { credentials: { username: 'root', password: 'wrong' } });
    expect(await wrong.range({ key: octets('secret') })).toMatchObject({ kind: 'refused' });
  });
});

const PAIR = schema({ one: text(1), other: text(2) });
