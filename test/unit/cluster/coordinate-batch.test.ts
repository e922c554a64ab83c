import { expect, it } from 'vitest';
import type { Command } from '../../../src/catalog/command.ts';
import { CoordinateBatch, isNews } from '../../../src/cluster/coordinate-batch.ts';
import { silentLogger } from '../../../src/lib/logger.ts';
import { type Coordinate, ORIGIN } from '../../../src/lib/network-coordinate.ts';
import { AppError } from '../../../src/model/errors.ts';
import type { NodeName } from '../../../src/model/types.ts';
import { startKv } from '../../support/kv.ts';
import { manualClock } from '../../support/manual-clock.ts';

const at = (x: number, error = 0.5): Coordinate => ({
  ...ORIGIN,
  vec: [x, 0, 0, 0, 0, 0, 0, 0],
  error,
});

/** A batch over a catalog with the node `n1`, and the writes that it made. */
async function started(isDown = () => false) {
  const { state, writer } = await startKv();
  const clock = manualClock();
  const written: number[] = [];
  const submit = async (command: Command): Promise<unknown> => {
    if (isDown()) throw new AppError('no_leader', 'No cluster leader');
    if (command.kind === 'coordinates') written.push(command.places.length);
    return writer.submit(command);
  };
  const batch = new CoordinateBatch({ view: state.view, submit, clock, log: silentLogger });
  batch.start();
  return { batch, clock, state, writer, written, row: () => [...state.view.coordinates.values()][0] };
}

it('coordinates of many are one write, and what says nothing new is none', async () => {
  const { batch, clock, written, row } = await started();
  for (const x of [0.01, 0.02, 0.03]) batch.note('N1', at(x));
  batch.note('stranger', at(1));
  await clock.advanceAndSettle(5_000);
  expect([written, row()?.vec[0]]).toEqual([[2], 0.03]);
  for (let i = 0; i < 20; i += 1) {
    batch.note('n1', at(0.03 + 0.000_01 * i));
    await clock.advanceAndSettle(5_000);
  }
  expect(written).toEqual([2]);
  batch.note('n1', at(0.04));
  await clock.advanceAndSettle(5_000);
  expect([written, row()?.vec[0]]).toEqual([[2, 1], 0.04]);
});

it('a node that somebody put into as many segments as there may be keeps nobody from being written', async () => {
  const { batch, clock, state, writer } = await started();
  const n2 = { name: 'n2' as NodeName, id: '', address: '10.0.0.2', taggedAddresses: null, meta: null };
  await writer.submit({ kind: 'register', node: n2, skipNodeUpdate: false, checks: [] });
  const places = Array.from({ length: 64 }, (_, i) => ({ node: n2.name, segment: `s${i}`, ...at(1) }));
  await writer.submit({ kind: 'coordinates', places });
  batch.note('n1', at(0.01));
  batch.note('n2', at(0.02));
  await clock.advanceAndSettle(5_000);
  const measured = [...state.view.coordinates.values()].filter(({ segment }) => segment === '');
  expect(measured.map(({ node, vec }) => [node, vec[0]])).toEqual([
    ['n1', 0.01],
    ['n2', 0.02],
  ]);
});

it('while nobody leads nothing is lost for longer than until it is told again', async () => {
  let isDown = true;
  const { batch, clock, written } = await started(() => isDown);
  batch.note('n1', at(0.01));
  await clock.advanceAndSettle(5_000);
  isDown = false;
  batch.note('n1', at(0.01));
  await clock.advanceAndSettle(5_000);
  expect(written).toEqual([1]);
});

it('no write has more than some hundreds, the others come with the next ones', async () => {
  const { batch, clock, written } = await started();
  for (let i = 0; i < 1_100; i += 1) batch.note(`node-${i}`, at(0.01));
  await clock.advanceAndSettle(15_000);
  expect(written).toEqual([512, 512, 76]);
  batch.stop();
  await clock.advanceAndSettle(15_000);
  expect(clock.pendingCount()).toBe(0);
});

it('a node that is more sure, or has moved by a share of how far it is, is news', () => {
  expect(isNews(at(0.1), at(0.104))).toBe(false);
  expect(isNews(at(0.1), at(0.106))).toBe(true);
  expect(isNews(at(0), at(0.000_09))).toBe(false);
  expect(isNews(at(0.1, 1.5), at(0.1, 0.3))).toBe(true);
});
