/**
 * What a new set of definitions from files changes: only the difference, so that a reload flaps nothing. Pure.
 *
 * Registrations from files that are gone are removed; those that say the same are left alone; a file wins over the API
 * for the same id. Removals come last, so that a check may move from a service that goes to one that comes.
 */

import { isSame } from '../lib/same.ts';
import { AppError } from '../model/errors.ts';
import type { CheckDefinition, CheckId, ServiceDefinition } from '../model/types.ts';
import type { AgentView } from './agent-tables.ts';
import {
  joinPlans,
  type Plan,
  type PlanContext,
  planCheck,
  planCheckRemoval,
  planService,
  planServiceRemoval,
} from './plan.ts';
import type { DefinitionsDiff } from './registration.ts';

export interface ConfigService {
  readonly definition: ServiceDefinition;
  readonly checks: readonly CheckDefinition[];
  /** Secret that it is written to the catalog with; none stands for the agent's own tokens. */
  readonly token?: string;
}

export interface ConfigCheck {
  readonly definition: CheckDefinition;
  readonly token?: string;
}

/** Everything that files define: services with their checks, and checks outside of services. */
export type ConfigDefinitions = readonly [services: readonly ConfigService[], checks: readonly ConfigCheck[]];

export interface ConfigPlan {
  readonly plan: Plan;
  readonly diff: DefinitionsDiff;
}

function isKnown({ definition, checks, token = '' }: ConfigService, ahead: AgentView): boolean {
  const service = ahead.localServices.get(definition.id);
  if (service?.source !== 'config' || !isSame(service.definition, definition)) return false;
  if ((service.token ?? '') !== token) return false;
  return checks.every((check) => isKnownCheck({ definition: check, token }, ahead));
}

function isKnownCheck({ definition, token = '' }: ConfigCheck, ahead: AgentView): boolean {
  const existing = ahead.localChecks.get(definition.id);
  if (existing?.source !== 'config' || (existing.token ?? '') !== token) return false;
  return isSame(existing.definition, definition);
}

/** Checks of services that nobody has defined. Whoever read the files knows where each one stands. */
export class OrphanChecks extends AppError {
  readonly checks: readonly CheckDefinition[];

  constructor(checks: readonly CheckDefinition[]) {
    super('config_invalid', checks.map(orphanText).join('\n'));
    this.checks = checks;
  }
}

/** What is wrong with a check whose service does not exist, and what helps. */
export function orphanText({ id, serviceId }: CheckDefinition): string {
  const service = JSON.stringify(serviceId);
  return `check ${JSON.stringify(id)}: service_id ${service} does not exist; define that service, or leave service_id out for a check of the node`;
}

function refuseOrphans(
  checks: readonly CheckDefinition[],
  services: readonly ConfigService[],
  ahead: AgentView,
): void {
  const defined = new Set(services.map(({ definition }) => definition.id));
  const orphans = checks.filter(
    ({ serviceId }) =>
      serviceId !== '' && !defined.has(serviceId) && ahead.localServices.get(serviceId)?.source !== 'api',
  );
  if (orphans.length > 0) throw new OrphanChecks(orphans);
}

/** Ids of what came from files and is in them no more. */
function goneChecks(
  kept: ReadonlySet<CheckId>,
  goneServices: ReadonlySet<string>,
  ahead: AgentView,
): CheckId[] {
  return [...ahead.localChecks.values()]
    .filter(
      ({ source, definition: { id, serviceId } }) =>
        source === 'config' && !kept.has(id) && !goneServices.has(serviceId),
    )
    .map(({ definition: { id } }) => id);
}

/** The service that a check of these files belongs to; undefined for a check of the node. */
function serviceOf(
  { serviceId }: CheckDefinition,
  services: readonly ConfigService[],
  ahead: AgentView,
): ServiceDefinition | undefined {
  const defined = services.find(({ definition }) => definition.id === serviceId);
  return defined?.definition ?? ahead.localServices.get(serviceId)?.definition;
}

/** Plan the way from the present registrations to these. Throws OrphanChecks (config_invalid). */
export function planConfig(
  services: readonly ConfigService[],
  alone: readonly ConfigCheck[],
  context: PlanContext,
): ConfigPlan {
  const { ahead } = context;
  const checks = alone.map(({ definition }) => definition);
  refuseOrphans(checks, services, ahead);
  const serviceIds = new Set(services.map(({ definition }) => definition.id));
  const checkIds = new Set([...services.flatMap((service) => service.checks), ...checks].map(({ id }) => id));
  const goneServices = [...ahead.localServices.values()]
    .filter(({ source, definition }) => source === 'config' && !serviceIds.has(definition.id))
    .map(({ definition }) => definition.id);
  const gone = goneChecks(checkIds, new Set(goneServices), ahead);
  const newServices = services.filter((service) => !isKnown(service, ahead));
  const newChecks = alone.filter((check) => !isKnownCheck(check, ahead));
  const plan = joinPlans([
    ...newServices.map((service) => planService({ ...service, source: 'config' }, false, context)),
    ...newChecks.map(({ definition, token = '' }) =>
      planCheck(definition, { source: 'config', token }, serviceOf(definition, services, ahead), context),
    ),
    ...goneServices.map((id) => planServiceRemoval(id, context)),
    planCheckRemoval(gone, context),
  ]);
  const written = [
    ...newServices.map(({ definition }) => definition.id),
    ...newChecks.map(({ definition }) => definition.id),
  ];
  const isOld = (id: string): boolean =>
    ahead.localServices.get(id) !== undefined || ahead.localChecks.get(id) !== undefined;
  return {
    plan,
    diff: {
      added: written.filter((id) => !isOld(id)),
      changed: written.filter(isOld),
      removed: [...goneServices, ...gone],
    },
  };
}
