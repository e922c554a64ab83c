import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  expectFault,
  firstMembers,
  joiningCluster,
  type Membership,
  type MetServer,
  planCleanup,
  planJoin,
  planRemoval,
  planStart,
  quorumOf,
} from '../../../../src/store/etcd/cluster-plan.ts';

const server = (id: string, more: Partial<MetServer> = {}): MetServer => ({
  id,
  peerUrl: `http://10.0.0.${id.codePointAt(0)}:2380`,
  datacenter: 'dc1',
  expect: 3,
  ...more,
});

const founders = ['a', 'b', 'c'].map((id) => server(id));

describe('the first members', () => {
  test('are named alike by all of them, in whatever order they met', () => {
    const [one] = founders.map((_, at) =>
      firstMembers('dc1', [...founders.slice(at), ...founders.slice(0, at)]),
    );
    expect(one?.initialCluster).toBe(
      'a=http://10.0.0.97:2380,b=http://10.0.0.98:2380,c=http://10.0.0.99:2380',
    );
    expect(firstMembers('dc1', founders.toReversed())).toEqual(one);
  });

  test('have another token with other servers, and in another datacenter', () => {
    const { token } = firstMembers('dc1', founders);
    expect(firstMembers('dc2', founders).token).not.toBe(token);
    expect(firstMembers('dc1', founders.slice(1)).token).not.toBe(token);
  });
});

describe('a server without data', () => {
  const [a, b, c] = founders as [MetServer, MetServer, MetServer];

  test('waits until it knows as many as it expects', () => {
    expect(planStart(a, [])).toEqual({ kind: 'wait', missing: 2 });
    expect(planStart(a, [b])).toEqual({ kind: 'wait', missing: 1 });
  });

  test('forms the same cluster as the others', () => {
    const plans = [planStart(a, [c, b]), planStart(b, [a, c]), planStart(c, [a, b])];
    expect(plans[0]).toMatchObject({ kind: 'form', first: firstMembers('dc1', founders) });
    expect(plans[1]).toEqual(plans[0]);
    expect(plans[2]).toEqual(plans[0]);
  });

  test('beyond those expected waits for the smallest ids to begin, then joins them', () => {
    const d = server('d');
    expect(planStart(d, founders)).toEqual({ kind: 'wait', missing: 0 });
    expect(planStart(a, [b, c, d])).toMatchObject({
      kind: 'form',
      founders: [{ id: 'a' }, { id: 'b' }, { id: 'c' }],
    });
    const running = founders.map((one) => ({ ...one, cluster: firstMembers('dc1', founders) }));
    expect(planStart(d, running)).toMatchObject({ kind: 'join' });
  });

  test('catches up when the others began with it in the list that it agreed to', () => {
    const cluster = firstMembers('dc1', founders);
    expect(planStart(c, [{ ...a, cluster }, b], cluster.token)).toEqual({ kind: 'catch-up', first: cluster });
  });

  test('comes back as another member when it knows nothing of having agreed: its data is gone', () => {
    const running = { ...a, cluster: firstMembers('dc1', founders) };
    expect(planStart(c, [running, b])).toEqual({ kind: 'join', through: [running] });
    expect(planStart(c, [running, b], 'another list')).toEqual({ kind: 'join', through: [running] });
  });

  test('that expects nobody begins nothing and is nobody whom others wait for', () => {
    const late = { ...c, expect: 0 };
    expect(planStart(late, [a, b])).toEqual({ kind: 'wait', missing: 1 });
    expect(planStart(a, [b, late])).toEqual({ kind: 'wait', missing: 1 });
  });

  test.each([
    [
      server('b', { datacenter: 'dc2' }),
      'server b at http://10.0.0.98:2380 is of datacenter dc2, this one of dc1',
    ],
    [server('b', { expect: 5 }), 'server b at http://10.0.0.98:2380 expects 5 servers, this one 3'],
    [
      server('a', { peerUrl: 'http://10.0.0.9:2380' }),
      'server a at http://10.0.0.9:2380 has the node id of this server',
    ],
    [server('b', { peerUrl: a.peerUrl }), 'server b has the address of this server, http://10.0.0.97:2380'],
  ])('refuses %o by name', (other, why) => {
    expect(planStart(a, [other])).toEqual({ kind: 'refuse', why });
  });

  test('begins and joins whatever a server that does not fit says', () => {
    const stranger = { ...server('x'), datacenter: 'dc2', cluster: firstMembers('dc2', founders) };
    expect(planStart(a, [b, stranger, c])).toMatchObject({ kind: 'form' });
    const running = { ...b, cluster: firstMembers('dc1', founders) };
    expect(planStart(a, [stranger, running])).toEqual({ kind: 'join', through: [running] });
  });

  test('refuses to choose between two clusters', () => {
    const one = { ...b, cluster: firstMembers('dc1', [b]) };
    const other = { ...c, cluster: firstMembers('dc1', [c]) };
    expect(planStart(a, [one, other])).toMatchObject({ kind: 'refuse' });
  });

  test('never forms two clusters with a server in common, whoever has met whom', () => {
    const ids = fc.uniqueArray(fc.constantFrom('a', 'b', 'c', 'd', 'e'), { minLength: 1 });
    fc.assert(
      fc.property(ids, (known) => {
        const plan = planStart(
          server('a'),
          known.filter((id) => id !== 'a').map((id) => server(id)),
        );
        if (plan.kind === 'form') expect(plan.founders).toHaveLength(3);
        else expect(known.filter((id) => id !== 'a').length).toBeLessThan(2);
      }),
    );
  });

  test('can begin with 1 to 7 servers', () => {
    expect([1, 3, 7].map(expectFault)).toEqual([undefined, undefined, undefined]);
    expect(expectFault(0)).toBe('bootstrap_expect: 0 is not from 1 to 7');
    expect(expectFault(9)).toBe('bootstrap_expect: 9 is not from 1 to 7');
  });
});

