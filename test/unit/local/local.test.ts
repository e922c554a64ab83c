import { expect, test } from 'vitest';
import { checkKey, serviceKey } from '../../../src/catalog/tables.ts';
import type { CheckRow } from '../../../src/model/types.ts';
import { type LocalAgent, startLocal } from '../../support/local-agent.ts';

const WEB = { ID: 'web-1', Name: 'web', Port: 80, Check: { CheckID: 'c', TTL: '10s' } };

function row(agent: LocalAgent, id: string): CheckRow | undefined {
  return agent.state.view.checks.get(checkKey('n1', id));
}

function live(agent: LocalAgent, id: string) {
  return agent.local.checks().get(id as never);
}

test('a registration is in the catalog, in the store and at the scheduler when it resolves', async () => {
  const agent = await startLocal();
  await agent.register(WEB);
  expect(agent.state.view.services.get(serviceKey('n1', 'web-1'))).toMatchObject({ name: 'web', port: 80 });
  expect(row(agent, 'c')).toMatchObject({ status: 'critical', serviceName: 'web', type: 'ttl' });
  const tables = (rows: readonly { table: string }[]) => new Set(rows.map(({ table }) => table));
  const [own, shown] = [await agent.stores.agent.load(), await agent.stores.catalog.load()];
  expect(tables(own.rows)).toEqual(new Set(['facts', 'localServices', 'localChecks']));
  expect(tables(shown.rows)).toEqual(new Set(['nodes', 'services', 'checks', 'history']));
  expect(agent.changes.flatMap(({ started }) => started.map(({ check }) => check.definition.id))).toEqual([
    'c',
  ]);
});

test('registering again keeps the state of a check and starts no probe a second time', async () => {
  const agent = await startLocal();
  await agent.register(WEB);
  await agent.local.updateTtl('c', 'passing', 'fine');
  await agent.register({ ...WEB, Port: 81 });
  expect(live(agent, 'c')).toMatchObject({ status: 'passing', output: 'fine' });
  expect(row(agent, 'c')).toMatchObject({ status: 'passing', output: 'fine' });
  expect(agent.changes.length).toBe(1);
});

test('a check that is registered again with another target is started anew', async () => {
  const agent = await startLocal();
  await agent.registerCheck({ Name: 'h', HTTP: 'http://a/', Interval: '10s' });
  await agent.registerCheck({ Name: 'h', HTTP: 'http://b/', Interval: '10s' });
  expect(agent.changes.map(({ started }) => started.length)).toEqual([1, 1]);
});

test('checks that a registration does not name stay, unless it replaces existing checks', async () => {
  const agent = await startLocal();
  await agent.register(WEB);
  await agent.register({ ID: 'web-1', Name: 'renamed' });
  expect(row(agent, 'c')).toMatchObject({ serviceName: 'renamed' });
  await agent.register({ ID: 'web-1', Name: 'renamed' }, { replaceExistingChecks: true });
  expect(row(agent, 'c')).toBeUndefined();
  expect(live(agent, 'c')).toBeUndefined();
  expect(agent.changes.at(-1)?.stopped).toEqual(['c']);
});

test('replacing existing checks does not end maintenance', async () => {
  const agent = await startLocal();
  await agent.register(WEB);
  await agent.local.setServiceMaintenance('web-1', true, 'why');
  await agent.register({ ID: 'web-1', Name: 'web' }, { replaceExistingChecks: true });
  expect(row(agent, '_service_maintenance:web-1')).toMatchObject({ status: 'critical', notes: 'why' });
});

test('a removed service takes its checks along; what nobody registered is not removed twice', async () => {
  const agent = await startLocal();
  await agent.register(WEB);
  expect(await agent.local.deregisterService('web-1')).toBe(true);
  expect(await agent.local.deregisterService('web-1')).toBe(false);
  expect([...agent.local.checks().keys()]).toEqual([]);
  expect(agent.agentState.state.view.localChecks.size).toBe(0);
  expect(row(agent, 'c')).toBeUndefined();
});

