/**
 * /v1/agent/health/service: the health of this agent's services as a status code, for load balancers and scripts.
 */

import type { AggregatedStatus, ServiceDefinition, ServiceId } from '../../model/types.ts';
import { needing, onRest } from '../access/permission.ts';
import { ownServiceRights } from '../access/row-rights.ts';
import type { Call, Reply } from '../call-and-reply.ts';
import { agentHealthCheckDocument, worstStatus } from '../documents/agent-check-document.ts';
import { agentServiceDocument, type Document } from '../documents/row-documents.ts';
import type { HttpParts } from '../http-parts.ts';
import { THIS_AGENT } from '../place.ts';
import { restOfPath } from '../request/path-name.ts';
import { first } from '../request/query-values.ts';
import type { Handler, Route } from '../route.ts';

const STATUS_CODES: Readonly<Record<AggregatedStatus, number>> = {
  passing: 200,
  warning: 429,
  critical: 503,
  maintenance: 503,
};
/** The more to the left, the worse. */
const FROM_WORST: readonly AggregatedStatus[] = ['maintenance', 'critical', 'warning', 'passing'];

interface Judged {
  readonly status: AggregatedStatus;
  readonly document: Document;
}

function judge(definition: ServiceDefinition, { local, nodeName, datacenter }: HttpParts): Judged {
  const checks = [...local.checks().values()]
    .filter(({ definition: { serviceId } }) => serviceId === '' || serviceId === definition.id)
    .sort((a, b) => (a.definition.id < b.definition.id ? -1 : 1));
  const status = worstStatus(checks);
  const document = {
    AggregatedStatus: status,
    Service: agentServiceDocument(definition, datacenter),
    Checks: checks.map((check) => agentHealthCheckDocument(nodeName, check, definition)),
  };
  return { status, document };
}

function wantsText(call: Call): boolean {
  return first(call.query, 'format') === 'text' || (call.headers.accept ?? '').startsWith('text/plain');
}

/** A text as the octets of a header, in UTF-8 as Consul sends it; ids of files may hold what no header can. */
const headerText = (text: string): string =>
  Buffer.from(text, 'utf8')
    .toString('latin1')
    .replace(/[^\t\x20-\x7e\x80-\xff]/g, '?');

function plain(status: number, text: string, headers: Record<string, string>): Reply {
  return { status, headers: { ...headers, 'Content-Type': 'text/plain' }, body: Buffer.from(text) };
}

function answer(call: Call, status: AggregatedStatus, value: unknown): Reply {
  const headers = { 'X-Consul-Reason': status };
  return wantsText(call)
    ? plain(STATUS_CODES[status], status, headers)
    : { status: STATUS_CODES[status], value, headers };
}

const byId: Handler = (call, parts) => {
  const id = restOfPath(call, 'Missing serviceID');
  const row = parts.local.services().get(id as ServiceId);
  if (row === undefined) {
    const nothing = { AggregatedStatus: 'critical', Service: null, Checks: null };
    const reason = `ServiceId ${id} not found`;
    const headers = { 'X-Consul-Reason': headerText(reason) };
    // As a text it is a string of JSON, as Consul sends it; that of a name is not.
    return { status: 404, headers, value: wantsText(call) ? reason : nothing };
  }
  const { status, document } = judge(row.definition, parts);
  return answer(call, status, document);
};

const byName: Handler = (call, parts) => {
  const name = restOfPath(call, 'Missing service Name');
  const definitions = [...parts.local.services().values()]
    .map(({ definition }) => definition)
    .filter((definition) => definition.name === name)
    .sort((a, b) => (a.id < b.id ? -1 : 1));
  if (definitions.length === 0) {
    const reason = `ServiceName ${name} Not Found`;
    const headers = { 'X-Consul-Reason': headerText(reason) };
    return wantsText(call) ? plain(404, reason, headers) : { status: 404, headers, value: [] };
  }
  const judged = definitions.map((definition) => judge(definition, parts));
  const worst = FROM_WORST.find((status) => judged.some((one) => one.status === status)) ?? 'passing';
  return answer(
    call,
    worst,
    judged.map(({ document }) => document),
  );
};

const query = [{ name: 'format', about: 'text for the status as a word.' }];

export const agentHealthRoutes: readonly Route[] = [
  {
    path: '/v1/agent/health/service/id/*',
    operations: {
      GET: {
        about: 'Health of one service of this agent.',
        place: THIS_AGENT,
        permission: needing('service:read on its name', (call, parts) =>
          ownServiceRights(parts, call.params['*'] ?? '', 'read'),
        ),
        query,
        handle: byId,
      },
    },
  },
  {
    path: '/v1/agent/health/service/name/*',
    operations: {
      GET: {
        about: 'Health of all instances of a service with this agent.',
        place: THIS_AGENT,
        permission: onRest('service', 'read'),
        query,
        handle: byName,
      },
    },
  },
];
