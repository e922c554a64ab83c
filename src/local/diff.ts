/**
 * The difference between what this agent wants of its node in the catalog and what is there. Pure.
 *
 * Wanted rows that are missing or different are written; services and checks of the node that nobody wants are removed,
 * because the agent speaks for its node (as in Consul). Two things the catalog may know better: the tags of a
 * service with enable_tag_override, which are adopted, and outputs that are not due to be written yet.
 */
import type { CheckInput, Command } from '../catalog/command.ts';
import { followedSession } from '../catalog/tables.ts';
import { isSame } from '../lib/same.ts';
import {
  type CheckId,
  type CheckRow,
  SERF_HEALTH,
  type ServiceDefinition,
  type ServiceId,
  type ServiceRow,
} from '../model/types.ts';
import type { NodeRows } from './catalog-port.ts';
import { registerHere } from './catalog-rows.ts';
import type { OwnRows } from './registration.ts';

export interface Wanted {
  readonly own: OwnRows;
  readonly services: readonly ServiceDefinition[];
  readonly checks: readonly CheckInput[];
  /** Services whose registration or removal is not done yet: the catalog cannot know better. */
  readonly underWay: ReadonlySet<ServiceId>;
  /** Checks whose output may stay behind. */
  readonly outputDeferred: ReadonlySet<CheckId>;
}

export interface CatalogDiff {
  /** To be submitted one by one: a refusal of one must not stop the others. */
  readonly commands: readonly Command[];
  /** Services whose tags the catalog knows better. */
  readonly adopted: readonly ServiceDefinition[];
}

/** Whether a row says what is wanted; the row's other fields (stamps, what the catalog adds) do not matter. */
function says(row: object, wanted: object, except?: string): boolean {
  return Object.entries(wanted).every(
    ([field, value]) => field === except || isSame(row[field as keyof typeof row], value),
  );
}

function adoptTags(service: ServiceDefinition, row: ServiceRow | undefined): ServiceDefinition {
  if (!service.enableTagOverride || row === undefined || isSame(row.tags, service.tags)) return service;
  return { ...service, tags: row.tags };
}

function diffServices(wanted: Wanted, there: NodeRows): CatalogDiff {
  const { node } = wanted.own;
  const commands: Command[] = [];
  const adopted: ServiceDefinition[] = [];
  const rows = new Map(there.services.map((row) => [row.id, row]));
  for (const service of [...wanted.own.services, ...wanted.services]) {
    const row = rows.get(service.id);
    const kept = wanted.underWay.has(service.id) ? service : adoptTags(service, row);
    if (kept !== service) adopted.push(kept);
    if (row === undefined || !says(row, kept)) commands.push(registerHere(node, kept, []));
  }
  return { commands, adopted };
}

function isCheckSaid(row: CheckRow | undefined, check: CheckInput, isOutputDeferred: boolean): boolean {
  return row !== undefined && says(row, check, isOutputDeferred ? 'output' : undefined);
}

function diffChecks(wanted: Wanted, there: NodeRows): readonly Command[] {
  const { node, checks: own } = wanted.own;
  const commands: Command[] = [];
  const rows = new Map(there.checks.map((row) => [row.id, row]));
  for (const check of [...own, ...wanted.checks]) {
    if (!isCheckSaid(rows.get(check.id), check, wanted.outputDeferred.has(check.id)))
      commands.push(registerHere(node, undefined, [check]));
  }
  return commands;
}

/** Rows of the node that nobody wants. A removed service takes its checks along. */
function removals(wanted: Wanted, there: NodeRows): readonly Command[] {
  const { node } = wanted.own;
  const services = new Set([...wanted.own.services, ...wanted.services].map(({ id }) => id));
  const checks = new Set([...wanted.own.checks, ...wanted.checks].map(({ id }) => id));
  const commands: Command[] = [];
  for (const { id } of there.services)
    if (!services.has(id)) commands.push({ kind: 'deregister', node: node.name, serviceId: id });
  for (const check of there.checks) {
    const { id, serviceId } = check;
    // Whether the agent of a node lives is for those to say who hear it.
    if (id === SERF_HEALTH) continue;
    if (checks.has(id) || (serviceId && !services.has(serviceId))) continue;
    // The catalog itself keeps a check that follows a session; no agent runs it.
    if (followedSession(check) === undefined)
      commands.push({ kind: 'deregister', node: node.name, checkId: id });
  }
  return commands;
}

/** What has to be done so that the catalog says what is wanted. O(services and checks of the node). Never throws. */
export function diffCatalog(wanted: Wanted, there: NodeRows): CatalogDiff {
  const { node } = wanted.own;
  const nodeCommands: readonly Command[] =
    there.node !== undefined && says(there.node, node)
      ? []
      : [{ kind: 'register', node, skipNodeUpdate: false, checks: [] }];
  const services = diffServices(wanted, there);
  return {
    commands: [
      ...nodeCommands,
      ...services.commands,
      ...diffChecks(wanted, there),
      ...removals(wanted, there),
    ],
    adopted: services.adopted,
  };
}