/** Members 1 to `count`; those in `down` are down, those in `learners` do not vote, those in `fresh` never ran. */
function membership(
  count: number,
  { down = [], learners = [], fresh = [] }: { down?: number[]; learners?: number[]; fresh?: number[] } = {},
): Membership {
  const members = Array.from({ length: count }, (_, at) => ({
    id: BigInt(at + 1),
    name: fresh.includes(at + 1) ? '' : `s${at + 1}`,
    peerUrls: [`http://10.0.0.${at + 1}:2380`],
    clientUrls: [],
    isLearner: learners.includes(at + 1),
  }));
  const healthy = members.map(({ id }) => id).filter((id) => !down.includes(Number(id)));
  return { members, healthy: new Set(healthy) };
}

describe('removing', () => {
  test('a healthy one of three is fine, also the second last', () => {
    expect(planRemoval(membership(3), 1n)).toEqual({ kind: 'go' });
    expect(planRemoval(membership(2), 1n)).toEqual({ kind: 'go' });
  });

  test('the dead one of three is fine', () => {
    expect(planRemoval(membership(3, { down: [3] }), 3n)).toEqual({ kind: 'go' });
  });

  test('a healthy one while another is dead would cost the majority', () => {
    expect(planRemoval(membership(3, { down: [3] }), 1n)).toEqual({
      kind: 'refuse',
      why: 'without it 1 of 2 voting servers are up, which is no majority: bring another server up, or remove one that is down, first',
    });
  });

  test('anything is refused while there is no majority', () => {
    expect(planRemoval(membership(3, { down: [2, 3] }), 3n)).toEqual({
      kind: 'refuse',
      why: '1 of 3 voting servers are up, which is no majority: members cannot be changed now',
    });
  });

  test('the only one is refused', () => {
    expect(planRemoval(membership(1), 1n)).toMatchObject({ kind: 'refuse' });
    expect(planRemoval(membership(2, { learners: [2] }), 1n)).toMatchObject({ kind: 'refuse' });
  });

  test('a learner costs nothing, and one that is unknown is gone already', () => {
    expect(planRemoval(membership(3, { learners: [3], down: [3] }), 3n)).toEqual({ kind: 'go' });
    expect(planRemoval(membership(3), 9n)).toEqual({ kind: 'already' });
  });

  test('that is allowed leaves a majority, whatever is up', () => {
    const down = fc.uniqueArray(fc.integer({ min: 1, max: 7 }));
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 7 }),
        down,
        fc.integer({ min: 1, max: 7 }),
        (count, dead, which) => {
          const before = membership(count, { down: dead });
          if (planRemoval(before, BigInt(which)).kind !== 'go') return;
          const after = before.members.filter(({ id }) => id !== BigInt(which));
          const up = after.filter(({ id }) => before.healthy.has(id)).length;
          expect(up).toBeGreaterThanOrEqual(quorumOf(after.length));
        },
      ),
    );
  });
});

describe('joining', () => {
  const peer = (which: number) => ({ peerUrl: `http://10.0.0.${which}:2380` });

  test('is adding a learner', () => {
    expect(planJoin(membership(3), peer(4))).toEqual({ kind: 'add' });
  });

  test('of one that was added and never ran is starting it', () => {
    expect(planJoin(membership(4, { learners: [4], fresh: [4], down: [4] }), peer(4))).toEqual({
      kind: 'start',
      id: 4n,
    });
  });

  test('with an empty folder of one that ran is replacing it', () => {
    expect(planJoin(membership(3, { down: [3] }), peer(3))).toEqual({ kind: 'replace', id: 3n });
  });

  test('under the address of a server that is up is refused', () => {
    expect(planJoin(membership(3), peer(3))).toMatchObject({ kind: 'refuse' });
  });

  test('waits while another one catches up, and while there is no majority', () => {
    expect(planJoin(membership(4, { learners: [4] }), peer(5))).toEqual({
      kind: 'refuse',
      why: 'http://10.0.0.4:2380 is still catching up; servers join one by one',
    });
    expect(planJoin(membership(3, { down: [1, 2] }), peer(4))).toMatchObject({ kind: 'refuse' });
  });

  test('names those who are there, and itself under its own name', () => {
    const { members } = membership(4, { fresh: [4] });
    expect(joiningCluster(members, { id: 'new', ...peer(4) })).toBe(
      'new=http://10.0.0.4:2380,s1=http://10.0.0.1:2380,s2=http://10.0.0.2:2380,s3=http://10.0.0.3:2380',
    );
  });
});

describe('cleaning up dead servers', () => {
  test('takes out the dead one when a new one has come in its place', () => {
    expect(planCleanup(membership(4, { down: [2] }), 3)).toEqual([2n]);
  });

  test('keeps as many as were expected', () => {
    expect(planCleanup(membership(3, { down: [2] }), 3)).toEqual([]);
    expect(planCleanup(membership(5, { down: [2, 3] }), 4)).toEqual([2n]);
  });

  test('touches nothing without a majority, and no learner', () => {
    expect(planCleanup(membership(4, { down: [1, 2] }), 1)).toEqual([]);
    expect(planCleanup(membership(4, { down: [4], learners: [4] }), 1)).toEqual([]);
  });
});
