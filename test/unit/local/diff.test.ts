import { expect, test } from 'vitest';
import { catalogPort } from '../../../src/agent/core.ts';
import { diffCatalog } from '../../../src/local/diff.ts';
import type { NodeName } from '../../../src/model/types.ts';
import { registerCheck } from '../../support/catalog.ts';
import { startKv } from '../../support/kv.ts';

const node = { name: 'n1' as NodeName, id: '', address: '10.0.0.1', taggedAddresses: null, meta: null };
const nothing = {
  own: { node, services: [], checks: [] },
  services: [],
  checks: [],
  underWay: new Set<never>(),
  outputDeferred: new Set<never>(),
};

test('checks of the node that nobody wants are removed, but for those that follow a session', async () => {
  const { writer, state } = await startKv();
  await writer.submit(registerCheck('n1', { id: 'stray', status: 'passing' }));
  const command = registerCheck('n1', { id: 'follower', status: 'critical' });
  const followers = command.checks.map((check) => ({
    ...check,
    type: 'session',
    definition: { SessionName: 'leader' },
  }));
  await writer.submit({ ...command, checks: followers });
  const there = await catalogPort({ state, writer }).rowsOfNode('n1');
  expect(diffCatalog(nothing, there).commands).toEqual([
    { kind: 'deregister', node: 'n1', checkId: 'stray' },
  ]);
});
