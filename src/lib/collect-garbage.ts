/**
 * Collections of garbage that are asked for, for threads that have become quiet: the engine collects when there is new
 * garbage, and without it keeps the old for ever.
 */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

type Collect = (how: { readonly type: 'minor' | 'major' }) => void;

/**
 * A function that collects this thread's young generation, or all of its heap; made when it is called for the first time.
 * New contexts have the engine's own as long as the flag is set, so the one that is made here does, and no other.
 */
export function garbageCollector(): Collect {
  let collect: unknown;
  return (how) => {
    if (collect === undefined) {
      setFlagsFromString('--expose-gc');
      collect = runInNewContext('globalThis.gc');
      setFlagsFromString('--no-expose-gc');
    }
    // Flags are the process's: another thread may have taken this one back in between. Then the next call tries again.
    if (typeof collect === 'function') (collect as Collect)(how);
  };
}
