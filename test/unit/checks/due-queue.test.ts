import fc from 'fast-check';
import { expect, test } from 'vitest';
import { DueQueue } from '../../../src/checks/due-queue.ts';

test('gives back what was put in, in order of time', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 50 })), (times) => {
      const queue = new DueQueue<number>();
      for (const [ticket, dueMs] of times.entries()) queue.push({ dueMs, item: dueMs, ticket });
      const taken: number[] = [];
      for (let entry = queue.takeDue(100); entry; entry = queue.takeDue(100)) taken.push(entry.item);
      expect(taken).toEqual([...times].sort((a, b) => a - b));
      expect(queue.size).toBe(0);
    }),
  );
});

test('keeps what is not due', () => {
  const queue = new DueQueue<string>();
  queue.push({ dueMs: 20, item: 'later', ticket: 0 });
  queue.push({ dueMs: 10, item: 'sooner', ticket: 0 });
  expect(queue.firstDueMs).toBe(10);
  expect(queue.takeDue(9)).toBeUndefined();
  expect(queue.takeDue(10)?.item).toBe('sooner');
  expect(queue.takeDue(10)).toBeUndefined();
  expect(queue.firstDueMs).toBe(20);
});

test('drops what is not wanted any more and keeps the order of the rest', () => {
  const queue = new DueQueue<number>();
  for (const dueMs of [5, 3, 9, 1, 7]) queue.push({ dueMs, item: dueMs, ticket: 0 });
  queue.keep(({ item }) => item !== 3 && item !== 9);
  const taken = [queue.takeDue(10)?.item, queue.takeDue(10)?.item, queue.takeDue(10)?.item];
  expect([taken, queue.size]).toEqual([[1, 5, 7], 0]);
});
