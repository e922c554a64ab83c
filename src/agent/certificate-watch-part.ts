/**
 * Says in time that a certificate of the agent ends: a line in the log each day of its last four weeks, a metric always. And that
 * others may read a key, each day until they may not.
 */
import type { Clock, Timer } from '../lib/clock.ts';
import type { Logger } from '../lib/logger.ts';
import type { Metrics } from '../metrics/metrics.ts';
import { endOfCertificate } from '../tls/key-files.ts';
import type { Part } from './lifecycle.ts';
import type { SecureState } from './secure-settings.ts';
import type { Security } from './security.ts';

const DAY_MS = 86_400_000;
/** As in Consul. */
const SOON_MS = 28 * DAY_MS;

export interface WatchTools {
  readonly clock: Clock;
  readonly metrics: Metrics;
  readonly log: Pick<Logger, 'warn'>;
}

/** When the certificates of the interfaces end, ms since 1970. One that serves both is told once. */
export function certificateEnds({ https, rpc }: SecureState): Readonly<Record<string, number>> {
  const ends = { https: endOfCertificate(https.material), internal_rpc: endOfCertificate(rpc.material) };
  if (rpc.material.certificate === https.material.certificate) ends.internal_rpc = undefined;
  return Object.fromEntries(
    Object.entries(ends).filter((entry): entry is [string, number] => entry[1] !== undefined),
  );
}

/** Look at the start, after every reload, and each day. */
export function certificateWatchPart(security: Security, { clock, metrics, log }: WatchTools): Part {
  const gauge = metrics.gauge('tls_certificate_seconds');
  let timer: Timer | undefined;
  let ends: Readonly<Record<string, number>> = {};

  function say(): void {
    for (const file of security.state.exposed)
      log.warn({ file }, 'every user of this machine may read this key; chmod o-r it');
    for (const [name, end] of Object.entries(ends)) {
      const leftMs = end - clock.now();
      const fields = { interface: name, notAfter: new Date(end).toISOString() };
      if (leftMs <= 0) log.warn(fields, 'the certificate has ended, clients will refuse it');
      else if (leftMs < SOON_MS)
        log.warn({ ...fields, days: Math.floor(leftMs / DAY_MS) }, 'the certificate ends soon');
    }
  }

  function look(): void {
    ends = certificateEnds(security.state);
    timer?.cancel();
    say();
    timer = clock.after(DAY_MS, look);
  }

  metrics.onCollect(() => {
    for (const [name, end] of Object.entries(ends))
      gauge.set(gauge.slot(name), Math.floor((end - clock.now()) / 1_000));
  });
  security.onChange(look);
  return {
    name: 'certificate watch',
    start: async () => look(),
    stop: async () => timer?.cancel(),
  };
}
