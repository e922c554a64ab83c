import { describe, expect, it } from 'vitest';
import { areEqual, identityOrder, reorder, SharedOrders } from '../../../src/dns/order.ts';
import type { ServiceId } from '../../../src/model/types.ts';
import { dnsRig, nodeRow, serviceRow } from '../../support/dns-rig.ts';
import { seededRandom } from '../../support/seeded-random.ts';

/** Chi-square of observed counts against expected ones. */
function chiSquare(observed: readonly number[], expected: readonly number[]): number {
  return observed.reduce((sum, count, i) => sum + (count - (expected[i] ?? 0)) ** 2 / (expected[i] ?? 1), 0);
}

/** 99.9 % of even distributions stay below, by degrees of freedom. */
const LIMIT: Readonly<Record<number, number>> = { 2: 13.8, 4: 18.5, 5: 20.5, 9: 27.9, 17: 40.8, 23: 49.7 };

describe('order of answers', () => {
  it('is each of the 24 permutations of four equally often', () => {
    const random = seededRandom(7);
    const seen = new Map<string, number>();
    const rounds = 24_000;
    for (let i = 0; i < rounds; i += 1) {
      const order = identityOrder(4);
      reorder(order, 4, null, random);
      const key = order.join('');
      seen.set(key, (seen.get(key) ?? 0) + 1);
    }
    expect(seen.size).toBe(24);
    expect(chiSquare([...seen.values()], new Array(24).fill(rounds / 24))).toBeLessThan(LIMIT[23] as number);
  });

  it('gives everybody the same chance to be among the first three of ten', () => {
    const random = seededRandom(8);
    const order = identityOrder(10);
    const counts = new Array(10).fill(0) as number[];
    for (let i = 0; i < 20_000; i += 1) {
      reorder(order, 3, null, random);
      for (const winner of order.subarray(0, 3)) counts[winner] = (counts[winner] ?? 0) + 1;
    }
    expect(chiSquare(counts, new Array(10).fill(6_000))).toBeLessThan(LIMIT[9] as number);
  });

  it('puts first in proportion to the weights where they differ', () => {
    const random = seededRandom(9);
    const weights = Float64Array.of(1, 2, 3, 10, 0);
    const counts = [0, 0, 0, 0, 0];
    const rounds = 32_000;
    for (let i = 0; i < rounds; i += 1) {
      const order = identityOrder(5);
      reorder(order, 5, weights, random);
      counts[order[0] as number] = (counts[order[0] as number] ?? 0) + 1;
      expect(order[4]).toBe(4);
    }
    expect(counts[4]).toBe(0);
    expect(
      chiSquare(
        counts.slice(0, 4),
        [1, 2, 3, 10].map((w) => (w * rounds) / 16),
      ),
    ).toBeLessThan(16.3);
  });

  it('is as random for answers that share a permutation with others', () => {
    const random = seededRandom(10);
    const orders = new SharedOrders();
    const firsts = new Map<string, number>();
    const rounds = 24_000;
    for (let i = 0; i < rounds; i += 1) {
      const [one, other] = [orders.of(3), orders.of(3)];
      reorder(one, 1, null, random);
      const first = one[0] as number;
      reorder(other, 2, null, random);
      const key = `${first} ${other.subarray(0, 2).join(' ')}`;
      firsts.set(key, (firsts.get(key) ?? 0) + 1);
    }
    expect(firsts.size).toBe(18);
    expect(chiSquare([...firsts.values()], new Array(18).fill(rounds / 18))).toBeLessThan(
      LIMIT[17] as number,
    );
  });

  it('is kept apart for very long answers, which would hold much memory for ever', () => {
    const orders = new SharedOrders();
    expect(orders.of(64)).toBe(orders.of(64));
    expect(orders.of(65)).not.toBe(orders.of(65));
    expect([...orders.of(3)]).toEqual([0, 1, 2]);
  });

  it('knows when weights do not matter', () => {
    expect(areEqual(Float64Array.of(2, 2, 2))).toBe(true);
    expect(areEqual(Float64Array.of(2, 2, 1))).toBe(false);
    expect(areEqual(new Float64Array(0))).toBe(true);
  });
});

describe('load over DNS', () => {
  it('follows the weights in A answers that a limit cuts, and SRV carries them', async () => {
    const rig = dnsRig({ config: { udpAnswerLimit: 1 } });
    rig.put(nodeRow('n1', '10.0.0.1'));
    for (const [i, weight] of [1, 4, 5].entries()) {
      const weights = { passing: weight, warning: 1 };
      rig.put(
        serviceRow('n1', 'web', { id: `w${i}` as ServiceId, address: `10.1.0.${i}`, port: i, weights }),
      );
    }
    const counts = [0, 0, 0];
    for (let i = 0; i < 6_000; i += 1) {
      const { answer } = await rig.ask('web.service.consul', 'A');
      const index = Number(answer[0]?.at(-1));
      counts[index] = (counts[index] ?? 0) + 1;
    }
    expect(chiSquare(counts, [600, 2_400, 3_000])).toBeLessThan(LIMIT[2] as number);
    const { answer } = await rig.ask('web.service.consul', 'SRV', { tcp: true });
    expect(answer.map((text) => text.split(' ')[5]).sort()).toEqual(['1', '4', '5']);
  });
});
