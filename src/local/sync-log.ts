/**
 * What the log says of registrations and results, in Consul's words and at its levels, because operators and tools wait
 * for these lines.
 *
 * Consul says of a failing check at every run that it is critical; here the line comes with the first result and with
 * each change, so that the log grows with what happens and not with time, and it brings the first line of the output:
 * who reads it wants to know why. A registration that changes nothing is said at DEBUG only.
 */
import type { Command } from '../catalog/command.ts';
import type { Logger } from '../lib/logger.ts';
import { isSame } from '../lib/same.ts';
import { NODE_MAINTENANCE, SERVICE_MAINTENANCE_PREFIX } from '../model/types.ts';
import type { AgentView } from './agent-tables.ts';
import type { LocalCheck } from './local-check.ts';
import type { Plan } from './plan.ts';
import type { KeepCheckCommand, KeepServiceCommand } from './registration-command.ts';

export interface Line {
  readonly level: 'info' | 'debug';
  readonly fields: object;
  readonly text: string;
}

const info = (fields: object, text: string): Line => ({ level: 'info', fields, text });

/** A mark is set or taken away: said as what it means. */
function markLines(id: string, does: 'entered' | 'left'): readonly Line[] {
  if (id === NODE_MAINTENANCE) return [info({}, `Node ${does} maintenance mode`)];
  if (!id.startsWith(SERVICE_MAINTENANCE_PREFIX)) return [];
  const service = id.slice(SERVICE_MAINTENANCE_PREFIX.length);
  return [info({ service }, `Service ${does} maintenance mode`)];
}

/** What was said already in the lines of a plan. */
interface Said {
  readonly written: Set<string>;
  readonly gone: Set<string>;
}

function serviceLine({ definition }: KeepServiceCommand, ahead: AgentView, { written }: Said): Line {
  const fields = { service: definition.id };
  if (isSame(ahead.localServices.get(definition.id)?.definition, definition))
    return { level: 'debug', fields, text: 'Service in sync' };
  written.add(definition.id);
  return info(fields, 'Synced service');
}

function checkLines({ definition }: KeepCheckCommand, ahead: AgentView, { written }: Said): readonly Line[] {
  const { id, serviceId } = definition;
  // The checks of a service are written with it, in one step.
  if (written.has(serviceId) || isSame(ahead.localChecks.get(id)?.definition, definition)) return [];
  return [...markLines(id, 'entered'), info({ check: id }, 'Synced check')];
}

function goneCheckLines(id: string, ahead: AgentView, { gone }: Said): readonly Line[] {
  const row = ahead.localChecks.get(id);
  if (row === undefined || gone.has(row.definition.serviceId)) return [];
  return [...markLines(id, 'left'), info({ check: id }, 'Deregistered check')];
}

/** What a plan changes of the rows that it was made against; to be said once it is done. */
export function linesOfPlan({ keep }: Plan, ahead: AgentView): readonly Line[] {
  const said: Said = { written: new Set(), gone: new Set() };
  return keep.flatMap((command): readonly Line[] => {
    switch (command.kind) {
      case 'keep-service':
        return [serviceLine(command, ahead, said)];
      case 'keep-check':
        return checkLines(command, ahead, said);
      case 'drop-service':
        said.gone.add(command.id);
        if (ahead.localServices.get(command.id) === undefined) return [];
        return [info({ service: command.id }, 'Deregistered service')];
      case 'drop-check':
        return goneCheckLines(command.id, ahead, said);
      default:
        return [];
    }
  });
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

/** Characters of an output that a line holds. */
const MAX_SAID = 200;

/** The first line of an output. */
function firstLine(output: string): string {
  const line = output.trim().split('\n', 1)[0] ?? '';
  return line.length > MAX_SAID ? `${line.slice(0, MAX_SAID - 1)}…` : line;
}

/** Say the first or another status of a check; `before` as it was, its deadline 0 when that has passed. */
export function logStatus(
  log: Logger,
  { definition, ttlExpiresAtMs }: LocalCheck,
  { status, output }: Pick<LocalCheck, 'status' | 'output'>,
): void {
  const { id, probe } = definition;
  const said = firstLine(output);
  const fields = { check: id, ...(said !== '' && { output: said }) };
  if (status !== 'critical') log.info(fields, `Check is now ${status}`);
  else if (probe.kind === 'ttl' && ttlExpiresAtMs === 0)
    log.warn(fields, 'Check missed TTL, is now critical');
  else log.warn(fields, 'Check is now critical');
}
