/**
 * The rules of the agent's own store: how a command changes its rows, and who wants to know. Pure.
 *
 * One thing always holds: a check that names a service belongs to a service that is kept. Whoever removes a service
 * removes the checks that it has at that moment, not those that it had when somebody asked.
 */
import { Draft } from '../catalog/draft.ts';
import type { OpenedStore, Rules } from '../catalog/opened-store.ts';
import type { Applied } from '../catalog/state.ts';
import { AppError } from '../model/errors.ts';
import { type LocalServiceRow, UNSTAMPED } from '../model/types.ts';
import { AGENT_TABLES, type AgentKinds } from './agent-tables.ts';
import type { AgentCommand, AgentResults, KeepCheckCommand } from './registration-command.ts';

/** What this agent keeps registered: rows, indexes, queue. */
export type AgentState = OpenedStore<AgentKinds, AgentCommand, AgentResults>;

type AgentDraft = Draft<AgentKinds>;

function keepCheck(draft: AgentDraft, { definition, source, token, state }: KeepCheckCommand): void {
  const { serviceId } = definition;
  if (serviceId !== '' && draft.view.localServices.get(serviceId) === undefined)
    throw new AppError('invalid_command', `ServiceID ${JSON.stringify(serviceId)} does not exist`);
  draft.put('localChecks', { ...UNSTAMPED, definition, source, token, ...state });
}

function dropService(draft: AgentDraft, id: string): void {
  for (const { definition } of [...draft.view.localChecks.by('service', id)])
    draft.remove('localChecks', definition.id);
  draft.remove('localServices', id);
}

function change(draft: AgentDraft, command: AgentCommand): void {
  switch (command.kind) {
    case 'keep-service': {
      const { definition, source, token } = command;
      draft.put('localServices', { ...UNSTAMPED, definition, source, token });
      return;
    }
    case 'keep-check':
      keepCheck(draft, command);
      return;
    case 'check-state': {
      const row = draft.view.localChecks.get(command.id);
      if (row) draft.put('localChecks', { ...row, ...command.state });
      return;
    }
    case 'drop-service':
      dropService(draft, command.id);
      return;
    case 'drop-check':
      draft.remove('localChecks', command.id);
      return;
    case 'fact':
      draft.put('facts', { ...UNSTAMPED, name: command.name, value: command.value });
      return;
    case 'all':
      for (const each of command.commands) change(draft, each);
  }
}

/** All registrations with this agent. */
export const LOCAL_SERVICES_TOPIC = 'local-services';
/** One registration with this agent. */
export const localServiceTopic = (id: string): string => `local-service:${id}`;
/** States of the checks of this agent, as they live; without an index. */
export const LOCAL_CHECKS_TOPIC = 'local-checks';
/** Whether a topic is one of the agent's own store: its index is counted there. */
export const isAgentTopic = (topic: string): boolean => topic.startsWith('local-service');

function topicsOf(applied: readonly Applied<AgentKinds>[]): ReadonlySet<string> {
  const topics = new Set<string>();
  for (const { table, before, after } of applied) {
    if (table !== 'localServices') continue;
    topics.add(LOCAL_SERVICES_TOPIC);
    topics.add(localServiceTopic(((after ?? before) as LocalServiceRow).definition.id));
  }
  return topics;
}

export const AGENT_RULES: Rules<AgentKinds, AgentCommand> = {
  specs: AGENT_TABLES,
  reduce: (view, command) => {
    const draft = new Draft<AgentKinds>(view, AGENT_TABLES);
    change(draft, command);
    return { changes: draft.changes, result: true };
  },
  topicsOf,
};
