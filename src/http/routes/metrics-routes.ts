/**
 * Metrics: /v1/agent/metrics as Consul has it, and /metrics in the place where Prometheus looks by itself.
 */

import { metricsDocument, prometheusText } from '../../metrics/exposition.ts';
import { metricsFilter } from '../access/metrics-filter.ts';
import { type FilteringPermission, onThisNode } from '../access/permission.ts';
import type { Reply } from '../call-and-reply.ts';
import type { HttpParts } from '../http-parts.ts';
import { THIS_AGENT } from '../place.ts';
import { json, text } from '../reply.ts';
import { first } from '../request/query-values.ts';
import type { Handler, Route } from '../route.ts';

async function prometheusReply({ metrics, config, clock }: HttpParts): Promise<Reply> {
  const written = await prometheusText(metrics, config.telemetryPrefix, clock.monotonic());
  return { status: 200, headers: { 'Content-Type': written.type }, body: Buffer.from(written.text) };
}

/** "2026-11-20 13:23:40 +0000 UTC", as Consul writes a time. */
function timeText(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19).replace('T', ' ')} +0000 UTC`;
}

const agentMetrics: Handler = (call, parts: HttpParts) => {
  const { config, clock, metrics } = parts;
  const wantsText =
    first(call.query, 'format') === 'prometheus' ||
    (call.headers.accept ?? '').includes('application/openmetrics-text');
  if (!wantsText) return json(metricsDocument(metrics, config.telemetryPrefix, timeText(clock.now())));
  return config.prometheusRetentionMs > 0
    ? prometheusReply(parts)
    : text(415, 'Prometheus is not enabled since its retention time is not positive');
};

const OWN = onThisNode('agent', 'read');
const METRICS: FilteringPermission = {
  kind: 'filter',
  needs: `${OWN.needs}; filters by service:read and node:read`,
  filter: metricsFilter,
  ...('rights' in OWN && { rights: OWN.rights }),
};

export const metricsRoutes: readonly Route[] = [
  {
    path: '/v1/agent/metrics',
    operations: {
      GET: {
        about: 'Metrics of the agent.',
        place: THIS_AGENT,
        permission: METRICS,
        query: [{ name: 'format', about: 'prometheus for the text format.' }],
        handle: agentMetrics,
      },
    },
  },
  {
    path: '/metrics',
    operations: {
      GET: {
        about: 'Metrics in the text format of Prometheus.',
        place: THIS_AGENT,
        permission: METRICS,
        handle: (_call, parts) => prometheusReply(parts),
      },
    },
  },
];
