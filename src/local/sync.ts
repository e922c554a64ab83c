/**
 * One full comparison of what this agent wants with the catalog, and what follows from it.
 */
import type { CheckInput, Command, RegisterCommand } from '../catalog/command.ts';
import type { Logger } from '../lib/logger.ts';
import { isSame } from '../lib/same.ts';
import type { CheckId, ServiceDefinition, ServiceId } from '../model/types.ts';
import type { AgentState } from './agent-rules.ts';
import { type CatalogPort, isAway, NOT_ALLOWED } from './catalog-port.ts';
import { catalogCheck, registerHere } from './catalog-rows.ts';
import { diffCatalog, type Wanted } from './diff.ts';
import { checkAhead, type PlanContext } from './plan.ts';
import type { OwnRows } from './registration.ts';
import { logRepair } from './sync-log.ts';

/** Time between two comparisons in ms. Turning it up leaves longer wrong what others wrote into this node's rows. */
export const SYNC_INTERVAL_MS = 60_000;
/** Most rounds of the outbox between two tries. */
const MOST_ROUNDS = 2;

export interface SyncParts {
  readonly own: OwnRows;
  /** Asked once the catalog's rows are there, so that nothing is wanted that was given up meanwhile. */
  readonly context: () => Pick<PlanContext, 'ahead' | 'live' | 'clock'>;
  readonly underWay: ReadonlySet<ServiceId>;
  readonly outputDeferred: ReadonlySet<CheckId>;
  readonly keep: AgentState['writer']['submit'];
  readonly catalog: CatalogPort;
  readonly log: Logger;
}

/** A service that somebody registered under the id of one of the agent's own takes its place. */
function wantedOf({ own, context, underWay, outputDeferred }: SyncParts): Wanted {
  const made = context();
  const { localServices, localChecks } = made.ahead;
  const services = Array.from(localServices.values(), ({ definition }) => definition);
  return {
    own: { ...own, services: own.services.filter(({ id }) => localServices.get(id) === undefined) },
    services,
    checks: Array.from(localChecks.values(), (row) => catalogCheck(own.node.name, checkAhead(row, made))),
    underWay,
    outputDeferred,
  };
}

/** Resolves to whether the catalog was away. */
async function tryStep({ log }: SyncParts, command: string, step: () => Promise<unknown>): Promise<boolean> {
  try {
    await step();
    return false;
  } catch (error) {
    if (isAway(error)) return true;
    log.warn({ err: error, command }, 'the catalog could not be brought up to date');
    return false;
  }
}

async function adopt(parts: SyncParts, definition: ServiceDefinition): Promise<boolean> {
  const row = parts.context().ahead.localServices.get(definition.id);
  if (row === undefined) return false;
  const { source, token = '' } = row;
  return tryStep(parts, 'keep-service', () =>
    parts.keep({ kind: 'keep-service', definition, source, token }),
  );
}

async function repair({ own, catalog, log }: SyncParts, command: Command): Promise<void> {
  const by = { agent: own.node.name, why: 'anti-entropy' } as const;
  if ((await catalog.submit({ ...command, by })) !== NOT_ALLOWED) logRepair(log, command);
}

/** Commands may overtake each other on their way, and a check without its service is refused. */
const isLater = (command: Command): command is RegisterCommand =>
  command.kind === 'register' && command.checks.length > 0;

/** Checks of these ids as they are wanted now. What was given up meanwhile is not among them. */
function presentChecks(parts: SyncParts, ids: ReadonlySet<CheckId>): readonly CheckInput[] {
  const { own, checks } = wantedOf(parts);
  return [...own.checks, ...checks].filter(({ id }) => ids.has(id));
}

async function compare(parts: SyncParts): Promise<boolean> {
  const { node } = parts.own;
  const there = await parts.catalog.rowsOfNode(node.name);
  const { commands, adopted } = diffCatalog(wantedOf(parts), there);
  const submit = (command: Command): Promise<boolean> =>
    tryStep(parts, command.kind, () => repair(parts, command));
  const wereAway = await Promise.all([
    ...adopted.map((definition) => adopt(parts, definition)),
    ...commands.filter((command) => !isLater(command)).map(submit),
  ]);
  if (wereAway.includes(true)) return false;
  const later = commands.filter(isLater).flatMap(({ checks }) => checks);
  if (later.length === 0) return true;
  // A result that came while the services were on their way went to a row that is not there: only the check tells of it.
  const sent = presentChecks(parts, new Set(later.map(({ id }) => id)));
  const areAway = await Promise.all(sent.map((check) => submit(registerHere(node, undefined, [check]))));
  if (areAway.includes(true)) return false;
  // A result that came while the check itself was on its way may have overtaken it.
  return isSame(presentChecks(parts, new Set(sent.map(({ id }) => id))), sent);
}

/**
 * Bring the catalog up to date. Never rejects; resolves to false when the catalog was away meanwhile, or a check had a
 * result while it was written, so that something may be left to do.
 */
export async function syncOnce(parts: SyncParts): Promise<boolean> {
  try {
    return await compare(parts);
  } catch (error) {
    if (isAway(error)) return false;
    parts.log.warn({ err: error }, 'the catalog could not be compared with what this agent keeps registered');
    return true;
  }
}

/**
 * When a comparison that left something to do is made again: it is not said to everybody that a catalog can be written
 * again. After one round, then after two each time: the catalog may be away for thousands of agents.
 */
export class SyncAgain {
  #waitRounds = 0;
  #leftRounds = 0;

  ended(isComplete: boolean): void {
    this.#waitRounds = isComplete ? 0 : Math.min(Math.max(this.#waitRounds * 2, 1), MOST_ROUNDS);
    this.#leftRounds = this.#waitRounds;
  }

  /** To be asked once a round. */
  isDue(): boolean {
    if (this.#waitRounds === 0) return false;
    this.#leftRounds -= 1;
    return this.#leftRounds <= 0;
  }
}
