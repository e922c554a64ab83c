/**
 * /v1/internal/ui/services: what a page of all services shows, one line a service, to be waited on like other reads.
 *
 * Consul has this path for its own page and does not document it; here it is part of the API. Beyond
 * Consul's fields it counts instances by state, so that nobody has to ask for every service.
 */
import type { ServiceSummary } from '../../catalog/service-summary.ts';
import { answerRead } from '../blocking.ts';
import type { Document } from '../documents/row-documents.ts';
import { json } from '../reply.ts';
import { READ_PARAMETERS } from '../request/selectors.ts';
import type { Handler, Route } from '../route.ts';

function summaryDocument(summary: ServiceSummary): Document {
  const { checks, instances, tags, kind } = summary;
  return {
    Kind: kind === '' ? undefined : kind,
    Name: summary.name,
    Tags: tags.length === 0 ? null : tags,
    Nodes: summary.nodes,
    InstanceCount: summary.instanceCount,
    ChecksPassing: checks.passing,
    ChecksWarning: checks.warning,
    ChecksCritical: checks.critical,
    InstancesPassing: instances.passing,
    InstancesWarning: instances.warning,
    InstancesCritical: instances.critical,
    InstancesMaintenance: instances.maintenance,
    ExternalSources: null,
    GatewayConfig: {},
  };
}

const services: Handler = (call, parts) =>
  answerRead(call, parts, {
    topics: ['services', 'nodes', 'checks'],
    reply: () => json(parts.summaries.all().map(summaryDocument)),
  });

export const servicesSummaryRoutes: readonly Route[] = [
  {
    path: '/v1/internal/ui/services',
    operations: {
      GET: {
        about: 'All services, one line each: instances and checks by state, tags, nodes.',
        query: READ_PARAMETERS,
        isCacheable: true,
        handle: services,
      },
    },
  },
];
