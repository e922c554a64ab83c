import { expect, test } from 'vitest';
import { pageOf } from '../../../src/catalog/history/history-page.ts';
import { notesSince } from '../../../src/catalog/history/notes-since.ts';
import type { HistoryNote } from '../../../src/model/history-types.ts';

const NOW = 1_000_000;

const note = (index: number, atMs: number): HistoryNote => ({
  index: index as never,
  atMs,
  kind: 'check',
  action: 'critical',
  node: 'n1',
});

/** A history of so many commits, a millisecond apart, the last one now. */
function historyOf(count: number) {
  let parsed = 0;
  const pages = Array.from({ length: count }, (_, at) => {
    const page = pageOf([note(at + 1, NOW - count + at + 1)], at + 1);
    return Object.create(page, {
      notes: {
        get: () => {
          parsed += 1;
          return page.notes;
        },
      },
    }) as typeof page;
  });
  const history = { withPrefix: () => pages } as never;
  return { view: { history }, parsed: () => parsed };
}

const ALL = { fromMs: 0, mayHold: () => true, isWanted: () => true };

test('notes come oldest first, from the time that was asked for', () => {
  const { view } = historyOf(10);
  const { notes, knownFromMs } = notesSince(view, { ...ALL, fromMs: NOW - 2 }, NOW);
  expect(notes.map(({ atMs }) => atMs)).toEqual([NOW - 2, NOW - 1, NOW]);
  expect(knownFromMs).toBe(NOW - 2);
});

test('what cannot hold anything is not read, however much there is', () => {
  const { view, parsed } = historyOf(5_000);
  const { notes, knownFromMs } = notesSince(view, { ...ALL, mayHold: ({ toIndex }) => toIndex === 1 }, NOW);
  expect([notes.length, parsed()]).toEqual([1, 1]);
  expect(knownFromMs).toBe(NOW - 4_999);
});

test('so many pages are read and no more, and what is beyond is said not to be known', () => {
  const { view, parsed } = historyOf(3_000);
  const { notes, knownFromMs } = notesSince(view, { ...ALL, isWanted: () => false }, NOW);
  expect([notes.length, parsed()]).toEqual([0, 500]);
  expect(knownFromMs).toBe(NOW - 500);
});

test('where nothing is remembered, nothing is known before now', () => {
  expect(notesSince(historyOf(0).view, ALL, NOW)).toEqual({ notes: [], knownFromMs: NOW });
});
