import { expect, test } from 'vitest';
import { kvPrefixTopic, kvTopic, TopicIndexes } from '../../../src/catalog/topics.ts';
import { startKv } from '../../support/kv.ts';
import { seededRandom } from '../../support/seeded-random.ts';

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

test('a beginning has the highest index of all topics with that beginning, and no other', () => {
  const indexes = new TopicIndexes(0);
  const of = (prefix: string) => indexes.of([kvPrefixTopic(prefix)]);
  indexes.touch([kvTopic('a/1')], 3);
  expect(of('a/')).toBe(3);
  indexes.touch([kvTopic('a/2'), kvTopic('a')], 5);
  indexes.touch([kvTopic('b'), 'service:a/3'], 9);
  expect([of('a/'), of('a'), of('a/1'), of('b'), of('c')]).toEqual([5, 5, 3, 9, 1]);
});

test('a key that ends in a star is a key, not a beginning', () => {
  const indexes = new TopicIndexes(0);
  indexes.touch([kvTopic('a*')], 3);
  indexes.touch([kvTopic('ab')], 7);
  expect(indexes.of([kvTopic('a*')])).toBe(3);
  expect(indexes.of([kvPrefixTopic('a*')])).toBe(3);
});

test('the index of a prefix rises when a key below it is deleted, and never falls, also when topics are forgotten', async () => {
  const { kv, indexes } = await startKv();
  await kv('p/1', { text: 'x' });
  const written = indexes.of([kvPrefixTopic('p/')]);
  await kv('p/1', { verb: 'delete' });
  expect(indexes.of([kvPrefixTopic('p/')])).toBe(written + 1);
  await kv('q', { text: 'x' });
  expect(indexes.of([kvPrefixTopic('p/')])).toBe(written + 1);

  const random = seededRandom(5);
  const small = new TopicIndexes(0, 20);
  const highest = new Map<string, number>();
  for (let index = 1; index <= 500; index += 1) {
    small.touch([kvTopic(`${random.below(9)}/${random.below(9)}`)], index);
    for (let prefix = 0; prefix < 9; prefix += 1) {
      const now = small.of([kvPrefixTopic(`${prefix}/`)]);
      expect(now).toBeGreaterThanOrEqual(highest.get(`${prefix}`) ?? 0);
      highest.set(`${prefix}`, now);
    }
  }
});

test('the index of a beginning is the same whether it was asked for before or not, for thousands of them', () => {
  const random = seededRandom(9);
  const asked = new TopicIndexes(0);
  for (let index = 1; index <= 3_000; index += 1) {
    const topic = kvTopic(`${random.below(60)}/${random.below(60)}/${random.below(5)}`);
    asked.touch([topic], index);
    const beginning = kvPrefixTopic(`${random.below(60)}/${random.below(60)}`.slice(0, 1 + random.below(4)));
    if (index % 500 === 0) {
      const fresh = new TopicIndexes(0);
      const replay = seededRandom(9);
      for (let again = 1; again <= index; again += 1) {
        fresh.touch([kvTopic(`${replay.below(60)}/${replay.below(60)}/${replay.below(5)}`)], again);
        replay.below(60);
        replay.below(60);
        replay.below(4);
      }
      expect(asked.of([beginning])).toBe(fresh.of([beginning]));
    } else {
      asked.of([beginning]);
    }
  }
});
