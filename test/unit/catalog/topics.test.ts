import { expect, test } from 'vitest';
import { TopicIndexes } from '../../../src/catalog/topics.ts';

test('an index is never 0, also before anything was written', () => {
  expect(new TopicIndexes(0).of(['service:web'])).toBe(1);
});

test('a topic that nobody touched since the start has the index the store had then', () => {
  expect(new TopicIndexes(17).of(['service:web'])).toBe(17);
});

test('a forgotten topic does not fall behind the index it had', () => {
  const indexes = new TopicIndexes(0, 4);
  for (let index = 1; index <= 10; index += 1) indexes.touch([`service:s${index}`], index);
  for (let index = 1; index <= 10; index += 1) {
    expect(indexes.of([`service:s${index}`])).toBeGreaterThanOrEqual(index);
  }
});
