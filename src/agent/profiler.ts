/**
 * Where the main thread spends its time, and who allocates what is alive, for as long as somebody asks; in V8's formats, which
 * the tools of browsers open.
 *
 * One profile at a time, of samples far enough apart that half a minute of them is written down in one turn.
 */
import { Session } from 'node:inspector/promises';
import { setTimeout as delay } from 'node:timers/promises';
import type { ProfileKind } from '../http/http-parts.ts';

/** Between two looks at the stack. */
const SAMPLING_US = 5_000;
/** Octets allocated between two samples. */
const SAMPLING_BYTES = 128 * 1024;

async function cpuProfile(session: Session, ms: number): Promise<unknown> {
  await session.post('Profiler.enable');
  await session.post('Profiler.setSamplingInterval', { interval: SAMPLING_US });
  await session.post('Profiler.start');
  await delay(ms);
  return (await session.post('Profiler.stop')).profile;
}

async function heapProfile(session: Session, ms: number): Promise<unknown> {
  await session.post('HeapProfiler.startSampling', { samplingInterval: SAMPLING_BYTES });
  await delay(ms);
  return (await session.post('HeapProfiler.stopSampling')).profile;
}

export class Profiler {
  #isBusy = false;

  /** Resolves to a profile of the next `ms`; undefined while another one is made. */
  readonly take = async (kind: ProfileKind, ms: number): Promise<unknown> => {
    if (this.#isBusy) return undefined;
    this.#isBusy = true;
    const session = new Session();
    try {
      session.connect();
      return await (kind === 'cpu' ? cpuProfile(session, ms) : heapProfile(session, ms));
    } finally {
      session.disconnect();
      this.#isBusy = false;
    }
  };
}
