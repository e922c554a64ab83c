import { expect, test } from 'vitest';
import { Ledger } from '../../support/faults/ledger.ts';

const EMPTY = { registers: new Map(), kept: new Map(), counter: 0, where: 's1' };

test('a ledger of clients that were told the truth has no violations', () => {
  const ledger = new Ledger();
  ledger.kept('a', 1, 'done');
  ledger.kept('b', 2, 'unknown');
  ledger.wrote('r', 3, 'done');
  ledger.endRead('r', { floor: ledger.beginRead('r'), value: 3, where: 's1' });
  for (const told of ['done', 'done', 'unknown', 'not done'] as const) ledger.counted(told);
  ledger.held(1, 'one');
  ledger.guarded(1, { floor: 0, session: 'one' });
  ledger.held(2, 'other');
  ledger.settle({ ...EMPTY, registers: new Map([['r', 4]]), kept: new Map([['a', 1]]), counter: 3 });
  expect(ledger.violations).toEqual([]);
  expect([ledger.acknowledged, ledger.read]).toEqual([5, 1]);
});

test('an acknowledged key that is gone, or holds something else, is found', () => {
  const ledger = new Ledger();
  ledger.kept('a', 1, 'done');
  ledger.kept('b', 2, 'done');
  ledger.settle({ ...EMPTY, kept: new Map([['b', 1]]) });
  expect(ledger.violations).toEqual(['s1 lost 2 acknowledged keys: a, b']);
});

test('a reader who is shown less than somebody was shown before it asked is found', () => {
  const ledger = new Ledger();
  ledger.endRead('r', { floor: ledger.beginRead('r'), value: 5, where: 's1' });
  ledger.endRead('r', { floor: ledger.beginRead('r'), value: 4, where: 's2' });
  expect(ledger.violations).toHaveLength(1);
});

test('a reader who asked before a write was acknowledged may be shown what was there before', () => {
  const ledger = new Ledger();
  const floor = ledger.beginRead('r');
  ledger.wrote('r', 1, 'done');
  ledger.endRead('r', { floor, value: 0, where: 's1' });
  expect(ledger.violations).toEqual([]);
});

test('a register that ends below what was acknowledged is found', () => {
  const ledger = new Ledger();
  ledger.wrote('r', 2, 'done');
  ledger.settle({ ...EMPTY, registers: new Map([['r', 1]]) });
  expect(ledger.violations).toHaveLength(1);
});

test.each([1, 4])('a counter of %i after two steps for certain and one perhaps is found', (counter) => {
  const ledger = new Ledger();
  for (const told of ['done', 'done', 'unknown'] as const) ledger.counted(told);
  ledger.settle({ ...EMPTY, counter });
  expect(ledger.violations).toHaveLength(1);
});

test('two holders of a lock under one number, and a write of one that held it before, are found', () => {
  const ledger = new Ledger();
  ledger.held(1, 'one');
  ledger.held(1, 'other');
  ledger.guarded(2, { floor: ledger.beginRead('lock'), session: 'new' });
  ledger.guarded(1, { floor: ledger.beginRead('lock'), session: 'old' });
  expect(ledger.violations).toHaveLength(2);
});

test('rows that are written together and shown in part are found', () => {
  const ledger = new Ledger();
  ledger.whole([3, 3, 3], 's1');
  ledger.whole([], 's1');
  ledger.whole([3, 4, 3], 's2');
  expect(ledger.violations).toEqual(['s2 shows parts of writes 3, 4']);
});