test('a check of a service that is not registered is refused', async () => {
  const agent = await startLocal();
  const refused = agent.registerCheck({ Name: 'x', TTL: '1s', ServiceID: 'nosvc' });
  await expect(refused).rejects.toThrow('ServiceID "nosvc" does not exist');
});

test('scripts are refused from the API unless they are enabled for it', async () => {
  const script = { Name: 's', Args: ['/bin/true'], Interval: '1s' };
  const closed = await startLocal({ settings: { scripts: 'files' } });
  await expect(closed.registerCheck(script)).rejects.toThrow(/^Scripts are disabled .* remote calls/);
  const open = await startLocal({ settings: { scripts: 'all' } });
  await open.registerCheck(script);
  expect(live(open, 's')).toBeDefined();
});

test('a script check that was allowed before a restart is removed when scripts are off now', async () => {
  const before = await startLocal({ settings: { scripts: 'all' } });
  await before.registerCheck({ Name: 's', Args: ['/bin/true'], Interval: '1s' });
  const after = await startLocal({ stores: before.stores, clock: before.clock });
  expect(after.local.checks().size).toBe(0);
  expect(row(after, 's')).toBeUndefined();
  expect(after.changes.flatMap(({ started }) => started)).toEqual([]);
});

test('a change of status is published at once, a change of output alone within 1.5 update intervals', async () => {
  const agent = await startLocal();
  await agent.registerCheck({ Name: 'h', HTTP: 'http://a/', Interval: '10s' });
  agent.local.report('h' as never, 'passing', 'one');
  await agent.clock.advanceAndSettle(0);
  expect(row(agent, 'h')).toMatchObject({ status: 'passing', output: 'one' });
  agent.local.report('h' as never, 'passing', 'two');
  await agent.clock.advanceAndSettle(140_000);
  expect(live(agent, 'h')?.output).toBe('two');
  expect(row(agent, 'h')?.output).toBe('one');
  await agent.clock.advanceAndSettle(312_000);
  expect(row(agent, 'h')?.output).toBe('two');
});

test('a result of a check that is gone changes nothing', async () => {
  const agent = await startLocal();
  await agent.registerCheck({ Name: 'h', HTTP: 'http://a/', Interval: '10s' });
  const gone = agent.local.deregisterCheck('h');
  agent.local.report('h' as never, 'passing', 'late');
  await gone;
  agent.local.report('h' as never, 'passing', 'later');
  await agent.clock.advanceAndSettle(2_000);
  expect(row(agent, 'h')).toBeUndefined();
  expect(agent.agentState.state.view.localChecks.size).toBe(0);
});

test('a result that comes while the check is registered anew does not bring the old definition back', async () => {
  const agent = await startLocal();
  await agent.registerCheck({ Name: 'h', HTTP: 'http://a/', Interval: '10s' });
  const again = agent.registerCheck({ Name: 'h', HTTP: 'http://b/', Interval: '10s' });
  agent.local.report('h' as never, 'passing', 'from a');
  await again;
  await agent.clock.advanceAndSettle(0);
  expect(agent.agentState.state.view.localChecks.get('h')?.definition.probe).toMatchObject({
    url: 'http://b/',
  });
  expect(live(agent, 'h')).toMatchObject({ status: 'passing' });
});

test('a restart forgets neither registrations nor the state of checks, and writes nothing', async () => {
  const before = await startLocal();
  await before.register(WEB);
  await before.local.updateTtl('c', 'passing', 'fine');
  await before.local.stop();
  const indexes = async () => [
    (await before.stores.agent.load()).index,
    (await before.stores.catalog.load()).index,
  ];
  const stored = await indexes();
  const after = await startLocal({ stores: before.stores, clock: before.clock });
  expect(live(after, 'c')).toMatchObject({ status: 'passing', output: 'fine' });
  expect([...after.local.services().keys()]).toEqual(['web-1']);
  expect(after.changes.flatMap(({ started }) => started.map(({ isRestored }) => isRestored))).toEqual([true]);
  expect(await indexes()).toEqual(stored);
});

