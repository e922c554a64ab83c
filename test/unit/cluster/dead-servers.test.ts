/** When dead servers are taken out by themselves. */
import { expect, test } from 'vitest';
import { AUTOPILOT_DEFAULTS } from '../../../src/catalog/autopilot-settings.ts';
import { type CleanupQuestion, votersToKeep } from '../../../src/cluster/dead-servers.ts';
import type { ServerHealth } from '../../../src/model/cluster-health.ts';

const NOW_MS = 100_000;

const server = (number: number, own: Partial<ServerHealth> = {}): ServerHealth => ({
  id: `id-${number}`,
  name: `s${number}`,
  address: `10.0.0.${number}:8300`,
  isLeader: number === 1,
  isVoter: true,
  status: 'alive',
  version: '1.2.3',
  lastContactMs: 10,
  term: 1,
  index: 1,
  isHealthy: true,
  stableSinceMs: NOW_MS - 10_000,
  meta: {},
  ...own,
});

const DEAD = { status: 'failed', isHealthy: false, stableSinceMs: undefined } as const;

function ask(servers: readonly ServerHealth[], own: Partial<CleanupQuestion> = {}): number | undefined {
  const health = { isHealthy: false, failureTolerance: 0, servers };
  return votersToKeep({ health, settings: AUTOPILOT_DEFAULTS, expect: 3, nowMs: NOW_MS, ...own });
}

const replaced = [server(1), server(2), server(3, DEAD), server(4)];

test('a dead server goes when another one has come in its place', () => {
  expect(ask(replaced)).toBe(3);
});

test.each([
  ['nobody has come in its place', [server(1), server(2), server(3, DEAD)], {}],
  ['nobody is dead', [server(1), server(2), server(3), server(4)], {}],
  ['the new one only catches up', [server(1), server(2), server(3, DEAD), server(4, { isVoter: false })], {}],
  [
    'the new one is not well for long enough',
    [server(1), server(2), server(3, DEAD), server(4, { stableSinceMs: NOW_MS - 9_999 })],
    {},
  ],
  [
    'another one is not well',
    [server(1), server(2, { isHealthy: false }), server(3, DEAD), server(4), server(5)],
    {},
  ],
  ['half of them are dead', [server(1), server(2, DEAD), server(3, DEAD), server(4)], {}],
  ['it is switched off', replaced, { settings: { ...AUTOPILOT_DEFAULTS, CleanupDeadServers: false } }],
  ['min_quorum wants as many', replaced, { settings: { ...AUTOPILOT_DEFAULTS, MinQuorum: 4 } }],
  ['as many were expected', replaced, { expect: 4 }],
  ['three grew from one', [server(1), server(2), server(3, DEAD)], { expect: 1 }],
])('none goes while %s', (_why, servers, own) => {
  expect(ask(servers, own)).toBeUndefined();
});
