import { expect, it } from 'vitest';
import { instancesOf } from '../../../src/catalog/read.ts';
import { topicsOf } from '../../../src/catalog/topics.ts';
import { Watch } from '../../../src/catalog/watch.ts';
import type { RowsMessage } from '../../../src/cluster/agent-messages.ts';
import { Mirror } from '../../../src/cluster/mirror.ts';
import { SubscriptionsOfAgents } from '../../../src/cluster/subscriptions-of-agents.ts';
import { startCatalog } from '../../support/catalog.ts';
import { registration } from '../../support/cluster-rows.ts';
import { manualClock } from '../../support/manual-clock.ts';

/** A server with a catalog, and an agent that follows some of it over a stream that may be slow. */
async function followed() {
  const catalog = await startCatalog();
  const { state, indexes, installer, writer } = catalog;
  const mirror = new Mirror(new Watch(manualClock()));
  const server = new SubscriptionsOfAgents({
    view: state.view,
    indexOf: (topic) => indexes.of([topic]),
    turns: { add: (work) => void work.step() },
  });
  installer.onInstalled((applied) => server.onChanged(topicsOf(applied, state.view)));
  let room: Promise<void> = Promise.resolve();
  const sent: RowsMessage[] = [];
  const stream = server.stream(async (message) => {
    if (message.kind !== 'rows') return;
    sent.push(message);
    mirror.take(structuredClone(message));
    await room;
  });
  const block = (): (() => void) => {
    const { promise, resolve } = Promise.withResolvers<void>();
    room = promise;
    return resolve;
  };
  return { state, writer, mirror, server, stream, sent, block };
}

const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

it('an agent that follows a service answers it as the server does', async () => {
  const { state, writer, mirror, stream } = await followed();
  await writer.submit(registration('n1', 'web', 80));
  stream.follow(['service:web']);
  await writer.submit(registration('n2', 'web', 81));
  await writer.submit(registration('n2', 'db', 82));
  await settle();
  expect(instancesOf(mirror.state.view, 'web')).toEqual(instancesOf(state.view, 'web'));
  expect(instancesOf(mirror.state.view, 'db')).toEqual([]);
});

it('a topic of which nothing is registered is here, and empty', async () => {
  const { mirror, stream } = await followed();
  stream.follow(['service:none']);
  await settle();
  expect([mirror.has('service:none'), mirror.isEmpty('service:none')]).toEqual([true, true]);
  expect(mirror.indexOf('service:none')).toBeGreaterThan(0);
  expect(mirror.indexOf('service:other')).toBe(0);
});

it('what is deregistered is gone, and a row that another topic needs stays', async () => {
  const { writer, mirror, stream } = await followed();
  await writer.submit(registration('n1', 'web', 80));
  await writer.submit(registration('n1', 'db', 81));
  stream.follow(['service:web', 'service:db']);
  await settle();
  await writer.submit({ kind: 'deregister', node: 'n1', serviceId: 'web' });
  await settle();
  expect(instancesOf(mirror.state.view, 'web')).toEqual([]);
  expect(mirror.state.view.nodes.get('n1')).toBeDefined();
  mirror.forget('service:db');
  expect(mirror.state.view.nodes.size).toBe(0);
  expect(mirror.state.view.services.size).toBe(0);
});

it('an agent that reads slowly is told once of what changed many times, and ends with the truth', async () => {
  const { state, writer, mirror, stream, sent, block } = await followed();
  await writer.submit(registration('n1', 'web', 80));
  const go = block();
  stream.follow(['service:web']);
  for (let port = 81; port <= 90; port += 1) await writer.submit(registration('n1', 'web', port));
  expect(sent).toHaveLength(1);
  go();
  await settle();
  expect(sent).toHaveLength(2);
  expect(instancesOf(mirror.state.view, 'web')).toEqual(instancesOf(state.view, 'web'));
});

it('a stream that has ended costs the server nothing', async () => {
  const { server, stream } = await followed();
  stream.follow(['service:web', 'service:db']);
  expect(server.topicCount).toBe(2);
  stream.end();
  expect(server.topicCount).toBe(0);
});

it('what cannot be followed is refused', async () => {
  const { stream } = await followed();
  for (const topic of ['kv', 'services', 'nodes'])
    expect(() => stream.follow([topic])).toThrow('cannot be followed');
  expect(() => stream.follow([`service:${'x'.repeat(600)}`])).toThrow('cannot be followed');
});

it('after the servers were given another catalog its rows replace those of the same indexes', async () => {
  const before = await followed();
  await before.writer.submit(registration('n1', 'web', 80));
  before.stream.follow(['service:web']);
  await settle();
  const { mirror } = before;
  const after = await followed();
  await after.writer.submit(registration('n1', 'web', 8080));
  after.stream.follow(['service:web']);
  await settle();
  mirror.restart();
  for (const message of after.sent) mirror.take(message);
  expect(instancesOf(mirror.state.view, 'web').map(({ service }) => service.port)).toEqual([8080]);
});
