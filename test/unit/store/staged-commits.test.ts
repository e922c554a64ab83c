import { expect, test } from 'vitest';
import type { EncodedChange } from '../../../src/store/sqlite-protocol.ts';
import { StagedCommits } from '../../../src/store/staged-commits.ts';

const put = (key: string): EncodedChange => ({ table: 'kv', key, row: '{}' });
const commit = (pieces: number, ...batch: EncodedChange[][]) =>
  ({ kind: 'commit', store: 'catalog', batch, after: 0, pieces }) as const;
const stage = (piece: number, write: number, ...changes: EncodedChange[]) =>
  ({ kind: 'stage', store: 'catalog', piece, write, changes }) as const;

test('a commit holds what its pieces held, each in its write, in order', () => {
  const staged = new StagedCommits();
  staged.add(stage(0, 0, put('a'), put('b')));
  staged.add(stage(1, 0, put('c')));
  staged.add(stage(2, 2, put('e')));
  const batch = staged.take(commit(3, [], [put('d')], [put('f')]));
  expect(batch.map((write) => write.map(({ key }) => key))).toEqual([['a', 'b', 'c'], ['d'], ['e', 'f']]);
});

test('pieces of a commit that never came are in no later one', () => {
  const staged = new StagedCommits();
  staged.add(stage(0, 0, put('lost')));
  expect(staged.take(commit(0, [put('a')]))).toEqual([[put('a')]]);
  staged.add(stage(0, 0, put('lost')));
  staged.add(stage(0, 0, put('b')));
  expect(staged.take(commit(1, []))).toEqual([[put('b')]]);
  expect(() => staged.take(commit(1, []))).toThrow('missing');
});
