/** What the installer tells when everything there is arrives at once. */
import { expect, test } from 'vitest';
import { registerService, startCatalog } from '../../support/catalog.ts';

test('an index that rises without any row that differs is told, because somebody may wait for that index', async () => {
  const { state, installer } = await startCatalog();
  const told: number[] = [];
  installer.onInstalled((_applied, index) => told.push(index));
  installer.onReset({ rows: [], index: 7 });
  installer.onReset({ rows: [], index: 7 });
  expect([state.index, told]).toEqual([7, [7]]);
});

test('everything there was before the last of our own writes takes none of them back', async () => {
  const { state, installer, writer } = await startCatalog();
  await writer.submit(registerService('n1'));
  const told: number[] = [];
  installer.onInstalled((_applied, index) => told.push(index));
  installer.onReset({ rows: [], index: state.index - 1 });
  expect([state.view.nodes.size, told]).toEqual([1, []]);
});
