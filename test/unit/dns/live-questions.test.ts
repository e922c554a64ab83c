import { expect, test } from 'vitest';
import { LiveQuestions, LOOK_MS } from '../../../src/dns/live-questions.ts';
import { makeQueryLog } from '../../../src/dns/query-log.ts';
import { type QuestionBatch, QuestionSample } from '../../../src/dns/question-sample.ts';
import { manualClock } from '../../support/manual-clock.ts';
import { seededRandom } from '../../support/seeded-random.ts';

/** An answer NXDOMAIN to `qN.consul. A`. */
function reply(n: number): Uint8Array {
  const label = Buffer.from(`q${n}`);
  const head = [0, 1, 0x84, 3, 0, 1, 0, 0, 0, 0, 0, 0];
  return Uint8Array.from([...head, label.length, ...label, 6, ...Buffer.from('consul'), 0, 0, 1, 0, 1]);
}

function rig() {
  const clock = manualClock();
  const random = seededRandom(5);
  const sample = new QuestionSample(clock, random);
  const logged: object[] = [];
  const log = makeQueryLog({ info: (fields) => void logged.push(fields) }, random, sample);
  let asked = 0;
  const client = {
    transport: 'udp',
    address: () => {
      asked += 1;
      return '10.0.0.1';
    },
  } as const;
  return {
    clock,
    logged,
    live: new LiveQuestions(clock, sample),
    addressesAsked: () => asked,
    ask(n: number, share = 0) {
      if (log.isOn(share)) log.note(reply(n), client, 0.25, share);
    },
  };
}

test('who watches is shown what was asked and how it was answered; the log stays quiet', () => {
  const { clock, live, ask, logged } = rig();
  const batches: QuestionBatch[] = [];
  ask(0);
  const stop = live.watch((batch) => void batches.push(batch));
  ask(1);
  clock.advance(LOOK_MS);
  stop();
  ask(2);
  clock.advance(10 * LOOK_MS);
  expect(batches).toEqual([
    {
      seen: 1,
      questions: [
        expect.objectContaining({
          name: 'q1.consul.',
          type: 'A',
          rcode: 'NXDOMAIN',
          answers: 0,
          client: '10.0.0.1',
          transport: 'udp',
          elapsedMs: 0.25,
        }),
      ],
    },
  ]);
  expect(logged).toEqual([]);
});

test('of many questions a few are shown, each with the same chance, and all are counted', () => {
  const { clock, live, ask } = rig();
  const shown = new Map<string, number>();
  live.watch(({ seen, questions }) => {
    expect(seen).toBe(100);
    expect(questions.length).toBe(25);
    for (const { name } of questions) shown.set(name, (shown.get(name) ?? 0) + 1);
  });
  for (let round = 0; round < 200; round++) {
    for (let n = 0; n < 100; n++) ask(n);
    clock.advance(LOOK_MS);
  }
  // 50 times each is to be expected, and 6 is its standard deviation.
  for (let n = 0; n < 100; n++) expect(Math.abs((shown.get(`q${n}.consul.`) ?? 0) - 50)).toBeLessThan(30);
});

test('nobody is asked for an address, and nothing is kept, while nobody watches', () => {
  const { live, ask, addressesAsked } = rig();
  live.watch(() => {})();
  for (let n = 0; n < 50; n++) ask(n);
  expect(addressesAsked()).toBe(0);
});

test('threads are told when the first begins to watch and when the last one ends, and are heard in between', () => {
  const { clock, live } = rig();
  const switched: boolean[] = [];
  live.onSwitch((isOn) => void switched.push(isOn));
  const batches: QuestionBatch[] = [];
  live.hear({ seen: 7, questions: [] });
  const stops = [live.watch((batch) => void batches.push(batch)), live.watch(() => {})];
  live.hear({ seen: 3, questions: [] });
  clock.advance(LOOK_MS);
  for (const stop of [...stops, ...stops]) stop();
  expect(switched).toEqual([true, false]);
  expect(batches).toEqual([{ seen: 3, questions: [] }]);
});

test('so many watch at once, and no more', () => {
  const { live } = rig();
  const stops = Array.from({ length: 32 }, () => live.watch(() => {}));
  expect(() => live.watch(() => {})).toThrow('32 watch');
  stops[0]?.();
  live.watch(() => {});
});