test('a TTL deadline survives a sudden end to the second, and wall time that jumps does not move it', async () => {
  const before = await startLocal();
  await before.register(WEB);
  await before.local.updateTtl('c', 'passing', 'fine');
  await before.clock.advanceAndSettle(3_000);
  before.clock.jumpWallTime(-3_600_000);
  const after = await startLocal({ stores: before.stores, clock: before.clock });
  expect((live(after, 'c')?.ttlExpiresAtMs ?? 0) - after.clock.monotonic()).toBe(10_000);
  before.clock.jumpWallTime(3_600_000);
  const again = await startLocal({ stores: before.stores, clock: before.clock });
  expect((live(again, 'c')?.ttlExpiresAtMs ?? 0) - again.clock.monotonic()).toBe(7_000);
});

test('a TTL check that expired stays so over a restart until somebody reports', async () => {
  const before = await startLocal();
  await before.register(WEB);
  before.local.report('c' as never, 'critical', 'TTL expired');
  await before.clock.advanceAndSettle(1_000);
  const after = await startLocal({ stores: before.stores, clock: before.clock });
  expect(live(after, 'c')?.ttlExpiresAtMs).toBe(0);
  expect(await after.local.updateTtl('c', 'passing', '')).toBe('ok');
  expect(live(after, 'c')?.ttlExpiresAtMs).not.toBe(0);
});

test('a check that failed and then expired stays expired over a restart', async () => {
  const before = await startLocal();
  await before.register(WEB);
  await before.local.updateTtl('c', 'critical', 'down');
  before.local.report('c' as never, 'critical', 'TTL expired');
  await before.clock.advanceAndSettle(1_000);
  const after = await startLocal({ stores: before.stores, clock: before.clock });
  expect(live(after, 'c')?.ttlExpiresAtMs).toBe(0);
});

test('the state of a check that is not stored is not kept, and changes no index', async () => {
  const agent = await startLocal();
  const { index } = agent.agentState.state;
  const state = { status: 'passing', output: '', sinceMs: 1, ttlDeadlineMs: 0 } as const;
  await agent.agentState.writer.submit({ kind: 'check-state', id: 'nobody' as never, state });
  expect([agent.agentState.state.index, agent.agentState.state.view.localChecks.size]).toEqual([index, 0]);
});

test('reports for checks that are unknown or no TTL checks are told apart', async () => {
  const agent = await startLocal();
  await agent.registerCheck({ Name: 'h', HTTP: 'http://a/', Interval: '10s' });
  expect(await agent.local.updateTtl('nope', 'passing', '')).toBe('unknown');
  expect(await agent.local.updateTtl('h', 'passing', '')).toBe('not-ttl');
});

test('a heartbeat that changes nothing writes once a second, not once a report, and nothing that others see', async () => {
  const agent = await startLocal();
  await agent.register(WEB);
  await agent.local.updateTtl('c', 'passing', 'fine');
  const [{ index }, shown] = [agent.agentState.state, agent.state.index];
  for (let i = 0; i < 50; i += 1) {
    await agent.local.updateTtl('c', 'passing', 'fine');
    agent.clock.advance(15);
  }
  expect(agent.agentState.state.index).toBe(index);
  await agent.clock.advanceAndSettle(1_000);
  expect([agent.agentState.state.index, agent.state.index]).toEqual([index + 1, shown]);
  expect(agent.heartbeats.length).toBe(51);
});

