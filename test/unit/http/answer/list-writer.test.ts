import { describe, expect, test } from 'vitest';
import { ListWriter, type LongList } from '../../../../src/http/answer/list-writer.ts';
import { SortedMap, toJson } from '../../../../src/http/documents/go-json.ts';

function written(list: LongList, isPretty: boolean): { text: string; pieces: number; steps: number } {
  const writer = new ListWriter(list, isPretty);
  let [text, pieces, steps] = ['', 0, 0];
  while (!writer.isDone) {
    do steps += 1;
    while (writer.step());
    text += writer.take().toString('utf8');
    pieces += 1;
  }
  return { text, pieces, steps };
}

const listOf = (documents: readonly unknown[]): LongList => ({
  length: documents.length,
  at: (index) => documents[index],
});

const documents = (count: number): unknown[] =>
  Array.from({ length: count }, (_, i) => ({ ID: i, Name: `<${i}> & "ä"`, Tags: ['x', 'y'], Meta: null }));

describe('a list in pieces', () => {
  test.each([0, 1, 2, 16, 17, 5_000])('is the JSON of the whole list: %i documents', (count) => {
    for (const isPretty of [false, true])
      expect(written(listOf(documents(count)), isPretty).text).toBe(toJson(documents(count), isPretty));
  });

  test('leaves out what is not wanted, also when that is everything', () => {
    const odd = documents(100).map((document, i) => (i % 2 === 0 ? undefined : document));
    const wanted = odd.filter((document) => document !== undefined);
    for (const isPretty of [false, true]) {
      expect(written(listOf(odd), isPretty).text).toBe(toJson(wanted, isPretty));
      expect(written(listOf([undefined, undefined]), isPretty).text).toBe(toJson([], isPretty));
    }
  });

  test('does a few documents a step and gives pieces of bounded size', () => {
    const { pieces, steps, text } = written(listOf(documents(5_000)), false);
    expect(steps).toBeGreaterThanOrEqual(5_000 / 16);
    expect(pieces).toBeGreaterThanOrEqual(text.length / 128_000);
  });

  test.each([0, 1, 17, 1_000])('is the JSON of the whole map: %i documents', (count) => {
    const all = documents(count);
    const keys = all.map((_, i) => (i % 3 === 0 ? `${i}` : `__proto__${i}`)).sort();
    const map = { ...listOf(all), keyAt: (index: number) => keys[index] ?? '' };
    const whole = new SortedMap(keys.map((key, i) => [key, all[i]]));
    for (const isPretty of [false, true]) expect(written(map, isPretty).text).toBe(toJson(whole, isPretty));
  });

  test('begins when nothing is left to prepare', () => {
    let left = 10;
    const list = {
      get length() {
        return left === 0 ? 2 : 0;
      },
      at: (index: number) => index,
      prepare: () => left > 0 && --left >= 0,
    };
    const { text, steps } = written(list, false);
    expect([text, steps]).toEqual(['[0,1]', 12]);
  });

  test('makes one document a step of those that take long', () => {
    expect(written({ ...listOf(documents(20)), isDear: true }, false).steps).toBe(21);
  });

  test('makes one large document a step', () => {
    const large = { length: 20, at: () => 'v'.repeat(300_000), sizeAt: () => 300_000 };
    expect(written(large, false).pieces).toBe(21);
  });
});
