import { describe, expect, test } from 'vitest';
import { engineMemory, memoryReturnPart } from '../../../src/agent/memory-return-part.ts';
import { manualClock } from '../../support/manual-clock.ts';

const MIB = 1_024 * 1_024;

/** An engine with so many MiB outside its heap, of which some are garbage; gives how often it was collected. */
async function engine() {
  const clock = manualClock();
  const memory = { alive: 10, garbage: 0, collections: 0 };
  const part = memoryReturnPart(clock, {
    outsideBytes: () => (memory.alive + memory.garbage) * MIB,
    collectYoung: () => {
      memory.collections += 1;
      memory.garbage = 0;
    },
  });
  await part.start();
  const look = (): void => clock.advance(5_000);
  return { memory, part, look };
}

describe('octets outside the heap', () => {
  test('that a crowd has left are collected once it has become quiet, and not before', async () => {
    const { memory, look } = await engine();
    for (memory.garbage = 20; memory.garbage < 100; memory.garbage += 20) look();
    expect(memory.collections).toBe(0);
    memory.garbage = 90;
    look();
    look();
    expect(memory).toMatchObject({ collections: 1, garbage: 0 });
  });

  test('that are alive are looked for garbage once', async () => {
    const { memory, look } = await engine();
    memory.alive = 700;
    for (let i = 0; i < 10; i += 1) look();
    expect(memory.collections).toBe(1);
    memory.garbage = 20;
    for (let i = 0; i < 10; i += 1) look();
    expect(memory).toMatchObject({ collections: 2, garbage: 0 });
  });

  test('that are few are left to the engine; after the end nobody looks', async () => {
    const { memory, part, look } = await engine();
    memory.garbage = 15;
    for (let i = 0; i < 10; i += 1) look();
    expect(memory.collections).toBe(0);
    await part.stop();
    memory.garbage = 100;
    for (let i = 0; i < 10; i += 1) look();
    expect(memory.collections).toBe(0);
  });

  test('of this very engine come back', async () => {
    const memory = engineMemory();
    const held = Array.from({ length: 20 }, () => Buffer.alloc(MIB, 1));
    const before = memory.outsideBytes();
    held.length = 0;
    memory.collectYoung();
    memory.collectYoung();
    await expect.poll(() => before - memory.outsideBytes()).toBeGreaterThan(15 * MIB);
    expect((globalThis as { gc?: unknown }).gc).toBeUndefined();
  });
});
