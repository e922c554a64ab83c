import { expect, it } from 'vitest';
import {
  type FarResult,
  failOver,
  failoverOrder,
  hasFailover,
  type OtherDatacenters,
} from '../../../src/catalog/query-failover.ts';
import { systemClock } from '../../../src/lib/clock.ts';
import { type QueryRow, UNSTAMPED } from '../../../src/model/types.ts';
import { instanceRow } from '../../support/instance-row.ts';
import { manualClock } from '../../support/manual-clock.ts';

function queryRow(NearestN: number, Datacenters: readonly string[] | null = null): QueryRow {
  return {
    ...UNSTAMPED,
    id: 'q',
    name: 'web',
    isTemplate: false,
    session: '',
    document: {
      Token: '',
      Template: { Type: '', Regexp: '', RemoveEmptyTags: false },
      Service: {
        Service: 'web',
        Failover: { NearestN, Datacenters },
        OnlyPassing: false,
        IgnoreCheckIDs: null,
        Near: '',
        Tags: null,
        NodeMeta: null,
        ServiceMeta: null,
        Connect: false,
      },
      DNS: { TTL: '' },
    },
  };
}

const KNOWN = ['near', 'far', 'Farther'];
const asked = (query: QueryRow) => ({ query, limit: 0, isConnect: false, token: null });
const found = (service: string, count: number): FarResult => ({
  service,
  ttl: '',
  nodes: Array.from({ length: count }, () => instanceRow('n1', 'web')),
});

/** Datacenters that answer with so many instances; null refuses, 'silent' never answers. */
function others(
  answers: Readonly<Record<string, number | null | 'silent'>>,
): OtherDatacenters & { tried: string[] } {
  const tried: string[] = [];
  return {
    tried,
    names: () => KNOWN,
    execute: async (datacenter) => {
      tried.push(datacenter);
      const answer = answers[datacenter];
      if (answer === 'silent') await new Promise(() => {});
      return typeof answer === 'number' ? found(`web in ${datacenter}`, answer) : undefined;
    },
  };
}

it('the nearest come first, then those that are named; unknown ones are left out, none is asked twice', () => {
  expect(failoverOrder(queryRow(2), KNOWN)).toEqual(['near', 'far']);
  expect(failoverOrder(queryRow(1, ['farther', 'dc9', 'NEAR', 'far', 'far']), KNOWN)).toEqual([
    'near',
    'Farther',
    'far',
  ]);
  expect(failoverOrder(queryRow(0), KNOWN)).toEqual([]);
  expect(failoverOrder(queryRow(-3, ['far']), KNOWN)).toEqual(['far']);
  expect([hasFailover(queryRow(0)), hasFailover(queryRow(1)), hasFailover(queryRow(0, ['x']))]).toEqual([
    false,
    true,
    true,
  ]);
});

it('the first that finds something answers, and it is told how many were asked', async () => {
  const datacenters = others({ near: null, far: 0, Farther: 2 });
  const options = { clock: systemClock, budgetMs: 3_000 };
  const { result, datacenter, tried } = await failOver(asked(queryRow(3)), datacenters, options);
  expect([result?.nodes.length, result?.service, datacenter, tried]).toEqual([
    2,
    'web in Farther',
    'Farther',
    3,
  ]);
});

it('where nobody finds anything, the last one that answered has said so', async () => {
  const options = { clock: systemClock, budgetMs: 3_000 };
  const failed = await failOver(asked(queryRow(3)), others({ near: 0, far: null, Farther: null }), options);
  expect([failed.result?.nodes.length, failed.datacenter, failed.tried]).toEqual([0, 'near', 3]);
});

it('one that does not answer costs a part of the time, and all together no more than there is', async () => {
  const clock = manualClock();
  const datacenters = others({ near: 'silent', far: 1 });
  const one = failOver(asked(queryRow(2)), datacenters, { clock, budgetMs: 3_000 });
  await clock.advanceAndSettle(1_500);
  expect((await one).datacenter).toBe('far');
  const none = failOver(asked(queryRow(3)), others({ near: 'silent', far: 'silent', Farther: 1 }), {
    clock,
    budgetMs: 3_000,
  });
  await clock.advanceAndSettle(3_000);
  expect(await none).toEqual({ result: undefined, datacenter: undefined, tried: 2 });
});
