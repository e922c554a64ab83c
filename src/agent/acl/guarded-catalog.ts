/**
 * The catalog as local/ knows it, where access control is on: each service and check is written with the rights of its
 * own token, and what that token may not write is left out.
 *
 * Whoever registered it is not refused: the log warns once, naming the token, and the next full comparison tries again.
 * The node's own row and the service of a server need no right; the node's metadata and addresses need that of the
 * agent's token.
 */
import type { Command, RegisterCommand } from '../../catalog/command.ts';
import { checkKey, nodeKey, type View } from '../../catalog/tables.ts';
import { holds, type Right } from '../../http/access/right.ts';
import { deregistrationRights, registrationRights } from '../../http/access/write-rights.ts';
import type { Logger } from '../../lib/logger.ts';
import type { AgentState } from '../../local/agent-rules.ts';
import { type CatalogPort, NOT_ALLOWED } from '../../local/catalog-port.ts';
import type { OwnRows } from '../../local/registration.ts';
import { AppError } from '../../model/errors.ts';
import type { RegistrationSource } from '../../model/types.ts';
import type { AccessControl } from './access-control.ts';
import type { AgentTokens } from './agent-tokens.ts';

export interface GuardedCatalogParts {
  readonly control: AccessControl;
  readonly tokens: AgentTokens;
  readonly view: View;
  readonly agentState: Pick<AgentState, 'writer' | 'state'>;
  readonly own: () => OwnRows;
  readonly log: Pick<Logger, 'warn'>;
}

/** A command as it may be done, and what was left out of it. */
interface Allowed {
  readonly commands: readonly Command[];
  readonly isWhole: boolean;
}

const ALL_OF_IT = (...commands: readonly Command[]): Allowed => ({ commands, isWhole: true });
const NOTHING: Allowed = { commands: [], isWhole: false };

const join = (parts: readonly Allowed[]): Allowed => ({
  commands: parts.flatMap(({ commands }) => commands),
  isWhole: parts.every(({ isWhole }) => isWhole),
});

interface Registered {
  readonly source: RegistrationSource;
  readonly token?: string;
}

class Guard {
  readonly #parts: GuardedCatalogParts;

  constructor(parts: GuardedCatalogParts) {
    this.#parts = parts;
  }

