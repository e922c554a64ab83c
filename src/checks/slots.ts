/**
 * How many probes may run at the same time, so that sockets and processes stay bounded however many targets hang.
 *
 * What finds no free slot waits in line. Network probes and programs have separate slots: a shelf of slow scripts must
 * not keep HTTP checks waiting.
 */
import type { PolledKind } from './check.ts';

type SlotKind = 'network' | 'process';

/** Turning these up costs file descriptors (network) or processes and memory. */
const LIMITS: Readonly<Record<SlotKind, number>> = { network: 4_096, process: 64 };

const KIND: Readonly<Record<PolledKind, SlotKind>> = {
  http: 'network',
  tcp: 'network',
  udp: 'network',
  grpc: 'network',
  h2ping: 'network',
  docker: 'network',
  'os-service': 'process',
  script: 'process',
};

interface Line {
  free: number;
  readonly waiting: Set<() => void>;
}

export class Slots {
  readonly #lines: Readonly<Record<SlotKind, Line>>;

  constructor(limits: Readonly<Record<SlotKind, number>> = LIMITS) {
    this.#lines = {
      network: { free: limits.network, waiting: new Set() },
      process: { free: limits.process, waiting: new Set() },
    };
  }

  /** Call `run` now, or as soon as a slot is free; `release` must follow each run. Returns how to step out of line. */
  whenFree(kind: PolledKind, run: () => void): () => void {
    const line = this.#lines[KIND[kind]];
    if (line.free > 0) {
      line.free -= 1;
      run();
      return () => {};
    }
    line.waiting.add(run);
    return () => void line.waiting.delete(run);
  }

  release(kind: PolledKind): void {
    const line = this.#lines[KIND[kind]];
    const [next] = line.waiting;
    if (next === undefined) {
      line.free += 1;
      return;
    }
    line.waiting.delete(next);
    next();
  }
}
