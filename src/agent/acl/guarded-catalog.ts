/**
 * The catalog as local/ knows it, where access control is on: each service and check is written with the rights of its
 * own token, and what that token may not write is left out.
 *
 * Whoever registered it is not refused: the log warns once, naming the token, and the next full comparison tries again.
 * The node's own row and the service of a server need no right; the node's metadata and addresses need that of the
 * agent's token. A client agent has the server decide, which knows the tokens.
 */
import type { Command } from '../../catalog/command.ts';
import { nodeKey, type View } from '../../catalog/tables.ts';
import type { Right } from '../../http/access/right.ts';
import type { Logger } from '../../lib/logger.ts';
import { type CatalogPort, NOT_ALLOWED } from '../../local/catalog-port.ts';
import type { SubmitParts } from '../core.ts';
import type { AccessControl } from './access-control.ts';
import { refusedAsker, rightsOfCommand, subjectOf } from './command-rights.ts';
import { CommandTokens, type CommandTokensParts, type OwnedPart } from './command-tokens.ts';

/** Said of what a token may not write. */
const BLOCKED = 'blocked by ACLs';

export interface GuardedCatalogParts extends CommandTokensParts {
  readonly control: AccessControl;
  readonly log: Pick<Logger, 'warn'>;
}

/** A command as it may be done, and whether that is all of it. */
interface Allowed {
  readonly commands: readonly Command[];
  readonly isWhole: boolean;
}

function mayWrite(parts: GuardedCatalogParts, { token, command }: OwnedPart, rights: readonly Right[]) {
  const by = refusedAsker(parts.control, token, rights);
  if (by !== undefined) parts.log.warn({ ...subjectOf(command), by }, BLOCKED);
  return by === undefined;
}

/** Without the right on the node it exists, but what it says of itself does not. */
function ownAllowed(view: View, part: OwnedPart, parts: GuardedCatalogParts): Allowed {
  const { command } = part;
  if (command.kind !== 'register' || command.skipNodeUpdate) return { commands: [command], isWhole: true };
  const { name } = command.node;
  const isAllowed = mayWrite(parts, part, [{ resource: 'node', level: 'write', name }]);
  if (isAllowed) return { commands: [command], isWhole: true };
  const node = view.nodes.get(nodeKey(name)) ?? { ...command.node, meta: null, taggedAddresses: null };
  return { commands: [{ ...command, node, skipNodeUpdate: true }], isWhole: false };
}

function allowed(part: OwnedPart, parts: GuardedCatalogParts): Allowed {
  const { view } = parts;
  if (part.isOwn) return ownAllowed(view, part, parts);
  const isAllowed = mayWrite(parts, part, rightsOfCommand(view, part.command));
  return isAllowed ? { commands: [part.command], isWhole: true } : { commands: [], isWhole: false };
}

/** The catalog in this process, behind the rights of tokens. */
export function guardedCatalog(catalog: CatalogPort, parts: GuardedCatalogParts): CatalogPort {
  const tokens = new CommandTokens(parts);
  return {
    rowsOfNode: (name) => catalog.rowsOfNode(name),
    submit: async (command) => {
      const judged = tokens.split(command).map((part) => allowed(part, parts));
      const commands = judged.flatMap((each) => each.commands);
      const by = command.by && { by: command.by };
      if (judged.every(({ isWhole }) => isWhole))
        return catalog.submit(command.kind === 'all' ? { kind: 'all', commands, ...by } : command);
      if (commands.length > 0) await catalog.submit({ kind: 'all', commands, ...by });
      return NOT_ALLOWED;
    },
  };
}

/** The catalog of the servers, which look at the token of each part. */
export function catalogByParts(
  catalog: CatalogPort,
  submitParts: SubmitParts,
  parts: CommandTokensParts & Pick<GuardedCatalogParts, 'log'>,
): CatalogPort {
  const tokens = new CommandTokens(parts);
  return {
    rowsOfNode: (name) => catalog.rowsOfNode(name),
    submit: async (command) => {
      const split = tokens.split(command);
      const refused = await submitParts(
        split.map(({ token, command: part }) => ({ token, command: part })),
        command.by,
      );
      for (const { part, by } of refused)
        if (split[part] !== undefined) parts.log.warn({ ...subjectOf(split[part].command), by }, BLOCKED);
      return refused.length === 0 ? undefined : NOT_ALLOWED;
    },
  };
}
