/**
 * Checks of this agent as the API shows them: live state beside the definition.
 */
import { catalogCheck } from '../../local/catalog-rows.ts';
import type { AggregatedStatus, ServiceDefinition, ServiceName } from '../../model/types.ts';
import { NODE_MAINTENANCE, SERVICE_MAINTENANCE_PREFIX, UNSTAMPED } from '../../model/types.ts';
import type { LocalCheckState } from '../http-parts.ts';
import { checkDocument, type Document } from './row-documents.ts';

function isMaintenanceId(id: string): boolean {
  return id === NODE_MAINTENANCE || id.startsWith(SERVICE_MAINTENANCE_PREFIX);
}

/** A check in /agent/checks; `service` is what it belongs to, undefined for a check of the node. */
export function agentCheckDocument(
  nodeName: string,
  check: LocalCheckState,
  service: ServiceDefinition | undefined,
): Document {
  const row = catalogCheck(nodeName, check);
  return checkDocument({
    ...UNSTAMPED,
    ...row,
    serviceName: check.definition.serviceName ?? service?.name ?? ('' as ServiceName),
    serviceTags: service?.tags ?? [],
  });
}

const FULL_DEFINITION: Document = Object.freeze({
  Interval: '0s',
  Timeout: '0s',
  DeregisterCriticalServiceAfter: '0s',
  HTTP: '',
  Header: null,
  Method: '',
  Body: '',
  TLSSkipVerify: false,
  TCP: '',
});

/** A check in /agent/health: Consul prints an empty definition in full there, no type, and null for no tags. */
export function agentHealthCheckDocument(
  nodeName: string,
  check: LocalCheckState,
  service: ServiceDefinition,
): Document {
  const isOfService = check.definition.serviceId !== '';
  return {
    ...agentCheckDocument(nodeName, check, isOfService ? service : undefined),
    ServiceTags: isOfService && service.tags.length > 0 ? service.tags : null,
    Type: '',
    Definition: FULL_DEFINITION,
  };
}

/** Maintenance over critical over warning over passing. */
export function worstStatus(checks: readonly LocalCheckState[]): AggregatedStatus {
  if (checks.some(({ definition }) => isMaintenanceId(definition.id))) return 'maintenance';
  const statuses = new Set(checks.map(({ status }) => status));
  if (statuses.has('critical')) return 'critical';
  return statuses.has('warning') ? 'warning' : 'passing';
}
