/** DNS answers that may not be old: whom a server asks before it answers, and when it does not. */
import { describe, expect, test } from 'vitest';
import { boundedAge } from '../../../src/agent/cluster/bounded-age.ts';
import type { Standing } from '../../../src/cluster/candidate.ts';
import { AppError } from '../../../src/model/errors.ts';
import { dnsRig, nodeRow } from '../../support/dns-rig.ts';
import { manualClock } from '../../support/manual-clock.ts';

const LEADER = { id: 'a', name: 'a', host: '10.0.0.1', port: 8300 };
const FOLLOWS: Standing = { kind: 'follower', leader: LEADER };

interface Given {
  readonly allowsStale?: boolean;
  readonly maxStaleMs?: number;
  readonly lastContactMs?: number;
  readonly standing?: Standing;
}

function rig({ allowsStale = true, maxStaleMs = 5_000, lastContactMs = 40, standing = FOLLOWS }: Given) {
  const clock = manualClock();
  const asked: string[] = [];
  const elsewhere = boundedAge({
    config: { 'dns_config.allow_stale': allowsStale, 'dns_config.max_stale': maxStaleMs },
    candidate: { standing },
    desk: {
      current: async (consistency) => {
        asked.push(consistency);
        if (standing.kind === 'leaderless') throw new AppError('no_leader', 'No cluster leader');
      },
    },
    pulse: { lastContactMs },
    clock,
  });
  const dns = dnsRig({ elsewhere, config: { isAgeBounded: true } });
  dns.put(nodeRow('n1', '10.0.0.1'));
  const ask = async (): Promise<unknown> => {
    const reply = await dns.ask('n1.node.consul', 'A');
    return reply.rcode === 'NOERROR' ? reply.answer.length : reply.rcode;
  };
  return { ask, asked, clock };
}

describe('a server that follows', () => {
  test('asks the leader first when nothing may be stale, once for all who come within a moment', async () => {
    const { ask, asked, clock } = rig({ allowsStale: false });
    expect([await ask(), await ask()]).toEqual([1, 1]);
    expect(asked).toEqual(['leader']);
    await clock.advanceAndSettle(100);
    expect([await ask(), asked.length]).toEqual([1, 2]);
  });

  test('asks only when it has not heard the leader for longer than an answer may be old', async () => {
    const [heard, unheard] = [rig({ lastContactMs: 5_000 }), rig({ lastContactMs: 5_001 })];
    expect([await heard.ask(), await unheard.ask()]).toEqual([1, 1]);
    expect([heard.asked, unheard.asked]).toEqual([[], ['leader']]);
  });

  test('answers SERVFAIL where nobody leads, and not from what it has', async () => {
    const standing = { kind: 'leaderless' } as const;
    expect(await rig({ allowsStale: false, standing }).ask()).toBe('SERVFAIL');
    expect(await rig({ lastContactMs: 6_000, standing }).ask()).toBe('SERVFAIL');
    expect(await rig({ lastContactMs: 4_000, standing }).ask()).toBe(1);
  });
});

test('the leader asks nobody', async () => {
  const standing = { kind: 'leader' } as Standing;
  const { ask, asked } = rig({ allowsStale: false, standing });
  expect([await ask(), asked]).toEqual([1, []]);
});
