import { describe, expect, test } from 'vitest';
import { drainsPart } from '../../../src/agent/drains-part.ts';
import { silentLogger } from '../../../src/lib/logger.ts';
import type { Drain } from '../../../src/local/drains.ts';
import { type LocalAgent, rememberingStores, startLocal } from '../../support/local-agent.ts';

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

async function settle(): Promise<void> {
  for (let i = 0; i < 10; i += 1) await turn();
}

const draining = (agent: LocalAgent) => drainsPart({ ...agent, log: silentLogger });

const drain = (agent: LocalAgent, fields: Partial<Drain> = {}): Drain => ({
  serviceId: 'web',
  endsMs: agent.clock.now() + 30_000,
  untilCheck: '',
  deregister: false,
  ...fields,
});

describe('a drain', () => {
  test('is over when its time is; the service stays in maintenance', async () => {
    const agent = await startLocal();
    await agent.register({ Name: 'web' });
    await agent.local.setServiceMaintenance('web', true, '');
    const { drains } = draining(agent);
    await drains.begin(drain(agent));
    agent.clock.advance(29_000);
    await settle();
    expect(drains.list()).toHaveLength(1);
    agent.clock.advance(1_000);
    await settle();
    expect(drains.list()).toEqual([]);
    expect(agent.local.services().has('web' as never)).toBe(true);
    expect(agent.local.checks().has('_service_maintenance:web' as never)).toBe(true);
  });

  test('deregisters the service afterwards if that was asked for, and the history says why', async () => {
    const agent = await startLocal();
    await agent.register({ Name: 'web' });
    const { drains } = draining(agent);
    await drains.begin(drain(agent, { deregister: true }));
    agent.clock.advance(30_000);
    await settle();
    expect(agent.local.services().has('web' as never)).toBe(false);
    const pages = [...agent.state.view.history.values()].map(({ notes }) => notes).join('');
    expect(pages).toContain('drained: its time is over');
  });

  test('is over at once when the check says that nothing is left', async () => {
    const agent = await startLocal();
    await agent.register({ Name: 'web' });
    await agent.registerCheck({ CheckID: 'empty', Name: 'no connections', TTL: '10s' });
    const { drains } = draining(agent);
    await drains.begin(drain(agent, { untilCheck: 'empty' }));
    agent.clock.advance(1_000);
    await settle();
    expect(drains.list()).toHaveLength(1);
    await agent.local.updateTtl('empty', 'passing', '');
    agent.clock.advance(250);
    await settle();
    expect(drains.list()).toEqual([]);
  });

  test('is forgotten when the service is put back in', async () => {
    const agent = await startLocal();
    await agent.register({ Name: 'web' });
    const { drains } = draining(agent);
    await drains.begin(drain(agent, { deregister: true }));
    await drains.cancel('web');
    agent.clock.advance(60_000);
    await settle();
    expect(agent.local.services().has('web' as never)).toBe(true);
  });

  test('goes on after a restart of the agent', async () => {
    const stores = rememberingStores();
    const first = await startLocal({ stores });
    await first.register({ Name: 'web' });
    const ended = draining(first);
    await ended.drains.begin(drain(first, { deregister: true }));
    await ended.part.stop();
    const second = await startLocal({ stores, clock: first.clock });
    const { drains, part } = draining(second);
    await part.start();
    expect(drains.list()).toHaveLength(1);
    second.clock.advance(30_000);
    await settle();
    expect(second.local.services().has('web' as never)).toBe(false);
  });
});
