/**
 * Gives back what a crowd has left behind. Octets of requests and answers lie outside the JavaScript heap until the young
 * generation is collected, and an agent that has become quiet makes too little garbage for the engine to do that by itself.
 *
 * Once there are many more such octets than there were, and no more are coming, the young generation is collected, which
 * takes a millisecond or two. What turns out to be alive (values of keys) is what there are from then on. Never collects the
 * whole heap: that takes as long as everything that lives there is large, and DNS would wait for it.
 */
import { getHeapStatistics } from 'node:v8';
import type { Clock, Timer } from '../lib/clock.ts';
import { garbageCollector } from '../lib/collect-garbage.ts';
import type { Part } from './lifecycle.ts';

const EVERY_MS = 5_000;
/** Octets more than there were that are worth a collection. */
const MANY_BYTES = 16 * 1024 * 1024;
/** Octets that may come between two looks at a quiet agent. */
const FEW_BYTES = 1024 * 1024;

export interface EngineMemory {
  /** Octets outside the heap that objects of the heap hold. */
  outsideBytes(): number;
  collectYoung(): void;
}

/** The memory of this thread. */
export function engineMemory(): EngineMemory {
  const collect = garbageCollector();
  return {
    outsideBytes: () => getHeapStatistics().external_memory,
    collectYoung: () => collect({ type: 'minor' }),
  };
}

/** Looks from start to stop. */
export function memoryReturnPart(clock: Pick<Clock, 'after'>, memory: EngineMemory): Part {
  let timer: Timer | undefined;
  let settledBytes = 0;
  let lastBytes = 0;
  /** What is freed is counted a moment later, so the next look says what was alive. */
  let wasCollected = false;

  function look(): void {
    const bytes = memory.outsideBytes();
    if (wasCollected || bytes < settledBytes) settledBytes = bytes;
    const isQuiet = Math.abs(bytes - lastBytes) < FEW_BYTES;
    wasCollected = isQuiet && bytes - settledBytes >= MANY_BYTES;
    if (wasCollected) memory.collectYoung();
    lastBytes = bytes;
    timer = clock.after(EVERY_MS, look);
  }

  return {
    name: 'memory that is given back',
    start: async () => {
      settledBytes = memory.outsideBytes();
      lastBytes = settledBytes;
      timer = clock.after(EVERY_MS, look);
    },
    stop: async () => timer?.cancel(),
  };
}
