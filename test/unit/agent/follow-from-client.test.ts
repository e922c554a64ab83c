/** Alias checks of a client agent, with servers and without. */
import { expect, test } from 'vitest';
import { followFromClient } from '../../../src/agent/client/follow-from-client.ts';
import type { CheckId } from '../../../src/model/types.ts';
import { startLocal } from '../../support/local-agent.ts';

async function client() {
  const agent = await startLocal();
  const net = { silentMs: 0, isTold: true };
  const fetched: string[] = [];
  const follow = followFromClient({
    local: () => agent.local,
    state: agent.state,
    watch: agent.watch,
    fetch: async (topic) => {
      fetched.push(topic);
      return net.isTold;
    },
    silentMs: () => net.silentMs,
  });
  const seen: string[] = [];
  const alias = (node: string, serviceId: string): (() => void) =>
    follow({ kind: 'alias', node, serviceId }, 'a' as CheckId, ({ status, output }) => {
      seen.push(`${status} ${output}`);
    });
  return { ...agent, net, fetched, seen, alias, after: (ms: number) => agent.clock.advanceAndSettle(ms) };
}

test('what is registered here is followed without any server', async () => {
  const { register, local, seen, alias, net, fetched, watch, after } = await client();
  net.silentMs = 60_000;
  const stop = alias('', 'db');
  expect(seen).toEqual(['critical Service db could not be found on node ']);
  await register({ Name: 'db', Check: { CheckID: 'd', TTL: '60s' } });
  await after(0);
  expect(seen.at(-1)).toMatch(/^critical Aliased check .* failing: $/);
  await local.updateTtl('d', 'passing', '');
  watch.wake(['local-checks']);
  await after(0);
  expect(seen.at(-1)).toBe('passing All checks passing.');
  expect(fetched).toEqual([]);
  stop();
  await after(0);
  expect(watch.parked).toBe(0);
});

test('a service of another node is asked for, and critical while no server is reached', async () => {
  const { seen, alias, net, fetched, watch, after } = await client();
  const stop = alias('n2', 'db');
  await after(0);
  expect(fetched).toEqual(['node:n2']);
  expect(seen).toEqual(['critical Service db could not be found on node n2']);
  [net.isTold, net.silentMs] = [false, 1_000];
  await after(1_500);
  expect(seen).toHaveLength(1);
  net.silentMs = 4_000;
  await after(1_500);
  expect(seen.at(-1)).toBe('critical Failure checking aliased node or service: No known Consul servers');
  [net.isTold, net.silentMs] = [true, 0];
  await after(1_500);
  expect(seen.at(-1)).toBe('critical Service db could not be found on node n2');
  stop();
  await after(2_000);
  expect(watch.parked).toBe(0);
});
