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

it('who is connected to a server that is silent is not here, and heard for five seconds more than that server', async () => {
  const { ofFollower, net, here, clock, after } = twoServers();
  ofFollower.arrive(agentOn('c1'), { heardMs: 0 });
  await after(2_000);
  net.isLost = true;
  const lostMs = clock.monotonic();
  const heardMs = (node: string) => net.leader.presence.of(node)?.heardMs ?? 0;
  await after(3_000);
  expect([here('c1'), here('s2')]).toEqual([false, false]);
  expect(heardMs('s2')).toBeLessThanOrEqual(lostMs);
  expect(heardMs('c1')).toBe(clock.monotonic());
  await after(3_000);
  expect(heardMs('c1')).toBe(heardMs('s2') + 5_000);
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

it('agents of a server that has begun anew, or left, have the time to attend another one', async () => {
  for (const end of ['begins anew', 'leaves'] as const) {
    const { ofFollower, net, clock, after } = twoServers();
    ofFollower.arrive(agentOn('c1'), { heardMs: 0 });
    await after(2_000);
    const { presence, 'presence-ends': ends } = net.leader.presence.methods();
    net.isLost = true;
    const anew = { server: agentOn('s2'), series: 'anew', number: 0, seen: [] };
    if (end === 'leaves') await ends({ id: agentOn('s2').node.id }, {} as RpcCall);
    else await presence(anew, {} as RpcCall);
    const seen = net.leader.presence.of('c1');
    expect([seen?.isHere, seen?.heardMs]).toEqual([false, clock.monotonic()]);
    await after(120_000);
    expect([...net.leader.presence.sightings()]).toEqual([]);
    expect(net.leader.presence.of('c1')).toBeUndefined();
  }
});

it('an agent that attended another server and ended there has no such time', async () => {
  const { ofFollower, net, clock, after } = twoServers();
  ofFollower.arrive(agentOn('c1'), { heardMs: 0 });
  await after(2_000);
  net.isLost = true;
  await after(2_000);
  const { presence } = net.leader.presence.methods();
  const report = { server: agentOn('s3'), series: 'x', number: 0 };
  await presence({ ...report, seen: [{ agent: agentOn('c1'), isHere: false, silentMs: 0 }] }, {} as RpcCall);
  const goneMs = clock.monotonic();
  await after(1_000);
  expect(net.leader.presence.of('c1')?.heardMs).toBe(goneMs);
});
