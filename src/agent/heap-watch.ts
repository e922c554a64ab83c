/**
 * How full the JavaScript heap is with what is alive. What a collection of the whole heap leaves is alive; what has come
 * since may be garbage, so a heap that was nearly full then and is now is full.
 */
import {
  constants,
  type NodeGCPerformanceDetail,
  type PerformanceEntry,
  PerformanceObserver,
} from 'node:perf_hooks';
import { getHeapStatistics } from 'node:v8';

/** Part of the heap that may be alive. Turning it up leaves less for the work of collecting it, which ends the process. */
const FULL = 0.75;

export interface HeapWatch {
  isFull(): boolean;
  /** Octets that may come to be alive before it is full. */
  roomBytes(): number;
  stop(): void;
}

/** Watch the heap of this thread. */
export function watchHeap(): HeapWatch {
  const fullBytes = FULL * getHeapStatistics().heap_size_limit;
  let aliveBytes = 0;
  const observer = new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) {
      const { kind } = (entry as PerformanceEntry & { readonly detail: NodeGCPerformanceDetail }).detail;
      if (kind === constants.NODE_PERFORMANCE_GC_MAJOR) aliveBytes = getHeapStatistics().used_heap_size;
    }
  });
  observer.observe({ entryTypes: ['gc'] });
  return {
    // Asked for every batch of writes, and the statistics cost as much as a small one.
    isFull: () => aliveBytes > fullBytes && getHeapStatistics().used_heap_size > fullBytes,
    roomBytes: () => {
      const { used_heap_size: used } = getHeapStatistics();
      return Math.max(0, fullBytes - (aliveBytes === 0 ? used : Math.min(used, aliveBytes)));
    },
    stop: () => observer.disconnect(),
  };
}
