import { expect, test } from 'vitest';
import { followAlias } from '../../../src/agent/follow-alias.ts';
import type { CheckId } from '../../../src/model/types.ts';
import { startLocal } from '../../support/local-agent.ts';

test('tells at once, and again when the followed service changes, until it is stopped', async () => {
  const agent = await startLocal();
  const seen: string[] = [];
  const follow = followAlias({ ...agent, nodeName: 'n1' });
  const spec = { kind: 'alias', node: '', serviceId: 'db' } as const;
  const stop = follow(spec, 'a' as CheckId, ({ status, output }) => void seen.push(`${status} ${output}`));
  expect(seen).toEqual(['critical Service db could not be found on node ']);
  await agent.register({ Name: 'db', Check: { CheckID: 'd', TTL: '60s' } });
  await agent.clock.advanceAndSettle(0);
  expect(seen.at(-1)).toBe('critical Aliased check "Service \'db\' check" failing: ');
  await agent.local.updateTtl('d', 'passing', '');
  await agent.clock.advanceAndSettle(0);
  expect(seen.at(-1)).toBe('passing All checks passing.');
  await agent.registerCheck({ Name: 'disk', TTL: '60s' });
  await agent.clock.advanceAndSettle(0);
  expect(seen.at(-1)).toBe('critical Aliased check "disk" failing: ');
  const { length } = seen;
  stop();
  await agent.local.deregisterService('db');
  await agent.clock.advanceAndSettle(120_000);
  expect([seen.length, agent.watch.parked]).toEqual([length, 0]);
});

test('an alias of a node follows the checks of the node alone', async () => {
  const agent = await startLocal();
  const seen: string[] = [];
  const follow = followAlias({ ...agent, nodeName: 'n1' });
  const stop = follow({ kind: 'alias', node: 'N1', serviceId: '' }, 'a' as CheckId, ({ output }) =>
    seen.push(output),
  );
  await agent.register({ Name: 'db', Check: { TTL: '60s' } });
  await agent.registerCheck({ Name: 'disk', TTL: '60s' });
  await agent.clock.advanceAndSettle(0);
  expect([...new Set(seen)]).toEqual(['No checks found.', 'Aliased check "disk" failing: ']);
  stop();
});

test('two aliases that follow each other end', async () => {
  const agent = await startLocal();
  await agent.register({ Name: 'a', Check: { CheckID: 'ca', AliasService: 'b' } });
  await agent.register({ Name: 'b', Check: { CheckID: 'cb', AliasService: 'a' } });
  const follow = followAlias({ ...agent, nodeName: 'n1' });
  let looks = 0;
  const stops = (['a', 'b'] as const).map((serviceId) =>
    follow({ kind: 'alias', node: '', serviceId }, `c${serviceId}` as CheckId, ({ status, output }) => {
      looks += 1;
      agent.local.report(`c${serviceId === 'a' ? 'b' : 'a'}` as CheckId, status, output);
    }),
  );
  await agent.clock.advanceAndSettle(10_000);
  const before = looks;
  await agent.clock.advanceAndSettle(10_000);
  expect(looks).toBe(before);
  for (const stop of stops) stop();
});
