import { expect, test } from 'vitest';
import { seededRandom } from '../../support/seeded-random.ts';

test('the same seed gives the same sequence, another seed another one', () => {
  const draw = (seed: number) => {
    const random = seededRandom(seed);
    return [random.next(), random.below(1_000), random.uuid(), [...random.bytes(4)]];
  };
  expect(draw(7)).toEqual(draw(7));
  expect(draw(7)).not.toEqual(draw(8));
});

test('uuids have the shape of version 4', () => {
  const random = seededRandom(1);
  for (let i = 0; i < 50; i++) {
    expect(random.uuid()).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  }
});
