import { describe, expect, test } from 'vitest';
import { Budget } from '../../../../src/http/listen/budget.ts';

const LIMITS = { total: 100, perClient: 60 };

describe('a budget', () => {
  test('is shared by everybody, and what is given back can be had again', () => {
    const budget = new Budget(LIMITS);
    const [a, b] = [budget.open('a'), budget.open('b')];
    expect([a.grow(60), b.grow(40), b.grow(1)]).toEqual([true, true, false]);
    a.close();
    a.close();
    expect(b.grow(20)).toBe(true);
  });

  test('has a limit for each client, and none for clients without an address', () => {
    const budget = new Budget(LIMITS);
    expect(budget.open('a').grow(40)).toBe(true);
    expect(budget.open('a').grow(21)).toBe(false);
    expect(budget.open('').grow(10)).toBe(true);
    expect(budget.open('').grow(50)).toBe(true);
  });

  test('costs the oldest that may be evicted their place, not more of them than needed', () => {
    const evicted: string[] = [];
    const budget = new Budget(LIMITS);
    const open = (client: string, name: string) => budget.open(client, () => evicted.push(name));
    const shares = [open('a', 'a1'), open('b', 'b1'), open('c', 'c1')];
    for (const share of shares) share.grow(30);
    expect(open('d', 'd1').grow(40)).toBe(true);
    expect(evicted).toEqual(['a1']);
    expect(shares[0]?.grow(1)).toBe(false);
  });

  test('costs a client that has too much its own shares, not those of others', () => {
    const evicted: string[] = [];
    const budget = new Budget(LIMITS);
    const open = (client: string, name: string) => budget.open(client, () => evicted.push(name));
    open('other', 'other').grow(30);
    open('a', 'a1').grow(30);
    open('a', 'a2').grow(30);
    expect(open('a', 'a3').grow(30)).toBe(true);
    expect(evicted).toEqual(['a1']);
  });

  test('does not take away what is kept', () => {
    const budget = new Budget(LIMITS);
    const kept = budget.open('a', () => expect.unreachable());
    kept.grow(60);
    kept.keep();
    expect(budget.open('b').grow(60)).toBe(false);
    expect(kept.bytes).toBe(60);
  });

  test('lets one through that is larger than all of it, as long as it is alone', () => {
    const budget = new Budget(LIMITS);
    const large = budget.open('a');
    expect(large.grow(1_000)).toBe(true);
    expect(budget.open('b').grow(1)).toBe(false);
    large.close();
    expect(budget.open('b').grow(1)).toBe(true);
  });

  test('says what is held and whom it refused', () => {
    const told: (number | string)[] = [];
    const events = { onChange: (used: number) => told.push(used), onRefused: () => told.push('refused') };
    const budget = new Budget(LIMITS, events);
    const share = budget.open('a');
    share.grow(50);
    budget.open('a').grow(50);
    share.close();
    expect(told).toEqual([50, 'refused', 0]);
  });
});
