import { expect, it } from 'vitest';
import { instancesOf } from '../../../src/catalog/read.ts';
import { Watch } from '../../../src/catalog/watch.ts';
import type { RowsMessage } from '../../../src/cluster/agent-messages.ts';
import { Mirror } from '../../../src/cluster/mirror.ts';
import { Subscriptions } from '../../../src/cluster/subscriptions.ts';
import { SubscriptionsOfAgents } from '../../../src/cluster/subscriptions-of-agents.ts';
import { startCatalog } from '../../support/catalog.ts';
import { registration } from '../../support/cluster-rows.ts';
import { manualClock } from '../../support/manual-clock.ts';

const MINUTE_MS = 60_000;

/** Subscriptions over a server that tells every topic at once, unless it is silent. */
function follower() {
  const clock = manualClock();
  const watch = new Watch(clock);
  const mirror = new Mirror(watch);
  const followed: string[] = [];
  const unfollowed: string[] = [];
  const recalled: string[] = [];
  const server = { isUp: true, isSilent: false };
  const rowsOf = (topic: string): RowsMessage => ({
    kind: 'rows',
    topic,
    index: 7,
    isWhole: true,
    put: topic.endsWith('none')
      ? []
      : [
          {
            op: 'put',
            table: 'nodes',
            row: {
              name: topic as never,
              id: topic,
              address: '10.0.0.1',
              taggedAddresses: null,
              meta: null,
              createIndex: 1,
              modifyIndex: 7,
            },
          },
        ],
    removed: [],
  });
  const subscriptions = new Subscriptions({
    mirror,
    clock,
    isUp: () => server.isUp,
    follow: async (topics) => {
      followed.push(...topics);
      if (server.isSilent || !server.isUp) return false;
      for (const topic of topics) subscriptions.take(rowsOf(topic));
      return true;
    },
    unfollow: (topics) => void unfollowed.push(...topics),
    isAwaited: (topic) => watch.isAwaited(topic),
    always: [],
  });
  subscriptions.onRecalled((topic) => void recalled.push(topic));
  subscriptions.start();
  const after = (ms: number): Promise<void> => clock.advanceAndSettle(ms);
  return { subscriptions, mirror, server, watch, followed, unfollowed, recalled, after };
}

it('a thousand who ask for one service at once cost the server one subscription', async () => {
  const { subscriptions, followed } = follower();
  const asked = Array.from({ length: 1_000 }, () => subscriptions.fetch('service:web'));
  expect(await Promise.all(asked)).toEqual(asked.map(() => true));
  expect(followed).toEqual(['service:web']);
});

it('a service of more instances than one message holds arrives whole, and not before its last part', async () => {
  const catalog = await startCatalog();
  const { state, writer } = catalog;
  for (let i = 0; i < 1_100; i += 1) await writer.submit(registration(`n${i}`, 'web', 80));
  const server = new SubscriptionsOfAgents({
    view: state.view,
    indexOf: () => 9,
    turns: { add: (work) => void work.step() },
  });
  const { subscriptions, mirror, server: net } = follower();
  net.isSilent = true;
  const asking = subscriptions.fetch('service:web');
  const sizes: number[] = [];
  const known: boolean[] = [];
  const stream = server.stream(async (message) => {
    if (message.kind !== 'rows') return;
    known.push(mirror.has('service:web'));
    sizes.push(JSON.stringify(message).length);
    subscriptions.take(structuredClone(message));
  });
  stream.follow(['service:web']);
  expect(await asking).toBe(true);
  expect(known.every((isKnown) => !isKnown)).toBe(true);
  expect(sizes.length).toBeGreaterThan(3);
  expect(instancesOf(mirror.state.view, 'web')).toEqual(instancesOf(state.view, 'web'));
});

it('a name that nobody asked for in ten minutes is given up, one that does not exist after one', async () => {
  const { subscriptions, mirror, unfollowed, after } = follower();
  await subscriptions.fetch('service:web');
  await subscriptions.fetch('service:none');
  await after(2 * MINUTE_MS);
  expect([mirror.has('service:web'), mirror.has('service:none')]).toEqual([true, false]);
  await after(10 * MINUTE_MS);
  expect(mirror.has('service:web')).toBe(false);
  expect(unfollowed).toEqual(['service:none', 'service:web']);
});

it('before a name is given up its kept answers are recalled, so that who still asks is seen', async () => {
  const { subscriptions, mirror, recalled, after } = follower();
  await subscriptions.fetch('service:web');
  await after(5.5 * MINUTE_MS);
  expect(recalled).toEqual(['service:web']);
  expect(subscriptions.use('service:web')).toBe(true);
  await after(6 * MINUTE_MS);
  expect(mirror.has('service:web')).toBe(true);
});

it('a name that somebody waits for is kept', async () => {
  const { subscriptions, mirror, watch, after } = follower();
  await subscriptions.fetch('service:web');
  void watch.wait(['service:web'], 60 * MINUTE_MS);
  await after(30 * MINUTE_MS);
  expect(mirror.has('service:web')).toBe(true);
});

it.each(['service:web', 'service:none'])(
  'who waits for %s looks again when a server tells it no more',
  async (topic) => {
    const { subscriptions, mirror, watch, followed } = follower();
    await subscriptions.fetch(topic, 'first');
    const waiting = watch.wait([topic], 60 * MINUTE_MS);
    subscriptions.close([topic]);
    expect(mirror.has(topic)).toBe(false);
    expect(await Promise.race([waiting, Promise.resolve('deaf')])).toBe('woken');
    expect(await subscriptions.fetch(topic, 'own')).toBe(true);
    expect(followed).toEqual([topic, topic]);
  },
);

it('nothing is given up while no server is reached, and all of it is followed again when one is', async () => {
  const { subscriptions, mirror, server, followed, after } = follower();
  await subscriptions.fetch('service:web');
  server.isUp = false;
  await after(60 * MINUTE_MS);
  expect(subscriptions.use('service:web')).toBe(true);
  expect(await subscriptions.fetch('service:unknown')).toBe(false);
  server.isUp = true;
  await subscriptions.resume();
  expect(followed).toEqual(['service:web', 'service:web']);
  expect(mirror.has('service:web')).toBe(true);
});

it('who asks first waits two seconds at most', async () => {
  const { subscriptions, server, mirror, after } = follower();
  server.isSilent = true;
  const asking = subscriptions.fetch('service:web');
  await after(2_000);
  expect(await asking).toBe(false);
  expect([mirror.has('service:web'), subscriptions.count]).toEqual([false, 0]);
});

it('names that are made up without end push out those that nobody needs, and never those that somebody waits for', async () => {
  const { subscriptions, mirror, watch, after } = follower();
  await subscriptions.fetch('service:needed');
  void watch.wait(['service:needed'], 60 * MINUTE_MS);
  for (let i = 0; i < 4_200; i += 1) {
    await subscriptions.fetch(`service:${i}`);
    if (i % 1_000 === 0) await after(1);
  }
  expect(subscriptions.count).toBeLessThanOrEqual(4_096);
  expect(mirror.has('service:needed')).toBe(true);
  expect(mirror.has('service:4199')).toBe(true);
});
