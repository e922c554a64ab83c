import { expect, test } from 'vitest';
import { addBatch, NOTHING_ASKED, readBatch, topNames } from '../../../ui/app/asked-names.ts';

const question = (Name: string, rest: object = {}) => ({
  Time: '2026-01-01T00:00:00Z',
  Name,
  Type: 'A',
  Rcode: 'NOERROR',
  Answers: 1,
  ElapsedMs: 0.1,
  Client: '10.0.0.1',
  Transport: 'udp',
  ...rest,
});

test('a sample stands for all questions of its batch, whatever the case of the name', () => {
  let asked = addBatch(NOTHING_ASKED, {
    Seen: 30,
    Questions: [question('web.consul.'), question('WEB.consul.'), question('db.consul.')],
  });
  asked = addBatch(asked, { Seen: 1, Questions: [question('db.consul.')] });
  expect(topNames(asked, 10).map(({ name, count }) => [name, count])).toEqual([
    ['web.consul.', 20],
    ['db.consul.', 11],
  ]);
  expect([asked.seen, asked.sampled]).toEqual([31, 4]);
});

test('types of a name are told apart, and names can be chosen by their answer', () => {
  const asked = addBatch(NOTHING_ASKED, {
    Seen: 3,
    Questions: [question('a.'), question('a.', { Type: 'SRV' }), question('b.', { Rcode: 'NXDOMAIN' })],
  });
  expect(topNames(asked, 10).length).toBe(3);
  expect(topNames(asked, 10, ({ rcode }) => rcode === 'NXDOMAIN').map(({ name }) => name)).toEqual(['b.']);
});

test('names and latest questions are bounded, and those that are asked most stay', () => {
  let asked = NOTHING_ASKED;
  for (let n = 0; n < 2_000; n++)
    asked = addBatch(asked, { Seen: 2, Questions: [question('often.'), question(`random-${n}.`)] });
  expect(asked.names.size).toBeLessThanOrEqual(500);
  expect(asked.latest.length).toBe(40);
  expect(asked.latest[0]?.Name).toBe('random-1999.');
  expect(topNames(asked, 1)[0]).toMatchObject({ name: 'often.', count: 2_000 });
});

test('what is no batch is passed over', () => {
  expect(['', '{', '{}', '{"Seen":1}', 'null'].map(readBatch)).toEqual([1, 2, 3, 4, 5].map(() => undefined));
  expect(readBatch('{"Seen":0,"Questions":[]}')).toEqual({ Seen: 0, Questions: [] });
});
