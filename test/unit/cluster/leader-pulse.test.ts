/** The pulse of a leader over a real connection, and what a follower makes of its absence. */
import { afterEach, expect, test } from 'vitest';
import type { LeaderLock, ServerRecord } from '../../../src/catalog/leader-lock.ts';
import { Candidate } from '../../../src/cluster/candidate.ts';
import { LeaderPulse } from '../../../src/cluster/leader-pulse.ts';
import { type Peers, RpcPeers } from '../../../src/cluster/peers.ts';
import { ReplicaProgress } from '../../../src/cluster/replica-progress.ts';
import { type Clock, systemClock } from '../../../src/lib/clock.ts';
import { silentLogger } from '../../../src/lib/logger.ts';
import { startRpcServer } from '../../../src/rpc/rpc-server.ts';
import { manualClock } from '../../support/manual-clock.ts';
import { RPC_LIMITS } from '../../support/rpc-limits.ts';

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

const record = (id: string, port = 1): ServerRecord => ({ id, name: id, host: '127.0.0.1', port });
const [A, B] = [record('a'), record('b')];

/** A lock that `holder` has for good, and that nobody can take away. */
function lockOf(holder: ServerRecord): LeaderLock & { readonly challenges: number } {
  const lost = new AbortController();
  const lock = {
    challenges: 0,
    campaign: (_self: ServerRecord, signal: AbortSignal) =>
      holder.id === _self.id
        ? Promise.resolve({
            term: 1,
            index: 0,
            lost: lost.signal,
            confirm: async () => 0,
            resign: async () => lost.abort(),
          })
        : new Promise<undefined>((resolve) => {
            signal.addEventListener('abort', () => resolve(undefined));
          }),
    observe: (listener: (leader: ServerRecord | undefined) => void) => {
      listener(holder);
      return () => {};
    },
    challenge: async () => {
      lock.challenges += 1;
    },
  };
  return lock;
}

function server(self: ServerRecord, holder: ServerRecord, clock: Clock, peers: Peers) {
  const lock = lockOf(holder);
  const progress = new ReplicaProgress(clock, () => 0);
  const term = { begin: () => {}, end: () => {} };
  const candidate = new Candidate({ self, lock, progress, term, clock, log: silentLogger });
  const directory = { servers: new Map([A, B].map((one) => [one.id, one])) };
  const pulse = new LeaderPulse({ self, candidate, directory, lock, peers, clock, log: silentLogger });
  candidate.start();
  pulse.start();
  closing.push(
    () => pulse.stop(),
    () => candidate.stop(),
  );
  return { lock, candidate, pulse };
}

const NOBODY: Peers = { call: async () => ({ kind: 'unsent', why: 'nobody is there' }) };

test('a leader sends its pulse over a connection for as long as it leads', async () => {
  const leads = server(A, A, systemClock, NOBODY);
  await expect.poll(() => leads.candidate.standing.kind).toBe('leader');
  const rpc = await startRpcServer({
    host: '127.0.0.1',
    port: 0,
    identity: undefined,
    methods: leads.pulse.methods(),
    limits: RPC_LIMITS,
    clock: systemClock,
    log: silentLogger,
  });
  const peers = new RpcPeers(systemClock, undefined);
  closing.push(
    () => rpc.close(),
    () => peers.close(),
  );
  const heard: number[] = [];
  const stop = new AbortController();
  const options = { signal: stop.signal, onMessage: () => void heard.push(1) };
  void peers.call(record('a', rpc.port), 'pulse', {}, options);
  await expect.poll(() => heard.length).toBeGreaterThan(2);
  stop.abort();
});

test('a holder of the lock that nobody hears leads nobody, whatever a store that cannot be written to says', async () => {
  const clock = manualClock();
  const { candidate, lock } = server(B, A, clock, NOBODY);
  expect(candidate.standing).toEqual({ kind: 'follower', leader: A });
  await clock.advanceAndSettle(2_000);
  expect([lock.challenges > 0, candidate.standing.kind]).toEqual([true, 'follower']);
  await clock.advanceAndSettle(1_500);
  expect(candidate.standing.kind).toBe('leaderless');
  expect(candidate.leaderlessMs).toBeGreaterThanOrEqual(3_000);
});

test('it leads again as soon as it is heard again', async () => {
  const clock = manualClock();
  let isUp = false;
  const peers: Peers = {
    call: async (_to, _method, _request, { onMessage, signal }) => {
      if (!isUp) return { kind: 'unsent', why: 'nobody is there' };
      void onMessage?.({});
      await new Promise((resolve) => signal?.addEventListener('abort', resolve));
      return { kind: 'unknown', why: 'given up' };
    },
  };
  const { candidate, pulse } = server(B, A, clock, peers);
  await clock.advanceAndSettle(4_000);
  expect(candidate.standing.kind).toBe('leaderless');
  isUp = true;
  await clock.advanceAndSettle(250);
  expect(candidate.standing).toEqual({ kind: 'follower', leader: A });
  expect(pulse.lastContactMs).toBeLessThan(500);
});

test('a server that was stopped for a while does not hold its own silence against the leader', async () => {
  const clock = manualClock();
  let pulse = (): void => {};
  const peers: Peers = {
    call: async (_to, _method, _request, { onMessage, signal }) => {
      pulse = () => void onMessage?.({});
      pulse();
      await new Promise((resolve) => signal?.addEventListener('abort', resolve));
      return { kind: 'unknown', why: 'given up' };
    },
  };
  const { lock, candidate } = server(A, B, clock, peers);
  for (let times = 0; times < 10; times += 1) {
    await clock.advanceAndSettle(100);
    pulse();
  }
  clock.stall(10_000);
  await clock.advanceAndSettle(250); // its timers are the first to run, what arrived is read after them
  pulse();
  await clock.advanceAndSettle(250);
  expect([lock.challenges, candidate.standing.kind]).toEqual([0, 'follower']);
  await clock.advanceAndSettle(2_000);
  expect(lock.challenges).toBeGreaterThan(0);
});

test('a server that hears nobody challenges ever more rarely, and at once again when it has heard somebody', async () => {
  const clock = manualClock();
  let isUp = false;
  const peers: Peers = {
    call: async (_to, _method, _request, { onMessage, signal }) => {
      if (!isUp) return { kind: 'unsent', why: 'nobody is there' };
      void onMessage?.({});
      await new Promise((resolve) => signal?.addEventListener('abort', resolve));
      return { kind: 'unknown', why: 'given up' };
    },
  };
  const { lock } = server(A, B, clock, peers);
  await clock.advanceAndSettle(4_000);
  expect(lock.challenges).toBe(2);
  await clock.advanceAndSettle(600_000);
  expect(lock.challenges).toBeLessThan(20);
  isUp = true; // it is heard once, and then no more
  const before = lock.challenges;
  await clock.advanceAndSettle(5_000);
  expect(lock.challenges - before).toBeGreaterThanOrEqual(2);
});
