/**
 * Maintenance marks: checks that are critical and never run, so that everything which follows health follows them.
 */
import { type CheckDefinition, NODE_MAINTENANCE, SERVICE_MAINTENANCE_PREFIX } from '../model/types.ts';

function mark(id: string, name: string, notes: string, serviceId: string): CheckDefinition {
  return {
    id: id as CheckDefinition['id'],
    name,
    notes,
    serviceId: serviceId as CheckDefinition['serviceId'],
    initialStatus: 'critical',
    probe: { kind: 'none' },
    intervalMs: 0,
    timeoutMs: 0,
    successBeforePassing: 0,
    failuresBeforeWarning: 0,
    failuresBeforeCritical: 0,
    outputMaxBytes: 0,
    deregisterCriticalServiceAfterMs: 0,
  };
}

const noReason = (what: string): string =>
  `Maintenance mode is enabled for this ${what}, but no reason was provided. This is a default message.`;

/** The mark of the node, which counts for all its services. */
export function nodeMark(reason: string): CheckDefinition {
  return mark(NODE_MAINTENANCE, 'Node Maintenance Mode', reason || noReason('node'), '');
}

/** The mark of one service. */
export function serviceMark(id: string, reason: string): CheckDefinition {
  const notes = reason || noReason('service');
  return mark(`${SERVICE_MAINTENANCE_PREFIX}${id}`, 'Service Maintenance Mode', notes, id);
}
