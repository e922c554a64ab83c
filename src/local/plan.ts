/**
 * A change of what this agent runs, worked out before anything is done: the commands for its own store, and those that
 * make the catalog say the same. Pure; local.ts submits both in one turn.
 *
 * Plans are made against what is queued, not against what is: the rows as they will be when all that was taken is done.
 * A check that is known keeps its state, whoever registers it again.
 */
import type { Command, RegisterCommand } from '../catalog/command.ts';
import type { Clock } from '../lib/clock.ts';
import { isSame } from '../lib/same.ts';
import {
  type CheckDefinition,
  type CheckId,
  type LocalCheckRow,
  type RegistrationSource,
  SERVICE_MAINTENANCE_PREFIX,
  type ServiceDefinition,
  type ServiceId,
} from '../model/types.ts';
import type { AgentView } from './agent-tables.ts';
import { catalogCheck, registerHere } from './catalog-rows.ts';
import { checkOfRow, type LocalCheck, newLocalCheck, redefined, storedState } from './local-check.ts';
import type { Registrant, ServiceRegistration } from './registration.ts';
import type { AgentCommand } from './registration-command.ts';

export interface Plan {
  /** For the agent's own store, to be done together. */
  readonly keep: readonly AgentCommand[];
  /** For the catalog, to be done together. */
  readonly show: readonly Command[];
  /** Services that change. */
  readonly services: readonly ServiceId[];
  /** TTL checks that were only registered again: their time begins anew. */
  readonly renewed: readonly CheckId[];
}

/** What plans are made from. */
export interface PlanContext {
  readonly node: RegisterCommand['node'];
  /** The rows as they will be. */
  readonly ahead: AgentView;
  /** What lives now. */
  readonly live: ReadonlyMap<CheckId, LocalCheck>;
  readonly clock: Clock;
}

/** Changes nothing; carried out, it waits for all that was taken before. */
export const NOTHING: Plan = { keep: [], show: [], services: [], renewed: [] };

/** Several plans as one. */
export function joinPlans(plans: readonly Plan[]): Plan {
  return {
    keep: plans.flatMap(({ keep }) => keep),
    show: plans.flatMap(({ show }) => show),
    services: plans.flatMap(({ services }) => services),
    renewed: plans.flatMap(({ renewed }) => renewed),
  };
}

/** The check of a row with what lives of it, unless what lives is of an earlier check of that id. */
export function checkAhead(
  row: LocalCheckRow,
  { live, clock }: Pick<PlanContext, 'live' | 'clock'>,
): LocalCheck {
  const known = live.get(row.definition.id);
  if (known?.createIndex !== row.createIndex) return checkOfRow(row, clock);
  return { ...known, definition: row.definition, source: row.source };
}

function upcoming(definition: CheckDefinition, source: RegistrationSource, context: PlanContext): LocalCheck {
  const { ahead, clock } = context;
  const row = ahead.localChecks.get(definition.id);
  if (row === undefined) return newLocalCheck(definition, source, clock);
  return redefined(checkAhead(row, context), definition, source, clock);
}

function keepCheck(check: LocalCheck, token: string, clock: Clock): AgentCommand {
  const { definition, source } = check;
  return { kind: 'keep-check', definition, source, token, state: storedState(check, clock) };
}

/** TTL checks of these that are registered already, with this very definition. */
function renewedOf(checks: readonly CheckDefinition[], { ahead }: PlanContext): readonly CheckId[] {
  return checks
    .filter(({ probe }) => probe.kind === 'ttl')
    .filter((check) => isSame(ahead.localChecks.get(check.id)?.definition, check))
    .map(({ id }) => id);
}

/** Remove checks, here and in the catalog. */
export function planCheckRemoval(ids: readonly CheckId[], { node }: PlanContext): Plan {
  return {
    ...NOTHING,
    keep: ids.map((id) => ({ kind: 'drop-check', id })),
    show: ids.map((id) => ({ kind: 'deregister', node: node.name, checkId: id })),
  };
}

/** Remove a service with its checks, here and in the catalog. */
export function planServiceRemoval(id: ServiceId, { node }: PlanContext): Plan {
  return {
    ...NOTHING,
    keep: [{ kind: 'drop-service', id }],
    show: [{ kind: 'deregister', node: node.name, serviceId: id }],
    services: [id],
  };
}

/** Register a service with its checks; with `replaceExistingChecks` its other checks go, maintenance aside. */
export function planService(
  { definition, checks, source, token = '' }: ServiceRegistration,
  replaceExistingChecks: boolean,
  context: PlanContext,
): Plan {
  const kept = new Set(checks.map(({ id }) => id));
  const existing = replaceExistingChecks ? context.ahead.localChecks.by('service', definition.id) : [];
  const dropped = Array.from(existing, (row) => row.definition.id).filter(
    (id) => !kept.has(id) && !id.startsWith(SERVICE_MAINTENANCE_PREFIX),
  );
  const upcomingChecks = checks.map((check) => upcoming(check, source, context));
  const shown = upcomingChecks.map((check) => catalogCheck(context.node.name, check));
  const added: Plan = {
    keep: [
      { kind: 'keep-service', definition, source, token },
      ...upcomingChecks.map((check) => keepCheck(check, token, context.clock)),
    ],
    show: [registerHere(context.node, definition, shown)],
    services: [definition.id],
    renewed: renewedOf(checks, context),
  };
  return dropped.length === 0 ? added : joinPlans([added, planCheckRemoval(dropped, context)]);
}

/** Register a check that stands alone. The catalog gets its service too where it has lost that. */
export function planCheck(
  definition: CheckDefinition,
  { source, token = '' }: Registrant,
  service: ServiceDefinition | undefined,
  context: PlanContext,
): Plan {
  const check = upcoming(definition, source, context);
  const command = registerHere(context.node, service, [catalogCheck(context.node.name, check)]);
  return {
    ...NOTHING,
    keep: [keepCheck(check, token, context.clock)],
    show: [service === undefined ? command : { ...command, skipServiceUpdate: true }],
    renewed: renewedOf([definition], context),
  };
}
