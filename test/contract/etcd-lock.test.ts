/** Who leads, on a real etcd: one at a time, found out at once when it is lost, and every commit fenced by it. */
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import type { Leadership, ServerRecord } from '../../src/catalog/leader-lock.ts';
import { TABLES } from '../../src/catalog/tables.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { silentLogger } from '../../src/lib/logger.ts';
import { systemRandom } from '../../src/lib/random.ts';
import { type EtcdClient, etcdClient } from '../../src/store/etcd/etcd-client.ts';
import { Layout } from '../../src/store/etcd/etcd-layout.ts';
import { EtcdLock } from '../../src/store/etcd/etcd-lock.ts';
import { etcdStore } from '../../src/store/etcd/etcd-store.ts';
import { registerService, startCatalog } from '../support/catalog.ts';
import { type EtcdCluster, startEtcd } from '../support/etcd-server.ts';
import { describeWith } from '../support/needs-program.ts';
import { tcpProxy } from '../support/tcp-proxy.ts';

const SECONDS = 1_000;
let cluster: EtcdCluster;
let prefixes = 0;
const closing: (() => unknown)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

const server = (id: string): ServerRecord => ({ id, name: id, host: '127.0.0.1', port: 8300 });

function lockAt(prefix: string, client: EtcdClient = cluster.client()): EtcdLock {
  const lock = new EtcdLock({ client, layout: new Layout(prefix), clock: systemClock, log: silentLogger });
  lock.start();
  closing.push(() => lock.close());
  return lock;
}

function newPrefix(): string {
  prefixes += 1;
  return `/lock/${prefixes}/`;
}

async function lead(lock: EtcdLock, id: string): Promise<Leadership> {
  const leadership = await lock.campaign(server(id), new AbortController().signal);
  if (leadership === undefined) throw new Error(`${id} does not lead`);
  closing.push(() => leadership.resign());
  return leadership;
}

/** The ids of those who were said to lead; '' for nobody. */
function observed(lock: EtcdLock): string[] {
  const seen: string[] = [];
  closing.push(lock.observe((leader) => void seen.push(leader?.id ?? '')));
  return seen;
}

describeWith('etcd', 'the lock of the leader', () => {
  beforeAll(async () => {
    cluster = await startEtcd();
  });
  afterAll(() => cluster.stop());

  test('is taken away and taken at once, though etcd loses the first request for each step', async () => {
    const prefix = newPrefix();
    const direct = cluster.client();
    const lost = new Set<string>();
    const loses = <Reply>(step: string, ask: () => Promise<Reply>): Promise<Reply> => {
      if (lost.has(step)) return ask();
      lost.add(step);
      return new Promise(() => {});
    };
    const lossy: EtcdClient = {
      ...direct,
      revokeLease: (id) => loses('revoke', () => direct.revokeLease(id)),
      grantLease: (seconds) => loses('grant', () => direct.grantLease(seconds)),
      txn: (request) => loses('take', () => direct.txn(request)),
    };
    const [one, other] = [lockAt(prefix), lockAt(prefix, lossy)];
    const first = await lead(one, 'one');
    const campaign = lead(other, 'other');
    await other.challenge(server('one'));
    const second = await campaign;
    expect([...lost].sort()).toEqual(['grant', 'revoke', 'take']);
    expect(second.term).toBeGreaterThan(first.term);
  });

  test('that a server left behind when it was killed is given back by itself when it is there again', async () => {
    const prefix = newPrefix();
    const before = cluster.client();
    const killed = await lead(lockAt(prefix, { ...before, renewLease: () => new Promise(() => {}) }), 'one');
    const startedMs = performance.now();
    const again = await lead(lockAt(prefix), 'one');
    expect(performance.now() - startedMs).toBeLessThan(1_500); // its lease lasts for three seconds
    expect(again.term).toBeGreaterThan(killed.term);
  });

  test('is held by one, and the next has it as soon as it is given back', async () => {
    const prefix = newPrefix();
    const [one, other] = [lockAt(prefix), lockAt(prefix)];
    const seen = observed(other);
    const first = await lead(one, 'one');
    const campaign = lead(other, 'other');
    await expect.poll(() => seen.at(-1)).toBe('one');
    expect(await first.confirm()).toBe(0);
    await first.resign();
    const second = await campaign;
    expect(first.lost.aborted).toBe(true);
    expect(await first.confirm()).toBeUndefined();
    expect(second.term).toBeGreaterThan(first.term);
    expect(seen.filter((id, i) => id !== seen[i - 1])).toEqual(['', 'one', '', 'other']);
  });

  test('is lost by a leader that is challenged, and only by the one that was meant', async () => {
    const prefix = newPrefix();
    const [one, other] = [lockAt(prefix), lockAt(prefix)];
    const first = await lead(one, 'one');
    await other.challenge(server('somebody else'));
    expect(await first.confirm()).toBe(0);
    await other.challenge(server('one'));
    await expect.poll(() => first.lost.aborted).toBe(true);
    expect(one.fence).toBeUndefined();
  });

  test(
    'is given up by a leader that etcd cannot be reached from, before another can have it',
    async () => {
      const prefix = newPrefix();
      const target = new URL(cluster.endpoints[0] as string);
      const proxy = await tcpProxy(target.hostname, Number(target.port));
      closing.push(() => proxy.close());
      const behind = etcdClient({
        endpoints: [`http://127.0.0.1:${proxy.port}`],
        clock: systemClock,
        callTimeoutMs: SECONDS,
      });
      closing.push(() => behind.close());
      const first = await lead(lockAt(prefix, behind), 'one');
      const campaign = lead(lockAt(prefix), 'other');
      proxy.set('silent');
      let wasLostFirst = false;
      first.lost.addEventListener('abort', () => {
        wasLostFirst = true;
      });
      await campaign;
      expect(wasLostFirst).toBe(true);
      proxy.set('open');
    },
    20 * SECONDS,
  );

  test('fences commits: whoever has lost it writes nothing any more', async () => {
    const prefix = newPrefix();
    const lock = lockAt(prefix);
    const persistence = etcdStore({
      client: cluster.client(),
      prefix,
      specs: TABLES,
      writer: 'one',
      fence: () => lock.fence,
      maxTxnOps: 128,
      maxRequestBytes: 1_500_000,
      watchIdleMs: SECONDS,
      clock: systemClock,
      random: systemRandom,
      log: silentLogger,
    });
    const { writer } = await startCatalog(persistence);
    await expect(writer.submit(registerService('n1'))).rejects.toMatchObject({ code: 'no_leader' });
    const first = await lead(lock, 'one');
    const { index } = await writer.submit(registerService('n1'));
    expect(await first.confirm()).toBe(index);
    const held = lock.fence;
    await first.resign();
    expect(lock.fence).toBeUndefined();
    // As a leader that has not noticed yet would do it.
    const stale = etcdStore({
      client: cluster.client(),
      prefix,
      specs: TABLES,
      writer: 'one',
      fence: () => held,
      maxTxnOps: 128,
      maxRequestBytes: 1_500_000,
      watchIdleMs: SECONDS,
      clock: systemClock,
      random: systemRandom,
      log: silentLogger,
    });
    const late = await startCatalog(stale);
    await expect(late.writer.submit(registerService('n2'))).rejects.toMatchObject({ code: 'no_leader' });
  });
});