  /** What of a command its tokens may do. */
  allowed(command: Command): Allowed {
    switch (command.kind) {
      case 'all':
        return join(command.commands.map((each) => this.allowed(each)));
      case 'register':
        return this.#registration(command);
      case 'deregister': {
        const { serviceId, checkId } = command;
        const secret = checkId === undefined ? this.#ofService(serviceId ?? '') : this.#ofCheck(checkId);
        return this.#may(secret, deregistrationRights(this.#parts.view, command), { serviceId, checkId })
          ? ALL_OF_IT(command)
          : NOTHING;
      }
      case 'check-status': {
        const { node, checkId } = command;
        const rights = deregistrationRights(this.#parts.view, { kind: 'deregister', node, checkId });
        return this.#isOwnCheck(checkId) || this.#may(this.#ofCheck(checkId), rights, { checkId })
          ? ALL_OF_IT(command)
          : NOTHING;
      }
      default:
        return ALL_OF_IT(command);
    }
  }

  #registration(command: RegisterCommand): Allowed {
    const { service, checks } = command;
    const isOwnService = service !== undefined && this.#rowOfService(service.id) === undefined;
    const ownChecks = checks.filter(({ id }) => this.#isOwnCheck(id));
    const { service: _service, ...bare } = command;
    const parts: Allowed[] = [];
    const isOwn = isOwnService || ownChecks.length > 0 || !command.skipNodeUpdate;
    if (isOwn) parts.push(this.#ownNode({ ...bare, checks: ownChecks, ...(isOwnService && { service }) }));
    const rest: RegisterCommand = { ...bare, skipNodeUpdate: true, checks: [] };
    const groups = new Map<string, RegisterCommand['checks'][number][]>();
    if (service !== undefined && !isOwnService) groups.set(this.#ofService(service.id), []);
    for (const check of checks) {
      if (ownChecks.includes(check)) continue;
      const secret = this.#ofCheck(check.id);
      const group = groups.get(secret);
      if (group === undefined) groups.set(secret, [check]);
      else group.push(check);
    }
    for (const [secret, group] of groups) {
      const hasService = service !== undefined && !isOwnService && secret === this.#ofService(service.id);
      parts.push(this.#withToken(secret, { ...rest, checks: group, ...(hasService && { service }) }));
    }
    return join(parts);
  }

  #withToken(secret: string, command: RegisterCommand): Allowed {
    const { view } = this.#parts;
    const rights = registrationRights(view, command);
    // A node that is not there yet is made without a right: it is this agent's own.
    const isKnown = view.nodes.get(nodeKey(command.node.name)) !== undefined;
    const subject = { serviceId: command.service?.id, checkId: command.checks[0]?.id };
    return this.#may(secret, isKnown ? rights : rights.slice(1), subject) ? ALL_OF_IT(command) : NOTHING;
  }

  /** Without the right on the node it exists, but what it says of itself does not. */
  #ownNode(command: RegisterCommand): Allowed {
    const right: Right = { resource: 'node', level: 'write', name: command.node.name };
    if (command.skipNodeUpdate || this.#may(this.#parts.tokens.orDefault('agent'), [right], {}))
      return ALL_OF_IT(command);
    const known = this.#parts.view.nodes.get(nodeKey(command.node.name));
    const node = known ?? { ...command.node, meta: null, taggedAddresses: null };
    return { commands: [{ ...command, node, skipNodeUpdate: true }], isWhole: false };
  }

  #may(
    secret: string,
    rights: readonly Right[],
    subject: { readonly serviceId?: string | undefined; readonly checkId?: string | undefined },
  ): boolean {
    const { control, log } = this.#parts;
    const said = 'blocked by ACLs';
    try {
      const authorizer = control.authorizerOfSecret(secret);
      if (rights.every((right) => holds(authorizer, right))) return true;
      log.warn({ ...subject, by: authorizer.calledBy }, said);
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      log.warn({ ...subject, by: 'a token that is not known' }, said);
    }
    return false;
  }

  #rowOfService(id: string): Registered | undefined {
    const { writer, state } = this.#parts.agentState;
    return writer.ahead.localServices.get(id) ?? state.view.localServices.get(id);
  }

  #rowOfCheck(id: string): Registered | undefined {
    const { writer, state } = this.#parts.agentState;
    return writer.ahead.localChecks.get(id) ?? state.view.localChecks.get(id);
  }

  #isOwnCheck(id: string): boolean {
    return this.#rowOfCheck(id) === undefined && this.#parts.own().checks.some((check) => check.id === id);
  }

  #ofService(id: string): string {
    return this.#secretOf(this.#rowOfService(id));
  }

  #ofCheck(id: string): string {
    const known = this.#rowOfCheck(id);
    const serviceId = this.#parts.view.checks.get(checkKey(this.#parts.own().node.name, id))?.serviceId ?? '';
    return this.#secretOf(known ?? (serviceId === '' ? undefined : this.#rowOfService(serviceId)));
  }

  /** What nobody keeps registered any more is the agent's to clean up. */
  #secretOf(row: Registered | undefined): string {
    const { tokens } = this.#parts;
    if (row === undefined) return tokens.orDefault('agent');
    return row.token || (row.source === 'config' ? tokens.orDefault('config') : tokens.of('default'));
  }
}

/** The catalog behind the rights of tokens. */
export function guardedCatalog(catalog: CatalogPort, parts: GuardedCatalogParts): CatalogPort {
  const guard = new Guard(parts);
  return {
    rowsOfNode: (name) => catalog.rowsOfNode(name),
    submit: async (command) => {
      const { commands, isWhole } = guard.allowed(command);
      const by = command.by && { by: command.by };
      if (isWhole) return catalog.submit(command.kind === 'all' ? { kind: 'all', commands, ...by } : command);
      if (commands.length > 0) await catalog.submit({ kind: 'all', commands, ...by });
      return NOT_ALLOWED;
    },
  };
}
