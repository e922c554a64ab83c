import { expect, test } from 'vitest';
import { HISTORY_LENGTH, History } from '../../../src/checks/history.ts';

test('keeps the last results, newest first', () => {
  const history = new History();
  for (let i = 0; i < HISTORY_LENGTH + 5; i += 1)
    history.add({ atMs: i, durationMs: 1.5, status: 'passing', output: `o${i}` });
  const results = history.results();
  expect(results.length).toBe(HISTORY_LENGTH);
  expect(results[0]).toEqual({ atMs: 24, durationMs: 1.5, status: 'passing', output: 'o24' });
  expect(results.at(-1)?.atMs).toBe(5);
});

test('counts changes of status, also those that have left the list', () => {
  const history = new History();
  const add = (status: 'passing' | 'critical'): void =>
    history.add({ atMs: 0, durationMs: 0, status, output: '' });
  expect(history.results()).toEqual([]);
  add('passing');
  expect(history.flaps).toBe(0);
  add('critical');
  add('critical');
  add('passing');
  expect(history.flaps).toBe(2);
  for (let i = 0; i < 100; i += 1) add('passing');
  expect(history.flaps).toBe(2);
});

test('cuts long outputs', () => {
  const history = new History();
  history.add({ atMs: 0, durationMs: 0, status: 'passing', output: 'x'.repeat(5_000) });
  expect(history.results()[0]?.output).toBe(`${'x'.repeat(300)}…`);
});
