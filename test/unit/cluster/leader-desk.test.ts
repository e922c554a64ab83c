/** What becomes of calls to a leader that says nothing any more, when another one leads. */
import { expect, test } from 'vitest';
import type { LeaderLock, ServerRecord } from '../../../src/catalog/leader-lock.ts';
import { Candidate } from '../../../src/cluster/candidate.ts';
import { LeaderDesk } from '../../../src/cluster/leader-desk.ts';
import type { Peers } from '../../../src/cluster/peers.ts';
import { ReplicaProgress } from '../../../src/cluster/replica-progress.ts';
import { silentLogger } from '../../../src/lib/logger.ts';
import type { CallEnd } from '../../../src/rpc/rpc-connection.ts';
import { manualClock } from '../../support/manual-clock.ts';

const record = (id: string): ServerRecord => ({ id, name: id, host: '127.0.0.1', port: 1 });
const [SELF, OLD, NEW] = [record('self'), record('old'), record('new')];

/** A server that follows; the old leader never answers, the new one always does. */
function follower() {
  const clock = manualClock();
  let setLeader: (leader: ServerRecord | undefined) => void = () => {};
  const lock: LeaderLock = {
    campaign: (_self, signal) =>
      new Promise((resolve) => signal.addEventListener('abort', () => resolve(undefined))),
    observe: (listener) => {
      setLeader = listener;
      listener(OLD);
      return () => {};
    },
    challenge: async () => {},
  };
  const calls: string[] = [];
  const peers: Peers = {
    call: (to, method, _request, { signal }) => {
      calls.push(`${method} at ${to.id}`);
      if (to.id === NEW.id)
        return Promise.resolve({ kind: 'answered', value: method === 'submit' ? DONE : 0 });
      return new Promise<CallEnd>((resolve) =>
        signal?.addEventListener('abort', () => resolve({ kind: 'unknown', why: 'given up' })),
      );
    },
  };
  const progress = new ReplicaProgress(clock, () => 0);
  const term = { begin: () => {}, end: () => {} };
  const candidate = new Candidate({ self: SELF, lock, progress, term, clock, log: silentLogger });
  candidate.start();
  const submit = () => Promise.reject(new Error('this server never leads'));
  const desk = new LeaderDesk({ candidate, peers, progress, clock, submit, indexNow: () => 0 });
  return { clock, desk, calls, setLeader: (leader: ServerRecord | undefined) => setLeader(leader) };
}

const DONE = { index: 0, result: true };
const DEREGISTER = { kind: 'deregister', node: 'n1' } as const;

test('a question is asked again at the next leader, soon after the lock has moved', async () => {
  const { clock, desk, calls, setLeader } = follower();
  const asked = desk.current('consistent');
  await clock.advanceAndSettle(100);
  setLeader(undefined);
  setLeader(NEW);
  await clock.advanceAndSettle(500);
  await asked;
  expect(calls).toEqual(['read-index at old', 'read-index at new']);
});

test('a command may have been carried out, and who waits for it is told so', async () => {
  const { clock, desk, calls, setLeader } = follower();
  const submitted = desk.submit(DEREGISTER).catch((error: unknown) => error);
  await clock.advanceAndSettle(100);
  setLeader(NEW);
  await clock.advanceAndSettle(500);
  expect(await submitted).toMatchObject({ code: 'outcome_unknown' });
  expect(calls).toEqual(['submit at old']);
  expect(await desk.submit(DEREGISTER)).toEqual(DONE);
});

test('a leader that still leads has its time', async () => {
  const { clock, desk, setLeader } = follower();
  let isOver = false;
  const end = (): void => {
    isOver = true;
  };
  desk.submit(DEREGISTER).then(end, end);
  await clock.advanceAndSettle(1_000);
  setLeader(OLD);
  await clock.advanceAndSettle(1_000);
  expect(isOver).toBe(false);
});
