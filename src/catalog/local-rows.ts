/**
 * Reducers for what this agent was asked to keep registered (the wish); register.ts holds what the catalog says.
 */
import { UNSTAMPED } from '../model/types.ts';
import type {
  LocalCheckCommand,
  LocalCheckStateCommand,
  LocalRemoveCommand,
  LocalServiceCommand,
} from './command.ts';
import type { Draft } from './draft.ts';

/** Reducer of `local-service`. */
export function putLocalService(draft: Draft, { definition, source }: LocalServiceCommand): true {
  draft.put('localServices', { ...UNSTAMPED, definition, source });
  return true;
}

/** Reducer of `local-check`. */
export function putLocalCheck(draft: Draft, { definition, source, state }: LocalCheckCommand): true {
  draft.put('localChecks', { ...UNSTAMPED, definition, source, ...state });
  return true;
}

/** Reducer of `local-check-state`. */
export function putLocalCheckState(draft: Draft, { id, state }: LocalCheckStateCommand): true {
  const row = draft.view.localChecks.get(id);
  if (row) draft.put('localChecks', { ...row, ...state });
  return true;
}

/** Reducer of `local-remove`. */
export function removeLocal(draft: Draft, { table, id }: LocalRemoveCommand): true {
  draft.remove(table, id);
  return true;
}
