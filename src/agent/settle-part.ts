/**
 * Gives back what only the start needed, once the agent has come to rest: garbage of the heap, free blocks of malloc, and
 * the pages of Node's own file. That is half of what a small agent holds (docs/operations.md, Memory).
 *
 * Done when the first requests are through, and again when joining and the first run of every check are. An agent with a large heap
 * is left alone, because collecting it all at once would hold up its answers.
 */
import type { Clock, Timer } from '../lib/clock.ts';
import { garbageCollector } from '../lib/collect-garbage.ts';
import type { Logger } from '../lib/logger.ts';
import { loadNativeLibrary } from '../lib/native-library.ts';
import type { Part } from './lifecycle.ts';

/** After the start, in ms. The later ones are for what joining and the first run of every check leave. */
const AT_MS = [3_000, 12_000, 45_000] as const;
/** Heap in use above which nothing is done, in octets: up to here a collection takes some 20 ms. */
const LARGEST_HEAP = 64 * 1024 * 1024;

export interface SettleParts {
  readonly clock: Clock;
  readonly log: Pick<Logger, 'debug'>;
  readonly heapBytes?: () => number;
  readonly giveBack?: () => void;
}

/** Collects what is garbage, and returns what is free to the system as far as that can be done here. */
function giveBackMemory(): void {
  garbageCollector()({ type: 'major' });
  const library = loadNativeLibrary();
  if (typeof library !== 'string') (library as { giveBackMemory(): number }).giveBackMemory();
}

/** Does it after the start; `stop` takes back what is still to come. */
export function settlePart(parts: SettleParts): Part {
  const { clock, log, heapBytes = () => process.memoryUsage().heapUsed, giveBack = giveBackMemory } = parts;
  let timers: readonly Timer[] = [];
  const settle = (): void => {
    if (heapBytes() > LARGEST_HEAP) return;
    const fromMs = clock.monotonic();
    giveBack();
    log.debug(
      { tookMs: Math.round(clock.monotonic() - fromMs) },
      'memory that the start needed was given back',
    );
  };
  return {
    name: 'settling',
    start: async () => {
      timers = AT_MS.map((ms) => clock.after(ms, settle));
    },
    stop: async () => {
      for (const timer of timers) timer.cancel();
    },
  };
}
