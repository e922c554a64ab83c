/**
 * Metrics: /v1/agent/metrics as Consul has it, and /metrics in the place where Prometheus looks by itself.
 */

import { metricsDocument, prometheusText } from '../../metrics/exposition.ts';
import { onThisNode } from '../access/permission.ts';
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

export const metricsRoutes: readonly Route[] = [
  {
    path: '/v1/agent/metrics',
    operations: {
      GET: {
        about: 'Metrics of the agent.',
        place: THIS_AGENT,
        permission: onThisNode('agent', 'read'),
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
        permission: onThisNode('agent', 'read'),
        handle: (_call, parts) => prometheusReply(parts),
      },
    },
  },
];