test('a service that stays critical is removed after its time, but not one whose check never ran', async () => {
  const agent = await startLocal();
  const dying = { CheckID: 'd', HTTP: 'http://a/', Interval: '10s', DeregisterCriticalServiceAfter: '1s' };
  await agent.register({ Name: 'dying', Check: dying });
  await agent.register({ Name: 'unborn', Check: { ...dying, CheckID: 'u' } });
  agent.local.report('d' as never, 'critical', 'refused');
  await agent.clock.advanceAndSettle(59_000);
  expect([...agent.local.services().keys()]).toEqual(['dying', 'unborn']);
  await agent.clock.advanceAndSettle(31_000);
  expect([...agent.local.services().keys()]).toEqual(['unborn']);
});

test('the time in critical runs on over a restart, and a jump of wall time does not shorten it', async () => {
  const before = await startLocal();
  const check = { CheckID: 'd', HTTP: 'http://a/', Interval: '10s', DeregisterCriticalServiceAfter: '2m' };
  await before.register({ Name: 'dying', Check: check });
  before.local.report('d' as never, 'critical', 'refused');
  await before.clock.advanceAndSettle(70_000);
  await before.local.stop();
  const after = await startLocal({ stores: before.stores, clock: before.clock });
  after.clock.jumpWallTime(3_600_000);
  await after.clock.advanceAndSettle(30_000);
  expect(after.local.services().size).toBe(1);
  await after.clock.advanceAndSettle(30_000);
  expect(after.local.services().size).toBe(0);
});

test('within about a minute the catalog of this node is as it was registered, whatever others wrote', async () => {
  const agent = await startLocal();
  await agent.register(WEB);
  const node = { name: 'n1' } as never;
  await agent.writer.submit({ kind: 'deregister', node: 'n1', serviceId: 'web-1' });
  const stranger = { ...agent.local.services().get('web-1' as never)?.definition, id: 'stranger' } as never;
  await agent.writer.submit({ kind: 'register', node, skipNodeUpdate: true, service: stranger, checks: [] });
  await agent.clock.advanceAndSettle(67_000);
  const ids = [...agent.state.view.services.values()].map(({ id }) => id);
  expect(ids.sort()).toEqual(['consul', 'web-1']);
  expect(row(agent, 'c')).toBeDefined();
});

test('with enable_tag_override the catalog keeps tags that others set, and the agent adopts them', async () => {
  const agent = await startLocal();
  await agent.register({ Name: 'web', Tags: ['mine'], EnableTagOverride: true });
  const service = { ...agent.local.services().get('web' as never)?.definition, tags: ['theirs'] } as never;
  await agent.writer.submit({
    kind: 'register',
    node: { name: 'n1' } as never,
    skipNodeUpdate: true,
    service,
    checks: [],
  });
  await agent.clock.advanceAndSettle(67_000);
  expect(agent.state.view.services.get(serviceKey('n1', 'web'))?.tags).toEqual(['theirs']);
  expect(agent.local.services().get('web' as never)?.definition.tags).toEqual(['theirs']);
});

test('maintenance of the node and of a service: a mark with the first reason, then none', async () => {
  const agent = await startLocal();
  await agent.local.setNodeMaintenance(true, 'planned');
  await agent.local.setNodeMaintenance(true, 'other');
  expect(row(agent, '_node_maintenance')).toMatchObject({
    name: 'Node Maintenance Mode',
    status: 'critical',
    notes: 'planned',
    type: 'maintenance',
  });
  await agent.local.setNodeMaintenance(false, '');
  expect(row(agent, '_node_maintenance')).toBeUndefined();
  expect(await agent.local.setServiceMaintenance('nope', true, '')).toBe(false);
  expect(agent.changes.flatMap(({ started }) => started)).toEqual([]);
});

test('without permission to keep outputs they are empty', async () => {
  const agent = await startLocal({ settings: { discardCheckOutput: true } });
  await agent.register(WEB);
  await agent.local.updateTtl('c', 'passing', 'secret');
  expect([live(agent, 'c')?.output, row(agent, 'c')?.output]).toEqual(['', '']);
});
