/**
 * Metrics pushed to a collector of OpenTelemetry, where `telemetry.otlp_endpoint` names one.
 */
import { type Clock, settlesWithin } from '../lib/clock.ts';
import type { Logger } from '../lib/logger.ts';
import type { Metrics } from '../metrics/metrics.ts';
import type { OtlpSender } from '../metrics/otlp.ts';
import type { Config } from './config/options.ts';
import type { Identity } from './identity.ts';
import type { Part } from './lifecycle.ts';

/** Time in ms that the last batch gets at the end: whoever stops the agent does not wait for a collector. */
const LAST_BATCH_MS = 1_000;

export interface OtlpPartParts {
  readonly config: Config;
  readonly identity: Identity;
  readonly ownVersion: string;
  readonly metrics: Metrics;
  readonly clock: Clock;
  readonly log: Pick<Logger, 'warn'>;
}

/** Without the user, password and query of an address: a collector's key may be among them. */
function shownAddress(endpoint: string): string {
  if (!URL.canParse(endpoint)) return '';
  const { origin, pathname } = new URL(endpoint);
  return `${origin}${pathname}`;
}

/** Nothing, and nothing loaded, without an endpoint. */
export function otlpPart({ config, identity, ownVersion, metrics, clock, log }: OtlpPartParts): Part {
  const endpoint = config['telemetry.otlp_endpoint'];
  const shown = shownAddress(endpoint);
  let sender: OtlpSender | undefined;
  return {
    name: 'otlp',
    start: async () => {
      if (endpoint === '') return;
      const { startOtlp } = await import('../metrics/otlp.ts');
      sender = startOtlp({
        metrics,
        endpoint,
        intervalMs: config['telemetry.otlp_interval'],
        attributes: {
          'service.name': 'rollcall',
          'service.version': ownVersion,
          'service.namespace': config.datacenter,
          'service.instance.id': identity.nodeId,
          'host.name': identity.nodeName,
        },
        now: () => clock.now(),
        onFailure: (why) =>
          log.warn({ endpoint: shown, why: why.replaceAll(endpoint, shown) }, 'metrics could not be sent'),
      });
    },
    stop: async () => {
      if (sender === undefined) return;
      await settlesWithin(clock, LAST_BATCH_MS, sender.close());
    },
  };
}
