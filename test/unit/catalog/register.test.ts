import { describe, expect, test } from 'vitest';
import { checkKey, serviceKey } from '../../../src/catalog/tables.ts';
import type { NodeName } from '../../../src/model/types.ts';
import { deregister, registerCheck, registerService, service, startCatalog } from '../../support/catalog.ts';

describe('registering', () => {
  test('a check of a service carries the name and tags that the service has now', async () => {
    const { writer, state } = await startCatalog();
    await writer.submit(registerService('n1', service({ name: 'web', tags: ['v1'] })));
    await writer.submit(registerCheck('n1', { id: 'c', status: 'passing', serviceId: 'web' }));
    await writer.submit(registerService('n1', service({ name: 'shop', id: 'web', tags: ['v2'] })));
    const check = state.view.checks.get(checkKey('n1', 'c'));
    expect([check?.serviceName, check?.serviceTags]).toEqual(['shop', ['v2']]);
  });

  test('a node is found without regard to case and keeps one row', async () => {
    const { writer, state } = await startCatalog();
    await writer.submit(registerService('N1', service({ name: 'web' })));
    await writer.submit(registerService('n1', service({ name: 'db' })));
    expect(state.view.nodes.size).toBe(1);
    expect([...state.view.services.by('node', 'n1')]).toHaveLength(2);
  });

  test('skipNodeUpdate leaves an existing node as it is', async () => {
    const { writer, state } = await startCatalog();
    await writer.submit(registerService('n1'));
    const moved = registerService('n1', service({ name: 'web' }));
    await writer.submit({ ...moved, node: { ...moved.node, address: '10.9.9.9' }, skipNodeUpdate: true });
    expect(state.view.nodes.get('n1')?.address).toBe('10.0.0.1');
  });

  test('a node id moves to a new name when the old name is not alive, and is refused when it is', async () => {
    const { writer, state } = await startCatalog();
    const id = 'a2d3a5b0-0000-4000-8000-000000000001';
    const named = (name: string) => {
      const command = registerService(name);
      return { ...command, node: { ...command.node, id, name: name as NodeName } };
    };
    await writer.submit(named('old'));
    await writer.submit(named('new'));
    expect([...state.view.nodes.values()].map(({ name }) => name)).toEqual(['new']);
    await writer.submit(registerCheck('new', { id: 'serfHealth', status: 'passing' }));
    await writer.submit(named('new'));
    await expect(writer.submit(named('third'))).rejects.toThrow('is reserved by node');
  });
});

describe('deregistering', () => {
  test('a service takes its checks with it and leaves those of the node', async () => {
    const { writer, state } = await startCatalog();
    await writer.submit(registerService('n1', service({ name: 'web' })));
    await writer.submit(registerCheck('n1', { id: 'c', status: 'passing', serviceId: 'web' }));
    await writer.submit(registerCheck('n1', { id: 'disk', status: 'passing' }));
    await writer.submit(deregister('n1', 'web'));
    expect([...state.view.checks.values()].map(({ id }) => id)).toEqual(['disk']);
    expect(state.view.services.get(serviceKey('n1', 'web'))).toBeUndefined();
  });

  test('a node takes everything with it', async () => {
    const { writer, state } = await startCatalog();
    await writer.submit(registerService('n1', service({ name: 'web' })));
    await writer.submit(registerCheck('n1', { id: 'c', status: 'passing', serviceId: 'web' }));
    await writer.submit(registerService('n2', service({ name: 'web' })));
    await writer.submit(deregister('n1'));
    expect([state.view.nodes.size, state.view.services.size, state.view.checks.size]).toEqual([1, 1, 0]);
  });

  test('what is not there is not missed, and moves no index', async () => {
    const { writer, installed } = await startCatalog();
    await writer.submit(deregister('nobody', 'nothing'));
    expect(installed).toEqual([]);
  });
});

describe('stamps', () => {
  test('a replaced row keeps its createIndex and gets a new modifyIndex', async () => {
    const { writer, state } = await startCatalog();
    await writer.submit(registerService('n1', service({ name: 'web', port: 1 })));
    const first = state.view.services.get(serviceKey('n1', 'web'));
    await writer.submit(registerService('n1', service({ name: 'web', port: 2 })));
    const second = state.view.services.get(serviceKey('n1', 'web'));
    expect(second?.createIndex).toBe(first?.createIndex);
    expect(second?.modifyIndex).toBeGreaterThan(first?.modifyIndex ?? Number.POSITIVE_INFINITY);
    expect(Object.isFrozen(second)).toBe(true);
    expect(first?.port).toBe(1);
  });

  test('a row that was removed and made again starts anew', async () => {
    const { writer, state } = await startCatalog();
    await writer.submit(registerService('n1', service({ name: 'web' })));
    const first = state.view.services.get(serviceKey('n1', 'web'));
    await writer.submit({
      kind: 'all',
      commands: [deregister('n1', 'web'), registerService('n1', service({ name: 'web' }))],
    });
    const second = state.view.services.get(serviceKey('n1', 'web'));
    expect(second?.createIndex).toBeGreaterThan(first?.createIndex ?? Number.POSITIVE_INFINITY);
  });
});
