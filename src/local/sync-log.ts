/**
 * What the log says of registrations and results, in Consul's words and at its levels, because operators and tools wait
 * for these lines.
 *
 * Consul says of a failing check at every run that it is critical; here the line comes with the first result and with
 * each change, so that the log grows with what happens and not with time. Outputs stay out of it: nobody knows what
 * targets write into them. A registration that changes nothing is said at DEBUG only.
 */
import type { Command } from '../catalog/command.ts';
import type { Logger } from '../lib/logger.ts';
import { isSame } from '../lib/same.ts';
import {
  type CheckId,
  type CheckStatus,
  NODE_MAINTENANCE,
  SERVICE_MAINTENANCE_PREFIX,
} from '../model/types.ts';
import type { LocalCheck } from './local-check.ts';
import type { Plan } from './plan.ts';
import type { Registry } from './registry.ts';

/** A mark is set or taken away: said as what it means. */
function logMark(log: Logger, id: CheckId, does: 'entered' | 'left'): void {
  if (id === NODE_MAINTENANCE) log.info({}, `Node ${does} maintenance mode`);
  else if (id.startsWith(SERVICE_MAINTENANCE_PREFIX))
    log.info({ service: id.slice(SERVICE_MAINTENANCE_PREFIX.length) }, `Service ${does} maintenance mode`);
}

/** Say what a plan that is durable now changes of what was registered before. */
export function logPlan(log: Logger, plan: Plan, before: Pick<Registry, 'services' | 'checks'>): void {
  const said = new Set<string>();
  for (const { definition } of plan.services) {
    const { id } = definition;
    if (isSame(before.services.get(id)?.definition, definition)) {
      log.debug({ service: id }, 'Service in sync');
      continue;
    }
    said.add(id);
    log.info({ service: id }, 'Synced service');
  }
  for (const { definition } of plan.checks) {
    const { id, serviceId } = definition;
    // The checks of a service are written with it, in one step.
    if (said.has(serviceId) || isSame(before.checks.get(id)?.definition, definition)) continue;
    logMark(log, id, 'entered');
    log.info({ check: id }, 'Synced check');
  }
  for (const id of plan.removedServices) log.info({ service: id }, 'Deregistered service');
  const gone = new Set<string>(plan.removedServices);
  for (const id of plan.removedChecks) {
    const check = before.checks.get(id);
    if (check === undefined || gone.has(check.definition.serviceId)) continue;
    logMark(log, id, 'left');
    log.info({ check: id }, 'Deregistered check');
  }
}

/** Say that a comparison with the catalog had to write something, by the command that wrote it. */
export function logRepair(log: Logger, command: Command): void {
  if (command.kind === 'register') {
    const { service, checks } = command;
    if (service !== undefined) log.info({ service: service.id }, 'Synced service');
    else if (checks.length === 0) log.info({}, 'Synced node info');
    for (const { id } of service === undefined ? checks : []) log.info({ check: id }, 'Synced check');
  } else if (command.kind === 'deregister') {
    const { serviceId, checkId } = command;
    if (serviceId !== undefined) log.info({ service: serviceId }, 'Deregistered service');
    else if (checkId !== undefined) log.info({ check: checkId }, 'Deregistered check');
  }
}

/** Say the first or another status of a check; `check` as it was, its deadline 0 when that has passed. */
export function logStatus(
  log: Logger,
  { definition, ttlExpiresAtMs }: LocalCheck,
  status: CheckStatus,
): void {
  const { id, probe } = definition;
  if (status !== 'critical') log.debug({ check: id, status }, 'Check status updated');
  else if (probe.kind === 'ttl' && ttlExpiresAtMs === 0)
    log.warn({ check: id }, 'Check missed TTL, is now critical');
  else log.warn({ check: id }, 'Check is now critical');
}
