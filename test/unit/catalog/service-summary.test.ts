import { expect, test } from 'vitest';
import { ServiceSummaries } from '../../../src/catalog/service-summary.ts';
import { State } from '../../../src/catalog/state.ts';
import { TABLES } from '../../../src/catalog/tables.ts';
import { TopicIndexes, topicsOf } from '../../../src/catalog/topics.ts';
import type { ServiceId, ServiceName } from '../../../src/model/types.ts';
import { checkRow, nodeRow, serviceRow } from '../../support/dns-rig.ts';

function rig() {
  const state = new State(TABLES);
  const indexes = new TopicIndexes(0);
  const summaries = new ServiceSummaries(state.view, indexes);
  const install = (...changes: Parameters<State['install']>[0]): void => {
    const index = state.index + 1;
    indexes.touch(topicsOf(state.install(changes, index), state.view), index);
  };
  install(
    { op: 'put', table: 'nodes', row: nodeRow('n1', '10.0.0.1') },
    { op: 'put', table: 'nodes', row: nodeRow('n2', '10.0.0.2') },
    { op: 'put', table: 'services', row: serviceRow('n1', 'web', { tags: ['b', 'a'] }) },
    { op: 'put', table: 'services', row: serviceRow('n2', 'web', { tags: ['a'] }) },
    { op: 'put', table: 'services', row: serviceRow('n2', 'db') },
  );
  return { summaries, install };
}

test('a line counts instances and checks by state, with tags and nodes in text order', () => {
  const { summaries, install } = rig();
  const ofService = { serviceId: 'web' as ServiceId, serviceName: 'web' as ServiceName };
  install({ op: 'put', table: 'checks', row: checkRow('n1', 'c1', 'critical', ofService) });
  expect(summaries.all()).toEqual([
    expect.objectContaining({ name: 'db', instanceCount: 1, nodes: ['n2'] }),
    {
      name: 'web',
      kind: '',
      instanceCount: 2,
      tags: ['a', 'b'],
      nodes: ['n1', 'n2'],
      checks: { passing: 0, warning: 0, critical: 1 },
      instances: { passing: 1, warning: 0, critical: 1, maintenance: 0 },
      nodesIn: { passing: ['n2'], warning: [], critical: ['n1'], maintenance: [] },
      externalSources: [],
      proxyFor: [],
      isConnectNative: false,
      isTransparentProxy: false,
    },
  ]);
});

test('a line is counted anew when something behind it changes, also a check of its node, and only then', () => {
  const { summaries, install } = rig();
  const before = summaries.all();
  expect(summaries.all().map((line, i) => line === before[i])).toEqual([true, true]);
  install({ op: 'put', table: 'checks', row: checkRow('n1', 'disk', 'warning') });
  const after = summaries.all();
  expect(after.map((line, i) => line === before[i])).toEqual([true, false]);
  expect(after[1]?.instances).toEqual({ passing: 1, warning: 1, critical: 0, maintenance: 0 });
  install({ op: 'remove', table: 'services', key: 'n2\u0000db' });
  expect(summaries.all().map(({ name }) => name)).toEqual(['web']);
});
