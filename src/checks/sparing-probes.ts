/**
 * Probes of an agent that has few of them run in the main thread, and on the probe thread as soon as they are many.
 *
 * A thread costs some 13 MB, which is a fifth of a client agent; a probe costs the main thread what 20 to 50 DNS answers do.
 * Counted is what probes of each kind cost, in the time that has just passed. Once the thread runs it is paid for, and gets
 * everything.
 */
import type { Clock } from '../lib/clock.ts';
import type { PolledKind, Probe, ProbeLimits, Probes } from './check.ts';

/** What a run holds the main thread up for, where 1 is some 0.2 ms: starting a program costs most. */
const COST: Readonly<Record<PolledKind, number>> = {
  http: 1,
  tcp: 1,
  udp: 1,
  grpc: 3,
  h2ping: 3,
  docker: 3,
  script: 10,
  'os-service': 10,
};

const WINDOW_MS = 10_000;
/** Cost of the runs that begin in a window of the main thread: up to twenty HTTP checks a second, or two programs. */
export const MOST_IN_WINDOW = 200;

export interface SparingParts {
  /** In the main thread. */
  readonly here: Probes;
  /** On the thread, which starts with its first run. */
  readonly there: Probes;
  readonly clock: Pick<Clock, 'monotonic'>;
}

/** The same probes, run here or there. */
export function sparingProbes({ here, there, clock }: SparingParts): Probes {
  let windowEndMs = 0;
  let spent = 0;
  let isThere = false;

  function placeOf(kind: PolledKind): Probes {
    if (isThere) return there;
    const nowMs = clock.monotonic();
    if (nowMs >= windowEndMs) [windowEndMs, spent] = [nowMs + WINDOW_MS, 0];
    spent += COST[kind];
    isThere = spent > MOST_IN_WINDOW;
    return isThere ? there : here;
  }

  const run = <Kind extends PolledKind>(kind: Kind): Probes[Kind] =>
    ((spec: Parameters<Probe<Kind>>[0], limits: ProbeLimits) =>
      (placeOf(kind)[kind] as Probe<Kind>)(spec, limits)) as Probes[Kind];
  return {
    http: run('http'),
    tcp: run('tcp'),
    udp: run('udp'),
    grpc: run('grpc'),
    h2ping: run('h2ping'),
    script: run('script'),
    docker: run('docker'),
    'os-service': run('os-service'),
  };
}
