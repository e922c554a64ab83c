/**
 * One full comparison of what this agent wants with the catalog, and what follows from it.
 */
import type { Command } from '../catalog/command.ts';
import type { State } from '../catalog/state.ts';
import type { Writer } from '../catalog/writer.ts';
import type { Logger } from '../lib/logger.ts';
import type { CheckId, ServiceDefinition } from '../model/types.ts';
import { catalogCheck } from './catalog-rows.ts';
import { diffCatalog, type Wanted } from './diff.ts';
import type { OwnRows } from './registration.ts';
import type { Registry } from './registry.ts';
import { logRepair } from './sync-log.ts';

/** Time between two comparisons in ms. Turning it up leaves longer wrong what others wrote into this node's rows. */
export const SYNC_INTERVAL_MS = 60_000;

export interface SyncParts {
  readonly own: OwnRows;
  readonly registry: Registry;
  readonly outputDeferred: ReadonlySet<CheckId>;
  readonly writer: Pick<Writer, 'submit'>;
  readonly state: Pick<State, 'view'>;
  readonly log: Logger;
}

/** A service that somebody registered under the id of one of the agent's own takes its place. */
function wantedOf({ own, registry, outputDeferred }: SyncParts): Wanted {
  const services = [...registry.services.values()].map(({ definition }) => definition);
  return {
    own: { ...own, services: own.services.filter(({ id }) => !registry.services.has(id)) },
    services,
    checks: [...registry.checks.values()].map((check) => catalogCheck(own.node.name, check)),
    outputDeferred,
  };
}

async function tryCommand({ writer, log }: SyncParts, command: Command): Promise<void> {
  try {
    await writer.submit(command);
    logRepair(log, command);
  } catch (error) {
    log.warn({ err: error, command: command.kind }, 'the catalog could not be brought up to date');
  }
}

async function adopt(parts: SyncParts, definition: ServiceDefinition): Promise<void> {
  const { registry } = parts;
  const source = registry.services.get(definition.id)?.source;
  if (source === undefined) return;
  await tryCommand(parts, { kind: 'local-service', definition, source });
  if (registry.services.has(definition.id)) registry.putService({ definition, source });
}

/** Bring the catalog up to date. Never rejects; resolves to the number of commands that were needed. */
export async function syncOnce(parts: SyncParts): Promise<number> {
  const { commands, adopted } = diffCatalog(wantedOf(parts), parts.state.view);
  await Promise.all([
    ...adopted.map((definition) => adopt(parts, definition)),
    ...commands.map((command) => tryCommand(parts, command)),
  ]);
  return commands.length;
}
