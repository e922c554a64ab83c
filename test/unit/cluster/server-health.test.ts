/**
 * How the leader judges its servers. Values as a real Consul of three servers showed them when one was killed.
 */
import { describe, expect, test } from 'vitest';
import { AUTOPILOT_DEFAULTS } from '../../../src/catalog/autopilot-settings.ts';
import { judgeServers, type ServerObservation, type Yardstick } from '../../../src/cluster/server-health.ts';

const YARDSTICK: Yardstick = {
  settings: AUTOPILOT_DEFAULTS,
  term: 4,
  index: 1_000,
  before: undefined,
  nowMs: 5_000,
};

const REPORT = { version: '1.2.3', term: 4, index: 1_000, lastContactMs: 60, meta: {} };

function server(number: number, own: Partial<ServerObservation> = {}): ServerObservation {
  const isLeader = number === 1;
  const id = `id-${number}`;
  const address = `10.0.0.${number}:8300`;
  const report = { ...REPORT, lastContactMs: isLeader ? 0 : 60 };
  return { id, name: `s${number}`, address, isLeader, isVoter: true, status: 'alive', report, ...own };
}

const DEAD = { status: 'failed', report: undefined } as const;

describe('a server is unhealthy when it', () => {
  test.each([
    ['has failed', DEAD],
    ['is alive but does not answer', { report: undefined }],
    ['has not heard the leader for longer than allowed', { report: { ...REPORT, lastContactMs: 201 } }],
    ['is of another term', { report: { ...REPORT, term: 3 } }],
    ['trails by more writes than allowed', { report: { ...REPORT, index: 749 } }],
  ])('%s', (_why, own) => {
    const { isHealthy, servers } = judgeServers([server(1), server(2, own), server(3)], YARDSTICK);
    expect(isHealthy).toBe(false);
    expect(servers.map((one) => one.isHealthy)).toEqual([true, false, true]);
  });
});

test('at its limits a server is healthy', () => {
  const report = { ...REPORT, lastContactMs: 200, index: 750 };
  expect(judgeServers([server(1), server(2, { report })], YARDSTICK).isHealthy).toBe(true);
});

test.each([
  [1, 0, 0],
  [3, 0, 1],
  [3, 1, 0],
  [3, 2, 0],
  [5, 0, 2],
  [5, 1, 1],
])('of %i voters with %i dead, %i more may be lost', (count, dead, tolerance) => {
  const servers = Array.from({ length: count }, (_, i) => server(i + 1, i >= count - dead ? DEAD : {}));
  expect(judgeServers(servers, YARDSTICK).failureTolerance).toBe(tolerance);
});

test('one that only catches up neither votes nor may be lost for a voter', () => {
  const three = [server(1), server(2), server(3)];
  const learner = server(4, { isVoter: false });
  expect(judgeServers([...three, learner], YARDSTICK).failureTolerance).toBe(1);
  expect(judgeServers([server(1), learner], YARDSTICK).failureTolerance).toBe(0);
});

test('a server has been stable since its judgement last changed', () => {
  const at = (nowMs: number, before: Yardstick['before'], own: Partial<ServerObservation> = {}) =>
    judgeServers([server(1), server(2, own)], { ...YARDSTICK, nowMs, before });
  const since = (health: ReturnType<typeof at>) => health.servers[1]?.stableSinceMs;
  const first = at(1_000, undefined);
  const second = at(2_000, first);
  expect([since(first), since(second)]).toEqual([1_000, 1_000]);
  const late = at(3_000, second, { report: { ...REPORT, lastContactMs: 900 } });
  expect([since(late), since(at(4_000, late))]).toEqual([3_000, 4_000]);
  const gone = at(5_000, second, DEAD);
  expect([since(gone), since(at(6_000, gone))]).toEqual([undefined, 6_000]);
});

test('what is not heard is told as unknown, not as what it was', () => {
  const before = judgeServers([server(1), server(2)], YARDSTICK);
  const { servers } = judgeServers([server(1), server(2, DEAD)], { ...YARDSTICK, before });
  expect(servers[1]).toMatchObject({
    status: 'failed',
    lastContactMs: undefined,
    term: 0,
    index: 0,
    version: '',
  });
});
