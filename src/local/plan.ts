/**
 * A change of what this agent runs, worked out before anything is done: the commands that make it durable, and what
 * the registry will hold afterwards. Pure; local.ts submits `commands` as one atomic command and then applies the rest.
 *
 * A check that is known keeps its state, whoever registers it again; what came in between is kept by applying the plan
 * to the state of that moment (see local.ts), not to the one that was planned with.
 */
import type { Command, RegisterCommand } from '../catalog/command.ts';
import type { Clock } from '../lib/clock.ts';
import {
  type CheckDefinition,
  type CheckId,
  type RegistrationSource,
  SERVICE_MAINTENANCE_PREFIX,
  type ServiceDefinition,
  type ServiceId,
} from '../model/types.ts';
import { catalogCheck, registerHere } from './catalog-rows.ts';
import { type LocalCheck, newLocalCheck, redefined, storedState } from './local-check.ts';
import type { LocalService, ServiceRegistration } from './registration.ts';
import type { Registry } from './registry.ts';

export interface Plan {
  readonly commands: readonly Command[];
  readonly services: readonly LocalService[];
  readonly checks: readonly { readonly definition: CheckDefinition; readonly source: RegistrationSource }[];
  readonly removedServices: readonly ServiceId[];
  readonly removedChecks: readonly CheckId[];
}

/** What plans are made from. */
export interface PlanContext {
  readonly node: RegisterCommand['node'];
  readonly registry: Registry;
  readonly clock: Clock;
}

const NOTHING: Plan = { commands: [], services: [], checks: [], removedServices: [], removedChecks: [] };

/** Several plans as one. */
export function joinPlans(plans: readonly Plan[]): Plan {
  return {
    commands: plans.flatMap(({ commands }) => commands),
    services: plans.flatMap(({ services }) => services),
    checks: plans.flatMap(({ checks }) => checks),
    removedServices: plans.flatMap(({ removedServices }) => removedServices),
    removedChecks: plans.flatMap(({ removedChecks }) => removedChecks),
  };
}

function upcoming(
  definition: CheckDefinition,
  source: RegistrationSource,
  { registry, clock }: PlanContext,
): LocalCheck {
  const existing = registry.checks.get(definition.id);
  return existing ? redefined(existing, definition, source, clock) : newLocalCheck(definition, source, clock);
}

function storeCheck(check: LocalCheck, clock: Clock): Command {
  const { definition, source } = check;
  return { kind: 'local-check', definition, source, state: storedState(check, clock) };
}

/** Remove checks, here and in the catalog. */
export function planCheckRemoval(ids: readonly CheckId[], { node }: PlanContext): Plan {
  const commands = ids.flatMap((id): readonly Command[] => [
    { kind: 'local-remove', table: 'localChecks', id },
    { kind: 'deregister', node: node.name, checkId: id },
  ]);
  return { ...NOTHING, commands, removedChecks: ids };
}

/** Remove a service with its checks, here and in the catalog. */
export function planServiceRemoval(id: ServiceId, { node, registry }: PlanContext): Plan {
  const checks = registry.checksOf(id);
  return {
    ...NOTHING,
    commands: [
      { kind: 'local-remove', table: 'localServices', id },
      ...checks.map((check): Command => ({ kind: 'local-remove', table: 'localChecks', id: check })),
      { kind: 'deregister', node: node.name, serviceId: id },
    ],
    removedServices: [id],
    removedChecks: checks,
  };
}

/** Register a service with its checks; with `replaceExistingChecks` its other checks go, maintenance aside. */
export function planService(
  { definition, checks, source }: ServiceRegistration,
  replaceExistingChecks: boolean,
  context: PlanContext,
): Plan {
  const kept = new Set(checks.map(({ id }) => id));
  const dropped = replaceExistingChecks
    ? context.registry
        .checksOf(definition.id)
        .filter((id) => !kept.has(id) && !id.startsWith(SERVICE_MAINTENANCE_PREFIX))
    : [];
  const upcomingChecks = checks.map((check) => upcoming(check, source, context));
  const added: Plan = {
    ...NOTHING,
    commands: [
      { kind: 'local-service', definition, source },
      ...upcomingChecks.map((check) => storeCheck(check, context.clock)),
      registerHere(
        context.node,
        definition,
        upcomingChecks.map((check) => catalogCheck(context.node.name, check)),
      ),
    ],
    services: [{ definition, source }],
    checks: checks.map((check) => ({ definition: check, source })),
  };
  return dropped.length === 0 ? added : joinPlans([added, planCheckRemoval(dropped, context)]);
}

/** Register a check that stands alone. `missingService` is its service where the catalog has lost it. */
export function planCheck(
  definition: CheckDefinition,
  source: RegistrationSource,
  missingService: ServiceDefinition | undefined,
  context: PlanContext,
): Plan {
  const check = upcoming(definition, source, context);
  return {
    ...NOTHING,
    commands: [
      storeCheck(check, context.clock),
      registerHere(context.node, missingService, [catalogCheck(context.node.name, check)]),
    ],
    checks: [{ definition, source }],
  };
}
