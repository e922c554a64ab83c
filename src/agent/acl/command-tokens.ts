/**
 * Which token counts for what of a command that local/ sends to the catalog: each service and check goes with the token that
 * registered it, what is the agent's own with the agent's.
 *
 * Decides nothing about rights; command-rights.ts does, here or on the server that is asked.
 */
import type { Command, RegisterCommand } from '../../catalog/command.ts';
import { checkKey, type View } from '../../catalog/tables.ts';
import type { CommandPart } from '../../cluster/agent-messages.ts';
import type { AgentState } from '../../local/agent-rules.ts';
import type { OwnRows } from '../../local/registration.ts';
import type { RegistrationSource } from '../../model/types.ts';
import type { AgentTokens } from './agent-tokens.ts';

export interface CommandTokensParts {
  readonly tokens: AgentTokens;
  readonly view: View;
  readonly agentState: Pick<AgentState, 'writer' | 'state'>;
  readonly own: () => OwnRows;
}

/** A part of a command, and whether it is about what the agent itself is: its node, its own service and checks. */
export interface OwnedPart extends CommandPart {
  readonly isOwn: boolean;
}

interface Registered {
  readonly source: RegistrationSource;
  readonly token?: string;
}

export class CommandTokens {
  readonly #parts: CommandTokensParts;

  constructor(parts: CommandTokensParts) {
    this.#parts = parts;
  }

  /** The parts of a command by their tokens, in order; all of them together are the command. */
  split(command: Command): readonly OwnedPart[] {
    switch (command.kind) {
      case 'all':
        return command.commands.flatMap((each) => this.split(each));
      case 'register':
        return this.#registration(command);
      case 'deregister': {
        const { serviceId, checkId } = command;
        const token = checkId === undefined ? this.#ofService(serviceId ?? '') : this.#ofCheck(checkId);
        return [{ token, command, isOwn: false }];
      }
      case 'check-status': {
        const { checkId } = command;
        return [{ token: this.#ofCheck(checkId), command, isOwn: this.#isOwnCheck(checkId) }];
      }
      default:
        return [{ token: '', command, isOwn: true }];
    }
  }

  #registration(command: RegisterCommand): readonly OwnedPart[] {
    const { service, checks } = command;
    const isOwnService = service !== undefined && this.#rowOfService(service.id) === undefined;
    const ownChecks = checks.filter(({ id }) => this.#isOwnCheck(id));
    const { service: _service, ...bare } = command;
    const parts: OwnedPart[] = [];
    if (isOwnService || ownChecks.length > 0 || !command.skipNodeUpdate) {
      const own = { ...bare, checks: ownChecks, ...(isOwnService && { service }) };
      parts.push({ token: this.#parts.tokens.orDefault('agent'), command: own, isOwn: true });
    }
    const rest: RegisterCommand = { ...bare, skipNodeUpdate: true, checks: [] };
    const groups = new Map<string, RegisterCommand['checks'][number][]>();
    const serviceToken = service === undefined || isOwnService ? undefined : this.#ofService(service.id);
    if (serviceToken !== undefined) groups.set(serviceToken, []);
    for (const check of checks) {
      if (ownChecks.includes(check)) continue;
      const token = this.#ofCheck(check.id);
      const group = groups.get(token);
      if (group === undefined) groups.set(token, [check]);
      else group.push(check);
    }
    for (const [token, group] of groups) {
      const withService = service !== undefined && token === serviceToken && { service };
      parts.push({ token, command: { ...rest, checks: group, ...withService }, isOwn: false });
    }
    return parts;
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
