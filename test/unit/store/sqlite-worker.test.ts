import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { HeapInfo } from 'node:v8';
import { Worker } from 'node:worker_threads';
import { afterAll, expect, test } from 'vitest';
import type { DatabaseRequest } from '../../../src/store/sqlite-protocol.ts';

const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'sqlite-worker-'));
afterAll(() => fs.rmSync(dir, { recursive: true }));

const MIB = 1_024 * 1_024;

/** The thread on a file of its own, collecting so long after a request. */
function startThread(collectAfterMs: number) {
  const file = new URL('../../../src/store/sqlite-worker.ts', import.meta.url);
  const worker = new Worker(file, { workerData: { path: path.join(dir, 'rollcall.db'), collectAfterMs } });
  const ask = (request: DatabaseRequest): Promise<unknown> =>
    new Promise((resolve) => {
      worker.once('message', resolve);
      worker.postMessage([request]);
    });
  const usedMiB = async (): Promise<number> =>
    (await (worker as unknown as { getHeapStatistics(): Promise<HeapInfo> }).getHeapStatistics())
      .used_heap_size / MIB;
  return { worker, ask, usedMiB };
}

test('what a large commit has left on the heap is collected afterwards', async () => {
  const { worker, ask, usedMiB } = startThread(100);
  await ask({ kind: 'index', id: 0, store: 'catalog' } as never);
  const beforeMiB = await usedMiB();
  const changes = Array.from({ length: 64 }, (_, i) => ({
    table: 'kv',
    key: `k${i}`,
    row: JSON.stringify({ value: String(i % 10).repeat(MIB) }),
  }));
  for (const [piece, change] of changes.entries())
    await ask({ kind: 'stage', id: 1, store: 'catalog', piece, write: 0, changes: [change] });
  const pieces = changes.length;
  const done = await ask({ kind: 'commit', id: 2, store: 'catalog', batch: [[]], after: 0, pieces } as never);
  expect(done).toMatchObject([{ id: 2, ok: 1 }]);
  await expect.poll(usedMiB).toBeLessThan(beforeMiB + 10);
  await worker.terminate();
});
