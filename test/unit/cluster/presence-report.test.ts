import { expect, it } from 'vitest';
import { Presence } from '../../../src/cluster/presence.ts';
import { PresenceReporter, ReportedPresence } from '../../../src/cluster/presence-report.ts';
import { AppError } from '../../../src/model/errors.ts';
import type { RpcCall } from '../../../src/rpc/rpc-server.ts';
import { agentOn } from '../../support/cluster-rows.ts';
import { manualClock } from '../../support/manual-clock.ts';

/** A leader and a follower whose reports can be lost. */
function twoServers() {
  const clock = manualClock();
  const ofFollower = new Presence(clock);
  const net = { isLost: false, reports: 0, leader: leader() };
  function leader() {
    let leads = true;
    const made = new ReportedPresence(clock, new Presence(clock), () => {
      if (!leads) throw new AppError('no_leader', 'No cluster leader');
    });
    return {
      presence: made,
      resign: () => {
        leads = false;
      },
    };
  }
  let series = 0;
  const reporter = new PresenceReporter({
    self: () => agentOn('s2'),
    presence: ofFollower,
    tellLeader: async (_method, report) => {
      net.reports += 1;
      if (net.isLost) return undefined;
      const { presence } = net.leader.presence.methods();
      return presence(structuredClone(report), {} as RpcCall).catch(() => undefined);
    },
    newSeries: () => {
      series += 1;
      return String(series);
    },
    clock,
  });
  ofFollower.onChange((node) => reporter.changed(node));
  reporter.start();
  const here = (node: string): boolean | undefined => net.leader.presence.of(node)?.isHere;
  return {
    clock,
    ofFollower,
    net,
    here,
    newLeader: leader,
    after: (ms: number) => clock.advanceAndSettle(ms),
  };
}

it('who is connected to a follower is known to the leader at once, and so is the follower', async () => {
  const { ofFollower, here, after } = twoServers();
  await after(1_000);
  const depart = ofFollower.arrive(agentOn('c1'), { heardMs: 0 });
  await after(50);
  expect([here('c1'), here('s2')]).toEqual([true, true]);
  depart();
  await after(50);
  expect(here('c1')).toBe(false);
});

it('a new leader is told everything', async () => {
  const { ofFollower, net, here, newLeader, after } = twoServers();
  ofFollower.arrive(agentOn('c1'), { heardMs: 0 });
  await after(2_000);
  net.leader.resign();
  net.leader = newLeader();
  await after(1_500);
  expect(here('c1')).toBe(true);
});

it('who is connected to a server that is silent is silent too, since that server was heard', async () => {
  const { ofFollower, net, here, clock, after } = twoServers();
  ofFollower.arrive(agentOn('c1'), { heardMs: 0 });
  await after(2_000);
  net.isLost = true;
  const lostMs = clock.monotonic();
  await after(3_000);
  expect([here('c1'), here('s2')]).toEqual([false, false]);
  expect(net.leader.presence.of('c1')?.heardMs).toBeLessThanOrEqual(lostMs);
  net.isLost = false;
  await after(2_000);
  expect([here('c1'), here('s2')]).toEqual([true, true]);
});

it('a report that was lost is made up for by a whole one', async () => {
  const { ofFollower, net, here, after } = twoServers();
  await after(1_000);
  net.isLost = true;
  ofFollower.arrive(agentOn('c1'), { heardMs: 0 });
  await after(100);
  net.isLost = false;
  await after(1_500);
  expect(here('c1')).toBe(true);
});

it('an agent that moved from one server to another is here', async () => {
  const { ofFollower, net, here, after } = twoServers();
  const depart = ofFollower.arrive(agentOn('c1'), { heardMs: 0 });
  await after(1_000);
  const own = new Presence(manualClock());
  own.arrive(agentOn('c1'), { heardMs: 0 });
  depart();
  await after(100);
  expect(here('c1')).toBe(false);
  const { presence } = net.leader.presence.methods();
  await presence(
    {
      server: agentOn('s3'),
      series: 'x',
      number: 0,
      seen: [{ agent: agentOn('c1'), isHere: true, silentMs: 0 }],
    },
    {} as RpcCall,
  );
  expect(here('c1')).toBe(true);
});

it('what is no report, and one to a server that does not lead, are refused', async () => {
  const { net } = twoServers();
  const { presence } = net.leader.presence.methods();
  await expect(presence({ server: {} }, {} as RpcCall)).rejects.toThrow('report.server');
  net.leader.resign();
  await expect(presence({}, {} as RpcCall)).rejects.toThrow('No cluster leader');
});
